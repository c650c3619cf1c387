/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the first reader share.  See reader.h. */
#ifndef X509_READER_PRIVATE_H
#define X509_READER_PRIVATE_H

#include "x509/parts.h"
#include "x509/reader.h"

struct reading {
    struct slice der;
    struct facts *f;
    struct parts *parts;          /* or NULL */
    struct slice inner_algorithm; /* the AlgorithmIdentifier in tbsCertificate, header included */
    bool version_left_out;
    bool times_hold;
    struct slice list;   /* of extensions */
    uint32_t extensions; /* that were read, READER_EXTENSIONS at most */
    uint64_t seen;       /* a bit for each last octet of an OID in them, so that pairs are rarely looked for */
};

/* The first thing that is wrong is what is told. */
static inline void note(struct reading *r, const uint8_t *where, const char *what)
{
    if (r->f->malformed)
        return;
    r->f->malformed = what;
    r->f->malformed_at = (uint32_t)(where - r->der.p);
}

static inline bool broken(struct reading *r, struct slice where, const char *what)
{
    note(r, where.p, what);
    return false;
}

static inline struct span span_of(const struct reading *r, struct slice s)
{
    return (struct span){(uint32_t)(s.p - r->der.p), (uint32_t)s.n};
}

/* There was nothing to remark yet, so not about what was read last either. */
static inline bool is_plain_so_far(const struct reading *r)
{
    return r->parts && !r->f->malformed && r->f->unusual == 0;
}

/* A span of the certificate as one of the part of it that is `whole`, and back. */
static inline struct span within(const struct reading *r, struct slice whole, struct span s)
{
    return (struct span){s.n ? s.at - span_of(r, whole).at : 0, s.n};
}

static inline struct span moved(const struct reading *r, const uint8_t *to, struct span s)
{
    return (struct span){s.n ? s.at + (uint32_t)(to - r->der.p) : 0, s.n};
}

/* Section 4.1.2.9: takes the extensions off *tbs, if there are any; false: the structure breaks. */
bool reader_extensions(struct reading *r, struct slice *tbs);

#endif
