/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool of authorities, anchors and the makers of their certificates, for tests of chains and CRLs.  Everything lives
 * until trustworld_close; what cannot be done fails the test.
 */
#ifndef TESTS_SUPPORT_TRUSTWORLD_H
#define TESTS_SUPPORT_TRUSTWORLD_H

#include "support/certmaker.h"
#include "x509/trust.h"

enum { ANCHORS_MOST = 4 };
static const int64_t now = 1767225600, day = 86400; /* 2026-01-01 */

struct trustworld {
    struct arena arena;
    struct certmaker *maker, *other; /* authorities of the same names, with other keys */
    struct trust_pool *pool;
    struct slice anchors[ANCHORS_MOST];
    size_t anchor_count;
    int64_t now_utc, crl_max_age_s;
};

/* For cmocka: *state is the new world. */
int trustworld_open(void **state);
int trustworld_close(void **state);

/* The self-signed certificate of an authority, which is an anchor from now on. */
struct slice trustworld_root(struct trustworld *w, const char *name, enum cert_key key);
/* What an authority `name` below `issuer` has; a test changes it before it makes it. */
struct cert_options trustworld_below(struct trustworld *w, const char *name, const char *issuer);
/* Makes it, into the pool. */
void trustworld_add(struct trustworld *w, const struct cert_options *o);
void trustworld_add_below(struct trustworld *w, const char *name, const char *issuer);
/* Of h1.example.com, serial number 1234 in hexadecimal, valid a day before and after now. */
struct cert_options trustworld_leaf_options(const char *issuer);
struct slice trustworld_leaf(struct trustworld *w, const char *issuer);
/* A copy with a wrong signature that still decodes. */
struct slice trustworld_bent(struct trustworld *w, struct slice der);
/* Fails the test where OpenSSL's queue of errors is not empty afterwards. */
struct trust trustworld_judge(struct trustworld *w, struct slice der, bool asks_chain, bool asks_crl);

#endif
