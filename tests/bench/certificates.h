/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates of usual shapes by the hundred thousand: servers numbered from 0, each with its host name, every
 * certificate signed by one authority.  The same seed, number and kind give the same octets everywhere: keys come from
 * a pool that the seed makes, and so do the signatures' nonces, for which reason the authority's key protects nothing.
 * @source RFC 5280 section 4.1, RFC 5480, RFC 3279 section 2.2.3
 */
#ifndef BENCH_CERTIFICATES_H
#define BENCH_CERTIFICATES_H

#include "base/arena.h"

enum bench_kind {
    BENCH_GOOD,
    BENCH_VERSION_1,  /* no extensions; its Common Name is the host's */
    BENCH_OTHER_NAME, /* no subjectAltName, and another Common Name */
    BENCH_OTHER_SAN,  /* the subjectAltName leaves the host out */
    BENCH_EXPIRED,
};

struct bench_authority;

/* The caller's, to be freed; takes a second or two.  Ends the process where libcrypto refuses. */
struct bench_authority *bench_authority_new(unsigned seed);
void bench_authority_free(struct bench_authority *b);

/* The SubjectPublicKeyInfo that its signatures are checked with; lives as long as b. */
struct slice bench_authority_key(const struct bench_authority *b);

/* Of each hundred servers the first so many violate, and each kind of violation comes in its turn. */
enum bench_kind bench_kind_of(unsigned server, unsigned per_cent);
/* The server's host name. */
struct slice bench_host(struct arena *a, unsigned server);
/* The DER of its certificate. */
struct slice bench_certificate(struct bench_authority *b, struct arena *a, unsigned server, enum bench_kind kind);

#endif
