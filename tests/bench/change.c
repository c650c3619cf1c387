/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: bench_change URI BIND-DN PASSWORD-FILE COUNT EACH-SECOND FIRST STEP
 * Replaces the certificates of COUNT compliant servers (FIRST, FIRST + STEP, ...) by ones of version 1, so many each
 * second, while another connection watches ou=requests (RFC 4533, refreshAndPersist).  Prints how many requests came,
 * and in milliseconds from the modify's answer to the request's being told: the median, the 99th percentile, the
 * highest.  A modify that takes longer than its share delays the next, which is then sent at once.
 */
#include "bench/certificates.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <lber.h>
#include <ldap.h>

#define REQUESTS "ou=requests,ou=dircertd,dc=example,dc=com"

enum { CHANGES_MOST = 1000000, WAIT_S = 30 };

struct change {
    const char *uri, *dn;
    struct berval password;
    unsigned count, each_second, first, step;
    _Atomic int64_t *answered_ns; /* by change; 0: not yet */
    _Atomic int64_t *told_ns;
    _Atomic unsigned told;
    atomic_bool watches, ends;
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void must(int code, const char *what)
{
    if (code == LDAP_SUCCESS)
        return;
    fprintf(stderr, "bench_change: %s: %s\n", what, ldap_err2string(code));
    exit(1);
}

static LDAP *connect_as(const struct change *c)
{
    LDAP *ld = NULL;
    const int version = LDAP_VERSION3;
    must(ldap_initialize(&ld, c->uri), "connect");
    ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
    struct berval password = c->password;
    must(ldap_sasl_bind_s(ld, c->dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL), "bind");
    return ld;
}

/* The watch. */

/* syncRequestValue ::= SEQUENCE { mode refreshAndPersist (3) }; RFC 4533 section 2.2 */
static int send_watch(LDAP *ld)
{
    char value[] = {0x30, 0x03, 0x0a, 0x01, 0x03}, oid[] = LDAP_CONTROL_SYNC, attribute[] = "dircertSubjectDN";
    char *attributes[] = {attribute, NULL};
    LDAPControl sync = {oid, {sizeof value, value}, 1}, *controls[] = {&sync, NULL};
    int id = 0;
    must(ldap_search_ext(ld, REQUESTS, LDAP_SCOPE_ONELEVEL, "(objectClass=dircertRequest)", attributes, 0, controls,
                         NULL, NULL, 0, &id),
         "watch");
    return id;
}

static void note(struct change *c, LDAP *ld, LDAPMessage *entry, int64_t at)
{
    struct berval **values = ldap_get_values_len(ld, entry, "dircertSubjectDN");
    unsigned server;
    if (values && values[0] && sscanf(values[0]->bv_val, "cn=h%7u,", &server) == 1 && server >= c->first &&
        (server - c->first) % c->step == 0 && (server - c->first) / c->step < c->count) {
        unsigned i = (server - c->first) / c->step;
        if (c->watches && c->told_ns[i] == 0) {
            c->told_ns[i] = at;
            c->told++;
        }
    }
    ldap_value_free_len(values);
}

static void *watch(void *context)
{
    struct change *c = context;
    LDAP *ld = connect_as(c);
    const int id = send_watch(ld);
    while (!c->ends) {
        struct timeval wait = {0, 50000};
        LDAPMessage *m = NULL;
        int type = ldap_result(ld, id, LDAP_MSG_ONE, &wait, &m);
        int64_t at = now_ns();
        if (type == LDAP_RES_SEARCH_ENTRY)
            note(c, ld, m, at);
        else if (type == LDAP_RES_INTERMEDIATE)
            c->watches = true; /* the refresh ended */
        else if (type == LDAP_RES_SEARCH_RESULT || type < 0)
            must(LDAP_OTHER, "the watch ended");
        ldap_msgfree(m);
    }
    ldap_abandon_ext(ld, id, NULL, NULL);
    ldap_unbind_ext_s(ld, NULL, NULL);
    return NULL;
}

/* The changes. */

static void sleep_until(int64_t at_ns)
{
    const struct timespec t = {at_ns / 1000000000, at_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

static void publish(LDAP *ld, unsigned server, struct slice der)
{
    char dn[80], attribute[] = "userCertificate;binary";
    struct berval value = {der.n, (char *)(uintptr_t)der.p}, *values[] = {&value, NULL};
    LDAPMod mod = {.mod_op = LDAP_MOD_REPLACE | LDAP_MOD_BVALUES, .mod_type = attribute}, *mods[] = {&mod, NULL};
    mod.mod_bvalues = values;
    snprintf(dn, sizeof dn, "cn=h%07u,ou=servers,dc=example,dc=com", server);
    must(ldap_modify_ext_s(ld, dn, mods, NULL, NULL), "modify");
}

static void change_all(struct change *c)
{
    struct bench_authority *b = bench_authority_new(2);
    struct arena a = {0};
    struct slice *ders = ARENA_ARRAY(&a, c->count + 1, struct slice);
    for (unsigned i = 0; i < c->count; i++)
        ders[i] = bench_certificate(b, &a, c->first + i * c->step, BENCH_VERSION_1);
    LDAP *ld = connect_as(c);
    int64_t begun = now_ns();
    for (unsigned i = 0; i < c->count; i++) {
        sleep_until(begun + (int64_t)i * 1000000000 / c->each_second);
        publish(ld, c->first + i * c->step, ders[i]);
        c->answered_ns[i] = now_ns();
    }
    for (int64_t end = now_ns() + (int64_t)WAIT_S * 1000000000; c->told < c->count && now_ns() < end;)
        poll(NULL, 0, 10);
    ldap_unbind_ext_s(ld, NULL, NULL);
    arena_free(&a);
    bench_authority_free(b);
}

/* The figures. */

static int order(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What did not come counts as endless, so that it can't better the percentiles. */
static void print_figures(const struct change *c)
{
    double *ms = calloc(c->count + 1, sizeof *ms);
    for (unsigned i = 0; ms && i < c->count; i++)
        ms[i] = c->told_ns[i] == 0                  ? WAIT_S * 1000.0
                : c->told_ns[i] < c->answered_ns[i] ? 0
                                                    : (double)(c->told_ns[i] - c->answered_ns[i]) / 1e6;
    if (ms && c->count) {
        qsort(ms, c->count, sizeof *ms, order);
        printf("changes %u requests %u p50 %.3f p99 %.3f highest %.3f\n", c->count, c->told, ms[c->count / 2],
               ms[c->count * 99 / 100], ms[c->count - 1]);
    }
    free(ms);
}

static struct berval password_of(struct arena *a, const char *path)
{
    char text[256] = "";
    FILE *file = fopen(path, "re");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    struct slice copy = arena_copy(a, slice_make(text, n));
    return (struct berval){copy.n, (char *)(uintptr_t)copy.p};
}

int main(int argc, char **argv)
{
    if (argc != 8) {
        fprintf(stderr, "usage: bench_change URI BIND-DN PASSWORD-FILE COUNT EACH-SECOND FIRST STEP\n");
        return 1;
    }
    struct arena a = {0};
    struct change c = {.uri = argv[1], .dn = argv[2], .password = password_of(&a, argv[3])};
    c.count = (unsigned)strtoul(argv[4], NULL, 10);
    c.each_second = (unsigned)strtoul(argv[5], NULL, 10);
    c.first = (unsigned)strtoul(argv[6], NULL, 10);
    c.step = (unsigned)strtoul(argv[7], NULL, 10);
    if (c.count > CHANGES_MOST || c.each_second == 0 || c.step == 0)
        return 1;
    c.answered_ns = calloc(c.count + 1, sizeof *c.answered_ns);
    c.told_ns = calloc(c.count + 1, sizeof *c.told_ns);
    pthread_t watcher;
    if (!c.answered_ns || !c.told_ns || pthread_create(&watcher, NULL, watch, &c) != 0)
        return 1;
    while (!c.watches)
        poll(NULL, 0, 10);
    change_all(&c);
    c.ends = true;
    pthread_join(watcher, NULL);
    print_figures(&c);
    free(c.answered_ns);
    free(c.told_ns);
    arena_free(&a);
    return 0;
}
