/* SPDX-License-Identifier: Apache-2.0 */
/* DER to facts: whatever the octets are, what the facts say lies within them, and saying it again says the same. */
#include "fuzz/fuzz.h"

#include "core/facts.h"
#include "core/name.h"
#include "x509/parts.h"
#include "x509/reader.h"

#include <string.h>

static void expect_inside(struct slice der, struct span s)
{
    PROMISE((uint64_t)s.at + s.n <= der.n);
}

static void expect_extension(struct slice der, const struct extension *x)
{
    expect_inside(der, x->value);
    PROMISE(x->presence == FIELD_PRESENT || x->value.n == 0);
}

static void expect_spans(struct slice der, const struct facts *f)
{
    const struct span spans[] = {f->serial,
                                 f->issuer,
                                 f->subject,
                                 f->spki,
                                 f->key_algorithm,
                                 f->key_parameters,
                                 f->issuer_unique_id,
                                 f->subject_unique_id,
                                 f->signature_algorithm,
                                 f->outer_signature_algorithm,
                                 f->signature_parameters};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
        expect_inside(der, spans[i]);
    const struct extension *const extensions[] = {&f->san,
                                                  &f->eku,
                                                  &f->key_usage,
                                                  &f->basic_constraints,
                                                  &f->subject_key_id,
                                                  &f->authority_key_id,
                                                  &f->policies,
                                                  &f->crl_points,
                                                  &f->authority_info,
                                                  &f->name_constraints,
                                                  &f->ms_sid};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
        expect_extension(der, extensions[i]);
}

static void walk(struct arena *a, struct slice der, const struct facts *f)
{
    struct slice cursor, value;
    enum general_name kind;
    uint8_t tag, text[512];
    size_t n;
    for (cursor = facts_san(der, f); facts_next_name(&cursor, &kind, &value);)
        PROMISE(value.p >= der.p && value.p + value.n <= der.p + der.n);
    uint32_t names = 0;
    for (cursor = facts_subject(der, f); facts_next_common_name(&cursor, &tag, &value); names++)
        if (facts_text(tag, value, text, sizeof text, &n))
            PROMISE(n <= sizeof text);
    PROMISE(!f->readable || names == f->common_names);
    for (cursor = facts_eku(der, f); facts_next_eku(&cursor, &value);)
        PROMISE(value.n > 0);
    for (cursor = facts_crl_points(der, f); facts_next_crl_uri(&cursor, &value);)
        PROMISE(value.p >= der.p && value.p + value.n <= der.p + der.n);
    if (f->readable) {
        PROMISE(fuzz_is_printable(name_text(a, facts_slice(der, f->issuer), 200)));
        PROMISE(fuzz_is_printable(serial_text(a, facts_slice(der, f->serial))));
    }
}

enum { INPUTS_REMEMBERED = 1000 }; /* a crash may need those before it */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice der = slice_make(data, size);
    struct arena a = {0};
    static struct parts parts; /* of the inputs before */
    static unsigned inputs;
    struct facts f, again;
    if (inputs++ % INPUTS_REMEMBERED == 0)
        memset(&parts, 0, sizeof parts);
    memset(&f, 0, sizeof f);
    memset(&again, 0, sizeof again);
    facts_read(der, &f);
    for (int i = 0; i < 2; i++) { /* the second time with its own parts known */
        facts_read_next(&parts, der, &again);
        PROMISE(memcmp(&f, &again, sizeof f) == 0);
    }
    PROMISE(f.readable || f.malformed);
    PROMISE(f.malformed_at <= size);
    PROMISE(f.version <= 3);
    expect_spans(der, &f);
    walk(&a, der, &f);
    arena_free(&a);
    return 0;
}
