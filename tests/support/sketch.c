/* SPDX-License-Identifier: Apache-2.0 */
#include "support/sketch.h"

#include "core/algorithm.h"
#include "core/policy.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

void sketch_begin(struct sketch *s, struct arena *a)
{
    *s = (struct sketch){.arena = a, .der = der_fill(a, 0, 1)}; /* so that no piece stands where absent ones do */
    s->facts.readable = true;
    s->facts.version = 3;
    s->facts.path_length = -1;
}

struct span sketch_place(struct sketch *s, struct slice octets)
{
    struct span at = {(uint32_t)s->der.n, (uint32_t)octets.n};
    s->der = DER_JOIN(s->arena, s->der, octets);
    return at;
}

struct slice sketch_oid(struct arena *a, const char *dotted)
{
    struct slice oid = {NULL, 0};
    assert_true(algorithm_compile(a, ALGORITHM_PURPOSE, slice_of(dotted), &oid));
    return oid;
}

const char *sketch_answer(const struct sketch *s, const struct policy *p, int64_t now_utc, enum check_id id,
                          struct slice *detail)
{
    static const char *const names[] = {[ANSWER_MEETS] = "meets",
                                        [ANSWER_VIOLATES] = "violates",
                                        [ANSWER_NOT_APPLICABLE] = "n/a",
                                        [ANSWER_UNDECIDED] = "undecided"};
    struct check_input in = {.policy = p, .der = s->der, .facts = &s->facts, .now_utc = now_utc};
    struct check_result r;
    check_answer(s->arena, &in, id, &r);
    *detail = r.detail;
    return names[r.answer];
}

static void assert_printable(struct slice text)
{
    assert_true(text.n > 0);
    for (size_t i = 0; i < text.n; i++)
        assert_true(text.p[i] >= 0x20 && text.p[i] != 0x7f);
}

void sketch_expect(const struct sketch *s, const struct policy *p, int64_t now_utc, enum check_id id,
                   const char *answer, const char *part)
{
    struct check_input in = {.policy = p, .der = s->der, .facts = &s->facts, .now_utc = now_utc};
    struct slice detail;
    const char *given = sketch_answer(s, p, now_utc, id, &detail);
    if (strcmp(given, answer) != 0)
        fail_msg("%s, not %s: %.*s", given, answer, SLICE_ARGS(detail));
    bool speaks = strcmp(given, "violates") == 0 || strcmp(given, "undecided") == 0;
    if (speaks)
        assert_printable(detail);
    else
        assert_int_equal(detail.n, 0);
    if (part && !memmem(detail.p, detail.n, part, strlen(part)))
        fail_msg("\"%.*s\" without \"%s\"", SLICE_ARGS(detail), part);
    assert_true(check_get(id)->is_on(p));
    assert_printable(check_get(id)->compared(s->arena, &in));
}
