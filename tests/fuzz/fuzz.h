/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz targets share.  Each target is one file with LLVMFuzzerTestOneInput; it is built twice: with libFuzzer
 * (tests/fuzz/run), and with replay.c as an ordinary test over what was once found and over the seeds.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "base/arena.h"
#include "core/entry.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise of the program that does not hold for this input. */
#define PROMISE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: promise broken: %s\n", __FILE__, __LINE__, #condition);                            \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* Octets that may stand in a line for people: printable UTF-8 (base/escape.h). */
bool fuzz_is_printable(struct slice s);
/* The next part of *rest before `separator`; the whole rest where there is none. */
struct slice fuzz_part(struct slice *rest, uint8_t separator);
/* Lines "attribute[;options]: value", whatever octets the values are; the entry lives in the arena. */
struct entry fuzz_entry(struct arena *a, struct slice text);

#endif
