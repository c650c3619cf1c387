/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker of the cage: OpenSSL's contexts, then the filter, then one answer to each question until the socket ends.
 * Whatever is not as it should be ends it.
 */
#include "x509/cage_private.h"
#include "x509/reader.h"
#include "x509/second_local.h"
#include "x509/trust_local.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    MIB = 1024 * 1024,
    SETS_MOST = 4096, /* of anchors, open at once */
    CPU_S = 180,      /* of one worker; the place takes a new one long before */
    BUFFER_KEPT = 64 * 1024,
    ENDED = 0,
    NONSENSE = 3, /* what the program asked is none of the questions */
    NO_MEMORY = 2,
    TEST_UTC = 2000000000,
};

/* Of its octets: the certificates and CRLs of a whole directory are copied, and the lists are sorted. */
static const size_t address_octets[CAGE_KINDS] = {[CAGE_SECOND] = 512UL * MIB, [CAGE_TRUST] = 1536UL * MIB};

struct worker {
    const struct cage_settings *settings;
    struct second_local *second;
    struct trust_local *pool;
    struct trust_local_anchors **sets; /* by number - 1; NULL: not open */
    size_t set_count;
    uint8_t *buffer; /* a question with its octets */
    size_t room;
};

/* In and out. */

static void write_all(const void *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(CAGE_FD, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            _exit(ENDED);
        p = (const uint8_t *)p + done;
        n -= (size_t)done;
    }
}

/* Cut between two characters. */
static struct slice fit(struct slice text)
{
    size_t n = text.n < CAGE_TEXT_MOST ? text.n : CAGE_TEXT_MOST;
    while (n < text.n && n > 0 && (text.p[n] & 0xc0) == 0x80)
        n--;
    return slice_upto(text, n);
}

static void answer(uint32_t one, uint32_t two, struct slice first, struct slice second)
{
    uint8_t out[sizeof(struct cage_head) + (size_t)2 * CAGE_TEXT_MOST];
    first = fit(first);
    second = fit(second);
    const struct cage_head head = {.answer = {one, two}, .octets = {(uint32_t)first.n, (uint32_t)second.n}};
    memcpy(out, &head, sizeof head);
    if (first.n)
        memcpy(out + sizeof head, first.p, first.n);
    if (second.n)
        memcpy(out + sizeof head + first.n, second.p, second.n);
    write_all(out, sizeof head + first.n + second.n);
}

static void answer_one(uint32_t one, const char *text)
{
    answer(one, 0, slice_of(text), slice_of(NULL));
}

static void make_room(struct worker *w, size_t n)
{
    if (n <= w->room)
        return;
    w->buffer = realloc(w->buffer, n);
    if (!w->buffer)
        _exit(NO_MEMORY);
    w->room = n;
}

/* Reads on until there are n octets; false: nobody asks any more. */
static bool fill(struct worker *w, size_t *have, size_t n)
{
    make_room(w, n < BUFFER_KEPT ? BUFFER_KEPT : n);
    while (*have < n) {
        ssize_t got = read(CAGE_FD, w->buffer + *have, w->room - *have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        *have += (size_t)got;
    }
    return true;
}

/* Answering. */

static void at_point(const struct worker *w, enum cage_point point, struct slice der)
{
    if (w->settings->hook)
        w->settings->hook(point, der);
}

static void read_second(struct worker *w, struct slice der)
{
    char why[1024];
    struct facts f;
    facts_read(der, &f);
    enum second result = second_local_read(w->second, der, &f, why, sizeof why);
    answer_one(result, why);
}

static void add(struct worker *w, bool is_crl, struct slice der)
{
    const char *why = is_crl ? trust_local_add_crl(w->pool, der) : trust_local_add_certificate(w->pool, der);
    uint32_t refused = trust_local_is_incomplete(w->pool) ? CAGE_REFUSED_INCOMPLETE : CAGE_REFUSED;
    answer_one(why ? refused : CAGE_DONE, why);
}

/* The anchors of that number; NULL: none are asked for. */
static struct trust_local_anchors *set_of(const struct worker *w, const struct cage_question *q)
{
    if (q->set == 0)
        return NULL;
    if (q->set > w->set_count || !w->sets[q->set - 1])
        _exit(NONSENSE);
    return w->sets[q->set - 1];
}

static void open_anchors(struct worker *w, const struct cage_question *q)
{
    struct fault fault = {{0}};
    if (q->set == 0 || q->set > SETS_MOST || (q->set <= w->set_count && w->sets[q->set - 1]))
        _exit(NONSENSE);
    if (q->set > w->set_count) {
        w->sets = realloc(w->sets, q->set * sizeof(struct trust_local_anchors *));
        if (!w->sets)
            _exit(NO_MEMORY);
        while (w->set_count < q->set)
            w->sets[w->set_count++] = NULL;
    }
    if (trust_local_anchors_open(w->pool, NULL, 0, &w->sets[q->set - 1], &fault) != RC_OK)
        _exit(NO_MEMORY);
    answer_one(CAGE_DONE, NULL);
}

static void close_anchors(struct worker *w, const struct cage_question *q)
{
    trust_local_anchors_close(set_of(w, q));
    if (q->set)
        w->sets[q->set - 1] = NULL;
    answer_one(CAGE_DONE, NULL);
}

static void add_anchor(struct worker *w, const struct cage_question *q, struct slice der)
{
    struct trust_local_anchors *t = set_of(w, q);
    if (!t)
        _exit(NONSENSE);
    trust_local_anchors_add(t, der);
    answer_one(CAGE_DONE, NULL);
}

static void judge(struct worker *w, const struct cage_question *q, struct slice der)
{
    struct arena a = {0};
    struct facts f;
    struct trust out;
    facts_read(der, &f);
    const struct trust_local_question question = {.der = der,
                                                  .facts = &f,
                                                  .anchors = set_of(w, q),
                                                  .asks_crl = q->asks_crl,
                                                  .crl_max_age_s = q->crl_max_age_s,
                                                  .now_utc = q->now_utc};
    trust_local_judge(w->pool, &a, &question, &out);
    answer(out.chain, out.revocation, out.chain_why, out.revocation_why);
    arena_free(&a);
}

static void answer_question(struct worker *w, const struct cage_question *q, struct slice der)
{
    if ((q->verb == CAGE_READ) != (w->second != NULL))
        _exit(NONSENSE);
    at_point(w, CAGE_AT_QUESTION, der);
    switch ((enum cage_verb)q->verb) {
    case CAGE_READ:
        read_second(w, der);
        return;
    case CAGE_ADD_CERTIFICATE:
    case CAGE_ADD_CRL:
        add(w, q->verb == CAGE_ADD_CRL, der);
        return;
    case CAGE_SET_INCOMPLETE:
        trust_local_set_incomplete(w->pool);
        answer_one(CAGE_DONE, NULL);
        return;
    case CAGE_OPEN_ANCHORS:
        open_anchors(w, q);
        return;
    case CAGE_ADD_ANCHOR:
        add_anchor(w, q, der);
        return;
    case CAGE_CLOSE_ANCHORS:
        close_anchors(w, q);
        return;
    case CAGE_JUDGE:
        judge(w, q, der);
        return;
    }
    _exit(NONSENSE);
}

static void serve(struct worker *w)
{
    struct cage_question q;
    size_t have = 0;
    while (fill(w, &have, sizeof q)) {
        memcpy(&q, w->buffer, sizeof q);
        const size_t whole = sizeof q + q.octets;
        if (q.octets > CAGE_OCTETS_MOST || !fill(w, &have, whole))
            _exit(NONSENSE);
        answer_question(w, &q, slice_make(w->buffer + sizeof q, q.octets));
        have -= whole; /* of the questions after it */
        memmove(w->buffer, w->buffer + whole, have);
        if (have == 0 && w->room > BUFFER_KEPT) {
            free(w->buffer);
            w->buffer = NULL;
            w->room = 0;
        }
    }
}

/* Beginning. */

/* An authority that signed itself (Ed25519), made for this: whether the filter lets OpenSSL work is seen on it. */
static const uint8_t sample[] = {
    0x30, 0x82, 0x01, 0x10, 0x30, 0x81, 0xc3, 0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03,
    0x2b, 0x65, 0x70, 0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 0x73, 0x30, 0x20,
    0x17, 0x0d, 0x32, 0x36, 0x31, 0x31, 0x32, 0x33, 0x31, 0x36, 0x31, 0x31, 0x35, 0x32, 0x5a, 0x18, 0x0f, 0x32, 0x31,
    0x32, 0x36, 0x31, 0x30, 0x33, 0x30, 0x31, 0x36, 0x31, 0x31, 0x35, 0x32, 0x5a, 0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08,
    0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 0x73, 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
    0x00, 0x96, 0x4e, 0x1a, 0x07, 0xe3, 0x13, 0x52, 0xc9, 0x3f, 0xd6, 0x43, 0x61, 0x6e, 0xf3, 0x28, 0x04, 0x4d, 0xad,
    0x6c, 0x94, 0x1c, 0x6b, 0x59, 0xdd, 0x36, 0x3b, 0xef, 0x94, 0xa5, 0x9f, 0x98, 0x19, 0xa3, 0x48, 0x30, 0x46, 0x30,
    0x0f, 0x06, 0x03, 0x55, 0x1d, 0x13, 0x01, 0x01, 0xff, 0x04, 0x05, 0x30, 0x03, 0x01, 0x01, 0xff, 0x30, 0x14, 0x06,
    0x03, 0x55, 0x1d, 0x11, 0x04, 0x0d, 0x30, 0x0b, 0x82, 0x09, 0x73, 0x2e, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65,
    0x30, 0x1d, 0x06, 0x03, 0x55, 0x1d, 0x0e, 0x04, 0x16, 0x04, 0x14, 0xac, 0x97, 0xec, 0x6d, 0x3d, 0xae, 0x82, 0xef,
    0x93, 0xab, 0xe4, 0xd0, 0x34, 0x5b, 0x23, 0x8d, 0x16, 0xa4, 0xf9, 0x9a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
    0x03, 0x41, 0x00, 0x4a, 0x6a, 0x68, 0x7f, 0x77, 0xe5, 0xa9, 0x11, 0xc9, 0xed, 0x75, 0x6b, 0x1c, 0x35, 0xca, 0x0e,
    0x54, 0x2c, 0xd2, 0x5e, 0x20, 0x10, 0x88, 0x9a, 0xbe, 0xed, 0xab, 0x4b, 0x43, 0x6b, 0xbb, 0x53, 0xfc, 0xaa, 0x74,
    0x2b, 0x52, 0x26, 0x6a, 0x95, 0x52, 0x32, 0xf3, 0x6c, 0xee, 0xe7, 0x97, 0x84, 0x1b, 0x7f, 0x4c, 0xd0, 0x4d, 0x25,
    0xfd, 0x9a, 0x3e, 0xd1, 0x33, 0x5c, 0x2a, 0x98, 0xc2, 0x00,
};

static const char *test_second(struct worker *w)
{
    const struct slice der = slice_make(sample, sizeof sample);
    char why[256];
    struct facts f;
    facts_read(der, &f);
    return second_local_read(w->second, der, &f, why, sizeof why) == SECOND_AGREES
               ? NULL
               : "the second reader does not agree about its own sample";
}

/* In a pool of its own, so that the sample is not in the other. */
static const char *test_trust(void)
{
    const struct slice der = slice_make(sample, sizeof sample);
    struct trust_local *pool = NULL;
    struct trust_local_anchors *anchors = NULL;
    struct fault fault = {{0}};
    struct arena a = {0};
    struct facts f;
    struct trust out = {0};
    facts_read(der, &f);
    if (trust_local_open(&pool, &fault) == RC_OK && trust_local_anchors_open(pool, &der, 1, &anchors, &fault) == RC_OK)
        trust_local_judge(
            pool, &a, &(struct trust_local_question){.der = der, .facts = &f, .anchors = anchors, .now_utc = TEST_UTC},
            &out);
    trust_local_anchors_close(anchors);
    trust_local_close(pool);
    arena_free(&a);
    return out.chain == CHAIN_VERIFIED ? NULL : "OpenSSL does not verify its own sample";
}

/* OpenSSL compares times with mktime(3), which would look up the machine's time zone in a file again and again. */
static void use_utc(void)
{
    setenv("TZ", "UTC0", 1);
    tzset();
}

static bool open_readers(struct worker *w, enum cage_kind kind, struct fault *fault)
{
    if (kind == CAGE_SECOND)
        return second_local_open(&w->second, fault) == RC_OK;
    return trust_local_open(&w->pool, fault) == RC_OK;
}

static const char *test_readers(struct worker *w, enum cage_kind kind)
{
    return kind == CAGE_SECOND ? test_second(w) : test_trust();
}

_Noreturn void worker_run(enum cage_kind kind, const struct cage_settings *settings)
{
    struct worker w = {.settings = settings};
    struct fault fault = {{0}};
    const struct slice nothing = {0};
    use_utc();
    bool ready = open_readers(&w, kind, &fault) && jail_limit(address_octets[kind], CPU_S, &fault);
    at_point(&w, CAGE_BEFORE_FILTER, nothing);
    ready = ready && jail_filter(&fault);
    if (!ready) {
        answer_one(CAGE_REFUSED, fault.text);
        _exit(ENDED);
    }
    at_point(&w, CAGE_AFTER_FILTER, nothing);
    const char *wrong = test_readers(&w, kind);
    answer_one(wrong ? CAGE_REFUSED : CAGE_READY, wrong);
    if (!wrong)
        serve(&w);
    _exit(ENDED);
}
