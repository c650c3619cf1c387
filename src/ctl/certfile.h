/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates in a file: DER, or PEM with whatever text stands around its blocks.
 * @source RFC 7468 section 2, 3 and 5
 */
#ifndef CTL_CERTFILE_H
#define CTL_CERTFILE_H

#include "base/arena.h"

struct certfile_item {
    struct slice der;   /* points into the file's octets, or the arena */
    const char *broken; /* NULL, or why a PEM block gave no octets: "what: RFC n section m: what is wrong", static */
};

typedef LIST_OF(struct certfile_item) certfile_list;

/*
 * There is always at least one item: what is neither PEM nor looks like DER is taken whole, for the reader to judge,
 * and where no block of a PEM file is a certificate, one item says so.  Several DER certificates may follow each
 * other; octets of another kind belong to the one before them.  Blocks of other kinds (keys, CRLs) are passed over.
 */
certfile_list certfile_read(struct arena *a, struct slice octets);

#endif
