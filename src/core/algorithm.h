/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The algorithms that policies name and certificates use: names, classes, and object identifiers as text.
 * @source RFC 5480, RFC 8017, RFC 8410, RFC 9881, RFC 9909, RFC 9935; X.690 section 8.19
 */
#ifndef CORE_ALGORITHM_H
#define CORE_ALGORITHM_H

#include "base/arena.h"

enum algorithm_kind { ALGORITHM_KEY, ALGORITHM_SIGNATURE, ALGORITHM_CURVE, ALGORITHM_PURPOSE };

/* What a quantum computer leaves of it. */
enum algorithm_class { CLASS_UNKNOWN, CLASS_CLASSICAL, CLASS_HYBRID, CLASS_POST_QUANTUM };
const char *algorithm_class_name(enum algorithm_class c); /* "unknown", "classical", "hybrid" or "post-quantum" */

struct algorithm {
    enum algorithm_kind kind;
    struct slice oid;            /* content octets */
    const char *name;            /* as the standard writes it, like "sha256WithRSAEncryption", "P-256", "serverAuth" */
    const char *also;            /* further names between blanks, like "secp256r1 prime256v1"; NULL: none */
    enum algorithm_class class_; /* of keys and signatures */
    unsigned bits;               /* of curves: of the field; 0 elsewhere */
};

/* The rows of the table, for who walks it; NULL behind the last. */
const struct algorithm *algorithm_at(size_t index);
/* By the content octets of its OID; NULL: not one that we know. */
const struct algorithm *algorithm_by_oid(enum algorithm_kind kind, struct slice oid);
/*
 * Compiles a name of that kind (case ignored) or an OID in dotted decimal to content octets; false: neither.
 * The octets live in the arena or for ever.  A dotted OID need not be one that we know, nor of that kind.
 */
bool algorithm_compile(struct arena *a, enum algorithm_kind kind, struct slice text, struct slice *oid);
/* Its name, or the OID in dotted decimal; for people. */
struct slice algorithm_text(struct arena *a, enum algorithm_kind kind, struct slice oid);
/*
 * An OID in dotted decimal, each arc exactly, however long.  Octets that are none, or more than 128, in hexadecimal
 * behind "#"; of more than 128 only the first, and "...".
 */
struct slice oid_text(struct arena *a, struct slice oid);

#endif
