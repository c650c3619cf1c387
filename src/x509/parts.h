/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of certificates that were read before.  What one authority issues is alike but for the names, the key and the
 * signature: a part with the same octets, from the first to the last, says the same, and is not taken apart again.
 * Only parts about which there is nothing to remark are kept: neither malformed nor unusual.  Where a certificate may
 * have such a part, and how often, is no matter of the part, and is looked at each time.
 */
#ifndef X509_PARTS_H
#define X509_PARTS_H

#include "base/octets.h"
#include "x509/extension.h"

enum part_kind {
    PART_NONE = 0,
    PART_SIGNATURE, /* the AlgorithmIdentifier of the signature */
    PART_ISSUER,    /* the whole Name */
    PART_RDN,       /* one RDN of a name, which holds no Common Name */
    PART_KEY,       /* the AlgorithmIdentifier of the key */
};

enum { PART_LEAST = 8, PART_MOST = 128, PARTS_SETS = 16, PARTS_IN_SET = 4 };
enum { RUNS = 8, RUN_MOST = 384, RUN_EXTENSIONS = 12 };

/* Spans are within the part. */
struct part {
    uint8_t kind, n;
    struct span oid, parameters; /* of an AlgorithmIdentifier: content octets, and the whole element */
    uint8_t octets[PART_MOST];
};

/* An Extension of a type that we know, and what it says. */
struct read_extension {
    const struct extension_type *type;
    uint32_t at;            /* where it begins */
    struct span oid, value; /* content octets; what the OCTET STRING holds */
    bool critical, decodes;
    struct extension_value says;
};

/* Extensions that stand one after the other; spans are within the run. */
struct run {
    size_t n; /* octets */
    uint64_t last;
    uint64_t seen; /* a bit for each last octet of an OID, as struct reading has it */
    size_t count;
    struct read_extension extensions[RUN_EXTENSIONS];
    uint8_t octets[RUN_MOST];
};

struct parts_set {
    uint64_t keys[PARTS_IN_SET]; /* see parts_key; 0: no part */
    struct part parts[PARTS_IN_SET];
    unsigned next; /* the one that gives way next */
};

/* Initially zero; owns nothing. */
struct parts {
    struct parts_set sets[PARTS_SETS];
    struct run runs[RUNS];
    unsigned likely; /* the run behind the one that was found last: what is alike mostly comes in the same order */
    unsigned oldest; /* the one that gives way next */
    unsigned count;  /* of runs: from the first one on */
};

/* Tells most parts apart; those that only differ in between have one key. */
static inline uint64_t parts_key(enum part_kind kind, struct slice whole)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t first = octets_at(whole.p), last = octets_at(whole.p + whole.n - PART_LEAST);
    return ((first * odd ^ last) + (whole.n << 4 | kind)) * odd | 1;
}
#define PARTS_SET_OF(key) ((key) >> 60)

/* What was read of these octets; NULL: nothing, or `parts` is NULL. */
static inline const struct part *parts_find(const struct parts *parts, enum part_kind kind, struct slice whole)
{
    if (!parts || whole.n < PART_LEAST || whole.n > PART_MOST)
        return NULL;
    uint64_t key = parts_key(kind, whole);
    const struct parts_set *set = &parts->sets[PARTS_SET_OF(key)];
    for (size_t i = 0; i < PARTS_IN_SET; i++) {
        const struct part *p = &set->parts[i];
        if (set->keys[i] == key && p->n == whole.n && p->kind == kind && memcmp(p->octets, whole.p, whole.n) == 0)
            return p;
    }
    return NULL;
}

/* The run that `list` begins with, until another one is kept; NULL: none, or `parts` is NULL. */
static inline const struct run *parts_find_run(struct parts *parts, struct slice list)
{
    unsigned at = parts ? parts->likely : 0;
    for (unsigned i = 0; parts && i < parts->count; i++, at++) {
        at = at < parts->count ? at : 0;
        const struct run *run = &parts->runs[at];
        if (run->n > list.n || octets_at(list.p + run->n - PART_LEAST) != run->last)
            continue;
        if (memcmp(list.p, run->octets, run->n) == 0) {
            parts->likely = at + 1;
            return run;
        }
    }
    return NULL;
}

/*
 * Keeps a part in the place of another one: kind and octets are filled in, the rest is `says`.  Does nothing where
 * `parts` is NULL or the part is too short or too long.
 */
void parts_keep(struct parts *parts, enum part_kind kind, struct slice whole, const struct part *says);

/* The same with a run, of which the extensions are filled in. */
void parts_keep_run(struct parts *parts, struct slice whole, const struct run *says);

#endif
