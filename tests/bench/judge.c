/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: bench_judge FILE COUNT
 * Reads and judges COUNT certificates of `bench_generate --der`, all of FILE whatever COUNT is being loaded first: what
 * twice as many cost more is the cost of reading and judging, and of nothing else.
 */
#include "bench/certificates.h"

#include "base/der.h"
#include "core/subject.h"
#include "x509/parts.h"
#include "x509/reader.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 8 << 20, NOW = 1798761600 /* 2027-01-01 */ };

struct server {
    struct slice der, host;
};

static struct slice load(struct arena *a, const char *path)
{
    uint8_t *p = arena_alloc(a, ROOM);
    FILE *file = fopen(path, "re");
    size_t n = file ? fread(p, 1, ROOM, file) : 0;
    if (file)
        fclose(file);
    return slice_make(p, n);
}

/* What the benchmark's policy asks for. */
static struct policy policy_of(void)
{
    static const uint8_t p256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static const uint8_t server_auth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
    static struct slice curve = {p256, sizeof p256}, eku = {server_auth, sizeof server_auth};
    return (struct policy){.allowed_versions = 1u << 3,
                           .name_match = MATCH_CN_OR_SAN,
                           .wildcard = true,
                           .min_rsa_bits = 2048,
                           .allowed_curves = {&curve, 1},
                           .required_ekus = {&eku, 1},
                           .ca_rule = CA_REFUSED};
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: bench_judge FILE COUNT\n");
        return 1;
    }
    struct arena a = {0}, all = {0};
    struct slice rest = load(&all, argv[1]);
    struct der_element e;
    struct policy policy = policy_of();
    policy.checks = check_those_on(&policy);
    size_t count = strtoul(argv[2], NULL, 10), findings = 0;
    LIST_OF(struct server) list = {0};
    struct parts *parts = ARENA_NEW(&all, struct parts); /* as a pass has them */
    while (der_next(&rest, &e)) {
        struct slice host = bench_host(&all, (unsigned)list.count);
        *LIST_ADD(&all, &list) = (struct server){e.whole, host};
    }
    for (size_t i = 0; i < count && i < list.count; i++) {
        struct arena_mark mark = arena_mark(&a);
        struct host host = host_compile(&a, list.items[i].host);
        struct subject subject = {.policy = &policy, .hosts = &host, .host_count = 1};
        struct certificate c = {.der = list.items[i].der};
        facts_read_next(parts, c.der, &c.facts);
        subject_judge_certificate(&a, &subject, &c, NOW);
        findings += c.finding_count;
        arena_reset(&a, mark);
    }
    printf("%zu certificates, %zu findings\n", count < list.count ? count : list.count, findings);
    arena_free(&a);
    arena_free(&all);
    return 0;
}
