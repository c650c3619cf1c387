/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries that are taken without libldap are those that libldap would have read: however the octets come, whatever
 * else comes between them.  The server is the test's own end of a pair of sockets; each time that the search asks its
 * watch, and so before each read, the next piece is put there.
 */
#include "dir/ldap_private.h"
#include "support/leaks.h"

#include <openldap.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    BER_ENUMERATED = 0x0a,
    OP_DONE = 0x65,
    OP_REFERENCE = 0x73,
    OP_INTERMEDIATE = 0x79,
    CONTROLS = 0xa0,
    PIECES = 64
};

#define NO_ID 77 /* that nobody asked for */

/* What the server sends: the octets up to each cut at once. */
struct script {
    struct slice octets;
    size_t cuts[PIECES], count;
    bool stays; /* in silence afterwards; else it ends the connection */
};

struct world {
    struct ldap_dir *d;
    int server; /* -1: ended */
    const struct script *script;
    size_t sent, piece, calls;
};

struct outcome {
    enum rc rc;
    struct fault fault;
    char *text; /* of all entries */
    size_t size, entries, in_place;
    FILE *to;
};

/* The request is written after the first call, and answered from the second on. */
static bool serve(void *context)
{
    struct world *w = context;
    const struct script *s = w->script;
    if (w->calls++ == 0 || w->server < 0)
        return true;
    size_t end = w->piece < s->count ? s->cuts[w->piece] : s->octets.n;
    if (w->sent == s->octets.n && !s->stays) {
        close(w->server);
        w->server = -1;
    } else if (w->sent < end) {
        ssize_t n = send(w->server, s->octets.p + w->sent, end - w->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        w->sent += n > 0 ? (size_t)n : 0;
    }
    w->piece += w->sent == end;
    return true;
}

static struct world open_world(void)
{
    int pair[2];
    struct world w = {.d = calloc(1, sizeof *w.d)};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &(int){1 << 20}, sizeof(int)), 0);
    assert_int_equal(ldap_init_fd(pair[0], LDAP_PROTO_IPC, "ldapi://", &w.d->ld), LDAP_SUCCESS);
    w.d->wire = w.d->ahead = ldap_ahead_add(w.d->ld, LDAP_AHEAD_WIRE);
    assert_non_null(w.d->ahead);
    snprintf(w.d->uri, sizeof w.d->uri, "ldapi://test");
    w.d->fd = pair[0];
    w.d->timeout_s = 1;
    w.server = pair[1];
    return w;
}

static void close_world(struct world *w)
{
    ldap_unbind_ext(w->d->ld, NULL, NULL);
    arena_free(&w->d->work);
    free(w->d);
    if (w->server >= 0)
        close(w->server);
}

static void write_slice(FILE *to, char before, struct slice s)
{
    fprintf(to, "%c%zu:", before, s.n);
    if (s.n)
        fwrite(s.p, 1, s.n, to);
}

static void take(void *context, const struct entry *e)
{
    struct outcome *o = context;
    o->entries++;
    write_slice(o->to, '\n', e->dn);
    for (size_t i = 0; i < e->count; i++) {
        write_slice(o->to, '|', e->attributes[i].name);
        write_slice(o->to, ';', e->attributes[i].options);
        for (size_t j = 0; j < e->attributes[i].count; j++)
            write_slice(o->to, '=', e->attributes[i].values[j]);
    }
}

static struct outcome search_in(struct world *w, const struct script *script, size_t most)
{
    struct outcome o = {0};
    const struct dir_sink sink = {.entry = take, .context = &o};
    const struct dir_search search = {
        .base = SLICE_LITERAL("dc=x"), .scope = DIR_SUBTREE, .filter = SLICE_LITERAL("(cn=*)"), .most = most};
    unsigned before = ldap_ahead_entries(w->d->ahead);
    w->script = script;
    w->sent = w->piece = w->calls = 0;
    o.to = open_memstream(&o.text, &o.size);
    dir_set_watch(&w->d->dir, serve, w);
    o.rc = ldap_search_run(&w->d->dir, &search, &sink, &o.fault);
    o.in_place = ldap_ahead_entries(w->d->ahead) - before;
    fclose(o.to);
    return o;
}

static struct outcome search(const struct script *script, bool by_libldap)
{
    struct world w = open_world();
    w.d->by_libldap = by_libldap;
    struct outcome o = search_in(&w, script, 0);
    close_world(&w);
    return o;
}

static void assert_same(const char *name, size_t number, const struct outcome *here, const struct outcome *there)
{
    if (here->rc != there->rc || here->size != there->size || memcmp(here->text, there->text, here->size) != 0 ||
        strcmp(here->fault.text, there->fault.text) != 0)
        fail_msg("%s %zu: rc %d, %zu entries, %s; by libldap: rc %d, %zu entries, %s", name, number, here->rc,
                 here->entries, here->fault.text, there->rc, there->entries, there->fault.text);
    assert_int_equal(there->in_place, 0);
}

/* Octets to be sent. */

static uint32_t draw_state;

static uint32_t draw(uint32_t below)
{
    draw_state = draw_state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)draw_state * below >> 32);
}

static struct slice join(struct arena *a, struct slice x, struct slice y)
{
    uint8_t *p = arena_alloc(a, x.n + y.n);
    if (x.n)
        memcpy(p, x.p, x.n);
    if (y.n)
        memcpy(p + x.n, y.p, y.n);
    return slice_make(p, x.n + y.n);
}

/* The length in as few octets as possible, or in `octets` of them. */
static struct slice element_in(struct arena *a, uint8_t tag, struct slice content, unsigned octets)
{
    uint8_t header[6] = {tag};
    size_t n = 1;
    if (octets == 0 && content.n >= 0x80)
        octets = content.n > 0xffff ? 3 : content.n > 0xff ? 2 : 1;
    if (octets)
        header[n++] = (uint8_t)(0x80 | octets);
    for (unsigned i = octets ? octets : 1; i-- > 0;)
        header[n++] = (uint8_t)(content.n >> 8 * i);
    return join(a, slice_make(header, n), content);
}

static struct slice element(struct arena *a, uint8_t tag, struct slice content)
{
    return element_in(a, tag, content, 0);
}

static struct slice string(struct arena *a, const char *text)
{
    return element(a, BER_OCTET_STRING, slice_of(text));
}

static struct slice message(struct arena *a, int id, struct slice operation)
{
    const uint8_t number[] = {(uint8_t)id};
    return element(a, BER_SEQUENCE, join(a, element(a, BER_INTEGER, slice_make(number, 1)), operation));
}

static struct slice attribute(struct arena *a, const char *name, struct slice values)
{
    return element(a, BER_SEQUENCE, join(a, string(a, name), element(a, BER_SET, values)));
}

static struct slice entry_of(struct arena *a, const char *dn, struct slice attributes)
{
    return element(a, BER_SEARCH_ENTRY, join(a, string(a, dn), element(a, BER_SEQUENCE, attributes)));
}

static struct slice plain_entry(struct arena *a, int id, const char *dn)
{
    struct slice values = join(a, string(a, "first"), string(a, "second"));
    return message(
        a, id,
        entry_of(a, dn,
                 join(a, attribute(a, "cn", values), attribute(a, "userCertificate;binary", string(a, "\x30\x03x")))));
}

/* Whose message has `length` octets, of which more than 64 KiB. */
static struct slice entry_of_length(struct arena *a, int id, size_t length)
{
    size_t value = length - 64;
    for (;;) {
        struct slice octets = slice_make(arena_alloc(a, value), value);
        struct slice whole =
            message(a, id, entry_of(a, "cn=large", attribute(a, "cn", element(a, BER_OCTET_STRING, octets))));
        if (whole.n == length)
            return whole;
        value += length - whole.n;
    }
}

static struct slice done(struct arena *a, int id)
{
    static const uint8_t result[] = {BER_ENUMERATED, 1, 0, BER_OCTET_STRING, 0, BER_OCTET_STRING, 0};
    return message(a, id, element(a, OP_DONE, slice_make(result, sizeof result)));
}

static struct slice with_control(struct arena *a, int id, const char *dn)
{
    struct slice controls = element(a, CONTROLS, element(a, BER_SEQUENCE, string(a, "1.2.3.4")));
    return message(a, id, join(a, entry_of(a, dn, (struct slice){0}), controls));
}

static struct slice chain(struct arena *a, const struct slice *parts, size_t count)
{
    struct slice all = {0};
    for (size_t i = 0; i < count; i++)
        all = join(a, all, parts[i]);
    return all;
}

#define CHAIN(a, ...)                                                                                                  \
    chain((a), (const struct slice[]){__VA_ARGS__}, sizeof((const struct slice[]){__VA_ARGS__}) / sizeof(struct slice))

static void free_outcome(struct outcome *o)
{
    free(o->text);
}

static void an_entry_may_be_cut_anywhere(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice first = plain_entry(&a, 1, "cn=first");
    struct script s = {.octets = CHAIN(&a, first, plain_entry(&a, 1, "cn=a"), plain_entry(&a, 1, ""),
                                       message(&a, 1, entry_of(&a, "cn=none", (struct slice){0})),
                                       plain_entry(&a, 1, "cn=b"), done(&a, 1))};
    struct outcome there = search(&s, true);
    assert_int_equal(there.rc, RC_OK);
    assert_int_equal(there.entries, 5);
    for (size_t cut = first.n; cut < s.octets.n; cut++) {
        s.cuts[0] = first.n;
        s.cuts[1] = cut;
        s.cuts[2] = cut + 3 < s.octets.n ? cut + 3 : s.octets.n;
        s.count = 3;
        struct outcome here = search(&s, false);
        assert_same("cut at", cut, &here, &there);
        assert_int_equal(here.in_place, 4);
        free_outcome(&here);
    }
    free_outcome(&there);
    arena_free(&a);
}

/* The buffer's end is where an entry just fits, and then where it does not. */
static void what_the_buffer_does_not_hold_is_left_to_libldap(void **state)
{
    (void)state;
    struct arena a = {0};
    for (size_t more = 0; more < 4; more++) {
        struct slice first = plain_entry(&a, 1, "cn=first"),
                     large = entry_of_length(&a, 1, LDAP_AHEAD_OCTETS - 1 + more);
        struct script s = {.octets = CHAIN(&a, first, plain_entry(&a, 1, "cn=a"), large, plain_entry(&a, 1, "cn=b"),
                                           plain_entry(&a, 1, "cn=c"), done(&a, 1))};
        s.cuts[0] = first.n;
        s.cuts[1] = s.octets.n / 2;
        s.count = 2;
        struct outcome here = search(&s, false), there = search(&s, true);
        assert_same("more", more, &here, &there);
        assert_int_equal(here.rc, RC_OK);
        assert_int_equal(here.entries, 5);
        assert_int_equal(here.in_place, more < 2 ? 4 : 3);
        free_outcome(&here);
        free_outcome(&there);
    }
    arena_free(&a);
}

/* Small entries behind the first part of a large one fill the buffer to its end, which cuts one of them, everywhere. */
static void the_end_of_the_buffer_may_cut_an_entry_anywhere(void **state)
{
    (void)state;
    enum { SMALL = 1400, LARGE = 150000, THERE = 100000 };
    size_t length = 1;
    for (size_t shift = 0; shift < length; shift++) {
        struct arena a = {0};
        struct slice first = plain_entry(&a, 1, "cn=first"), small = plain_entry(&a, 1, "cn=small,dc=example,dc=com");
        struct slice large = entry_of_length(&a, 1, LARGE + shift);
        struct script s = {.cuts = {first.n, first.n + THERE}, .count = 2};
        uint8_t *many = arena_alloc(&a, SMALL * small.n);
        for (size_t i = 0; i < SMALL; i++)
            memcpy(many + i * small.n, small.p, small.n);
        s.octets = CHAIN(&a, first, large, slice_make(many, SMALL * small.n), done(&a, 1));
        assert_true(s.octets.n > first.n + LDAP_AHEAD_OCTETS);
        struct outcome o = search(&s, false);
        assert_int_equal(o.rc, RC_OK);
        assert_int_equal(o.in_place, 1 + SMALL);
        const char *at = o.text + o.size;
        for (size_t i = 0; i < SMALL; i++) {
            static const char shown[] =
                "\n26:cn=small,dc=example,dc=com|2:cn;0:=5:first=6:second|15:userCertificate;6:binary=3:0\3x";
            at -= sizeof shown - 1;
            assert_memory_equal(at, shown, sizeof shown - 1);
        }
        length = small.n;
        free_outcome(&o);
        arena_free(&a);
    }
}

/* What each row puts after a first entry.  Where libldap throws a message away, it reads the next one too. */
static void what_is_not_plainly_an_entry_is_left_to_libldap(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice e = plain_entry(&a, 1, "cn=e"), attributes = attribute(&a, "cn", string(&a, "x"));
    struct slice dn = string(&a, "cn=x"), list = element(&a, BER_SEQUENCE, attributes);
    const struct {
        const char *name;
        struct slice octets;
        size_t in_place;
    } rows[] = {
        {"nothing else", CHAIN(&a, e, e), 2},
        {"a control", CHAIN(&a, e, with_control(&a, 1, "cn=c"), e), 2},
        {"another's entry", CHAIN(&a, e, plain_entry(&a, NO_ID, "cn=c"), e), 1},
        {"another's end", CHAIN(&a, e, done(&a, NO_ID), e), 1},
        {"a reference", CHAIN(&a, e, message(&a, 1, element(&a, OP_REFERENCE, string(&a, "ldap://x/")))), 1},
        {"an intermediate response", CHAIN(&a, e, message(&a, 1, element(&a, OP_INTERMEDIATE, (struct slice){0}))), 1},
        {"not a sequence", CHAIN(&a, e, string(&a, "0123456789"), e), 1},
        {"indefinite length", CHAIN(&a, e, SLICE_LITERAL("\x30\x80\x02\x01\x01\x64\x04\x04\x00\x30\x00\x00\x00"), e),
         1},
        {"longer than a length may be", CHAIN(&a, e, SLICE_LITERAL("\x30\x85\x00\x00\x00\x00\x05xxxxx"), e), 1},
        {"over the limit", CHAIN(&a, e, SLICE_LITERAL("\x30\x84\x7f\xff\xff\xff\x02\x01\x01"), e), 1},
        {"no content", CHAIN(&a, e, SLICE_LITERAL("\x30\x00"), e), 1},
        {"no id", CHAIN(&a, e, element(&a, BER_SEQUENCE, entry_of(&a, "cn=x", attributes)), e), 1},
        {"negative id", CHAIN(&a, e, message(&a, 0xff, entry_of(&a, "cn=x", attributes)), e), 1},
        {"a long id",
         CHAIN(&a, e,
               element(&a, BER_SEQUENCE,
                       join(&a, SLICE_LITERAL("\x02\x04\x00\x00\x00\x01"), entry_of(&a, "cn=x", attributes))),
               e),
         3},
        {"more behind the attributes",
         CHAIN(&a, e, message(&a, 1, element(&a, BER_SEARCH_ENTRY, CHAIN(&a, dn, list, dn))), e), 2},
        {"no attributes at all", CHAIN(&a, e, message(&a, 1, element(&a, BER_SEARCH_ENTRY, dn)), e), 1},
        {"attributes that do not decode", CHAIN(&a, e, message(&a, 1, entry_of(&a, "cn=x", dn)), e), 2},
        {"a fragment",
         CHAIN(&a, e, message(&a, 1, entry_of(&a, "cn=x", attribute(&a, "member;range=0-9", string(&a, "x")))), e), 2},
        {"lengths of four octets",
         CHAIN(&a, e,
               element_in(&a, BER_SEQUENCE,
                          join(&a, SLICE_LITERAL("\x02\x01\x01"),
                               element_in(&a, BER_SEARCH_ENTRY,
                                          join(&a, element_in(&a, BER_OCTET_STRING, slice_of("cn=l"), 4),
                                               element_in(&a, BER_SEQUENCE, attributes, 3)),
                                          4)),
                          4),
               e),
         3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct script s = {.octets = CHAIN(&a, plain_entry(&a, 1, "cn=first"), rows[i].octets, done(&a, 1))};
        struct outcome here = search(&s, false), there = search(&s, true);
        assert_same(rows[i].name, i, &here, &there);
        if (here.in_place != rows[i].in_place)
            fail_msg("%s: %zu in place, not %zu", rows[i].name, here.in_place, rows[i].in_place);
        free_outcome(&here);
        free_outcome(&there);
    }
    arena_free(&a);
}

/* Another request's answers come in between, and are there when it is asked for them. */
static void operations_interleave(void **state)
{
    (void)state;
    struct arena a = {0};
    struct world w = open_world();
    int other = 0, type = 0;
    assert_int_equal(ldap_search_ext(w.d->ld, "dc=o", LDAP_SCOPE_BASE, "(cn=*)", NULL, 0, NULL, NULL, NULL, 0, &other),
                     LDAP_SUCCESS);
    assert_int_equal(other, 1);
    const struct script s = {.octets = CHAIN(&a, plain_entry(&a, 1, "cn=o1"), plain_entry(&a, 2, "cn=1"),
                                             plain_entry(&a, 1, "cn=o2"), plain_entry(&a, 2, "cn=2"),
                                             plain_entry(&a, 2, "cn=3"), with_control(&a, 1, "cn=o3"), done(&a, 1),
                                             plain_entry(&a, 2, "cn=4"), plain_entry(&a, 2, "cn=5"), done(&a, 2))};
    struct outcome o = search_in(&w, &s, 0);
    assert_int_equal(o.rc, RC_OK);
    assert_int_equal(o.entries, 5);
    assert_int_equal(o.in_place, 2); /* libldap reads on after a message of another */
    for (size_t i = 0; i < 4; i++) {
        LDAPMessage *m;
        struct message_entry found;
        char dn[8];
        struct fault fault = {0};
        assert_int_equal(ldap_next(w.d, other, LDAP_PATIENCE, &m, &type, &fault), RC_OK);
        assert_int_equal(type, i < 3 ? LDAP_RES_SEARCH_ENTRY : LDAP_RES_SEARCH_RESULT);
        if (i < 3) {
            assert_int_equal(ldap_entry_find(w.d, m, &found, &fault), RC_OK);
            snprintf(dn, sizeof dn, "cn=o%zu", i + 1);
            assert_true(slice_eq(found.dn, slice_of(dn)));
        }
        ldap_msgfree(m);
    }
    free_outcome(&o);
    close_world(&w);
    arena_free(&a);
}

/* What had come of an abandoned search is nobody's, also in the middle of an entry. */
static void after_enough_the_next_search_has_its_own(void **state)
{
    (void)state;
    struct arena a = {0};
    struct world w = open_world();
    struct slice e = plain_entry(&a, 1, "cn=old");
    struct script first = {.octets = CHAIN(&a, e, e, e, e, slice_upto(e, e.n / 2)), .stays = true};
    struct outcome o = search_in(&w, &first, 2);
    assert_int_equal(o.rc, RC_TRUNCATED);
    assert_int_equal(o.entries, 2);
    assert_int_equal(o.in_place, 2); /* the third shows that there are more */
    free_outcome(&o);
    struct slice n = plain_entry(&a, 3, "cn=new"); /* 2 was the abandoning */
    struct script second = {.octets = CHAIN(&a, slice_from(e, e.n / 2), e, n, e, n, n, done(&a, 3))};
    o = search_in(&w, &second, 0);
    assert_int_equal(o.rc, RC_OK);
    assert_int_equal(o.entries, 3);
    assert_null(strstr(o.text, "old"));
    free_outcome(&o);
    close_world(&w);
    arena_free(&a);
}

/* The rest of an entry that does not come is waited for no longer than an answer, and its end is a broken connection.
 */
static void half_an_entry_is_a_fault(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice e = plain_entry(&a, 1, "cn=a");
    for (int stays = 0; stays < 2; stays++) {
        struct script s = {.octets = CHAIN(&a, e, e, slice_upto(e, e.n / 2)), .stays = stays};
        struct outcome o = search(&s, false);
        assert_int_equal(o.rc, RC_FAULT);
        assert_int_equal(o.in_place, 1);
        assert_non_null(strstr(o.fault.text, stays ? "no answer for 1 s" : "the connection broke"));
        free_outcome(&o);
    }
    arena_free(&a);
}

static struct slice random_entry(struct arena *a, int id)
{
    struct slice attributes = {0};
    size_t count = draw(20) ? draw(6) : draw(60), large = draw(40);
    for (size_t i = 0; i < count; i++) {
        static const char *const names[] = {"cn", "userCertificate;binary", "description;lang-de;x-y", "entryUUID", ""};
        struct slice values = {0};
        for (size_t j = draw(15) ? draw(3) : draw(200); j > 0; j--) {
            size_t n = large == 0 && i == 0 ? 10000 + draw(20000) : draw(10) ? draw(40) : draw(300);
            uint8_t *p = arena_alloc(a, n);
            for (size_t k = 0; k < n; k++)
                p[k] = (uint8_t)draw(256);
            values = join(a, values, element_in(a, BER_OCTET_STRING, slice_make(p, n), draw(9) ? 0 : 3 + draw(2)));
            if (values.n > 60000)
                break;
        }
        attributes = join(a, attributes, attribute(a, names[draw(5)], values));
    }
    return message(a, id, entry_of(a, draw(9) ? "cn=somebody,dc=example,dc=com" : "", attributes));
}

static struct slice random_message(struct arena *a)
{
    switch (draw(20)) {
    case 0:
        return with_control(a, 1, "cn=c");
    case 1:
        return random_entry(a, NO_ID);
    case 2:
        return draw(8) ? done(a, NO_ID) : message(a, 1, element(a, OP_REFERENCE, string(a, "ldap://x/")));
    default:
        return random_entry(a, 1);
    }
}

static int by_size(const void *x, const void *y)
{
    const size_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

static struct script random_script(struct arena *a, bool is_damaged)
{
    struct slice first = plain_entry(a, 1, "cn=first");
    struct script s = {.octets = first};
    for (size_t i = draw(12); i > 0 && s.octets.n < 120000; i--)
        s.octets = join(a, s.octets, random_message(a));
    s.octets = join(a, s.octets, done(a, 1));
    if (is_damaged)
        ((uint8_t *)(uintptr_t)s.octets.p)[first.n + draw((uint32_t)(s.octets.n - first.n))] = (uint8_t)draw(256);
    s.cuts[s.count++] = first.n;
    for (size_t i = draw(6); i > 0; i--)
        s.cuts[s.count++] = first.n + draw((uint32_t)(s.octets.n - first.n));
    qsort(s.cuts, s.count, sizeof *s.cuts, by_size);
    return s;
}

static void random_streams_are_the_same_by_libldap(void **state)
{
    (void)state;
    enum { ROUNDS = 400 };
    size_t entries = 0, in_place = 0, faults = 0;
    for (size_t i = 0; i < ROUNDS; i++) {
        struct arena a = {0};
        draw_state = (uint32_t)i * 7919 + 1;
        bool is_damaged = i % 3 == 0;
        struct script s = random_script(&a, is_damaged), uncut = {.octets = s.octets};
        /* Damage can make a notice of disconnection of a message, and libldap 2.5 never frees those. */
        if (is_damaged)
            forgive_leaks(true);
        struct outcome here = search(&s, false), there = search(&uncut, true);
        if (is_damaged)
            forgive_leaks(false);
        assert_same("round", i, &here, &there);
        entries += here.entries;
        in_place += here.in_place;
        faults += here.rc != RC_OK;
        free_outcome(&here);
        free_outcome(&there);
        arena_free(&a);
    }
    print_message("%zu entries, %zu of them in place, %zu searches of %d that failed\n", entries, in_place, faults,
                  ROUNDS);
    assert_true(in_place > entries / 2);
    assert_in_range(faults, ROUNDS / 20, ROUNDS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_may_be_cut_anywhere),
        cmocka_unit_test(what_the_buffer_does_not_hold_is_left_to_libldap),
        cmocka_unit_test(the_end_of_the_buffer_may_cut_an_entry_anywhere),
        cmocka_unit_test(what_is_not_plainly_an_entry_is_left_to_libldap),
        cmocka_unit_test(operations_interleave),
        cmocka_unit_test(after_enough_the_next_search_has_its_own),
        cmocka_unit_test(half_an_entry_is_a_fault),
        cmocka_unit_test(random_streams_are_the_same_by_libldap),
    };
    signal(SIGPIPE, SIG_IGN); /* as dir_open does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
