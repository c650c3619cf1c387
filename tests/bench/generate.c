/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: bench_generate ENTRIES PER-CENT [SEED]
 *        bench_generate --der ENTRIES PER-CENT [SEED]
 * Writes servers with certificates as LDIF for slapadd(8), PER-CENT of which violate the benchmark's policy; with --der
 * the certificates alone, one behind the other.
 */
#include "bench/certificates.h"

#include <stdio.h>
#include <stdlib.h>

static void put_base64(struct slice s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[4096];
    size_t n = 0;
    for (size_t i = 0; i < s.n && n + 4 <= sizeof text; i += 3) {
        uint32_t three = (uint32_t)s.p[i] << 16 | (uint32_t)(i + 1 < s.n ? s.p[i + 1] : 0) << 8 |
                         (uint32_t)(i + 2 < s.n ? s.p[i + 2] : 0);
        text[n++] = digits[three >> 18];
        text[n++] = digits[three >> 12 & 63];
        text[n++] = i + 1 < s.n ? digits[three >> 6 & 63] : '=';
        text[n++] = i + 2 < s.n ? digits[three & 63] : '=';
    }
    fwrite(text, 1, n, stdout);
}

static void put_entry(struct arena *a, unsigned i, struct slice der)
{
    printf("dn: cn=h%07u,ou=servers,dc=example,dc=com\n"
           "objectClass: device\nobjectClass: dircertHost\ncn: h%07u\n"
           "description: a server of the benchmark, rack %u, bought by department %u\n"
           "l: Building %u, floor %u\nserialNumber: %08u\ndNSHostName: %.*s\nuserCertificate;binary:: ",
           i, i, i % 40, i % 17, i % 9, i % 5, i * 7u, SLICE_ARGS(bench_host(a, i)));
    put_base64(der);
    fputs("\n\n", stdout);
}

int main(int argc, char **argv)
{
    bool der = argc > 1 && strcmp(argv[1], "--der") == 0;
    char **words = argv + 1 + der;
    int count = argc - 1 - der;
    if (count < 2 || count > 3) {
        fprintf(stderr, "usage: bench_generate [--der] ENTRIES PER-CENT [SEED]\n");
        return 1;
    }
    unsigned entries = (unsigned)strtoul(words[0], NULL, 10), per_cent = (unsigned)strtoul(words[1], NULL, 10);
    struct bench_authority *b = bench_authority_new(count > 2 ? (unsigned)strtoul(words[2], NULL, 10) : 1);
    struct arena a = {0};
    for (unsigned i = 0; i < entries; i++) {
        struct arena_mark mark = arena_mark(&a);
        struct slice certificate = bench_certificate(b, &a, i, bench_kind_of(i, per_cent));
        if (der)
            fwrite(certificate.p, 1, certificate.n, stdout);
        else
            put_entry(&a, i, certificate);
        arena_reset(&a, mark);
    }
    arena_free(&a);
    bench_authority_free(b);
    return fflush(stdout) != 0 || ferror(stdout);
}
