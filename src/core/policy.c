/* SPDX-License-Identifier: Apache-2.0 */
#include "core/policy_private.h"

#include "base/digest.h"
#include "core/algorithm.h"
#include "core/schema.h"

#include <stdlib.h>

void problem_add(struct arena *a, problem_list *problems, struct slice dn, const char *attribute, struct slice value,
                 struct slice reason)
{
    *LIST_ADD(a, problems) = (struct problem){arena_copy(a, dn), slice_of(attribute), arena_copy(a, value), reason};
}

struct compilation {
    struct arena *arena;
    const struct entry *entry;
    policy_knows_fn *knows;
    void *context;
    struct policy *policy;
    problem_list *problems;
    const struct policy_attribute *rows;
    size_t row_count;
};

static void complain(struct compilation *c, const struct policy_attribute *row, struct slice value, struct slice reason)
{
    problem_add(c->arena, c->problems, c->policy->dn, row->name, value, reason);
    c->policy->disabled = true;
    c->policy->target_unknown |= row->governs;
}

/* Without blanks around it; but a blank that a name escapes is its own (RFC 4514 section 2.4). */
static struct slice trim_value(struct slice value)
{
    struct slice trimmed = slice_trim(value);
    size_t slashes = 0;
    while (slashes < trimmed.n && trimmed.p[trimmed.n - 1 - slashes] == '\\')
        slashes++;
    if (slashes % 2 && trimmed.p + trimmed.n < value.p + value.n)
        trimmed.n++;
    return trimmed;
}

static bool compile_value(struct compilation *c, const struct policy_attribute *row, struct slice value)
{
    struct slice reason = slice_of("not valid");
    if (row->compile(c->arena, row, trim_value(value), c->policy, &reason))
        return true;
    complain(c, row, value, reason);
    return false;
}

static void compile_row(struct compilation *c, const struct policy_attribute *row)
{
    struct entry_cursor at = {0};
    struct slice value;
    size_t values = 0;
    for (; entry_next_value(c->entry, row->name, &at, &value); values++) {
        if (values == 1 && !row->multi)
            complain(c, row, value, slice_of("a second value; this attribute has one"));
        else
            compile_value(c, row, value);
    }
    if (values == 0 && row->fallback)
        compile_value(c, row, slice_of(row->fallback));
}

static const struct policy_attribute *row_of(const struct compilation *c, const char *name)
{
    size_t i = 0;
    while (strcmp(c->rows[i].name, name) != 0)
        i++;
    return &c->rows[i];
}

/* "reissue auto" beside "reissue manual" contradict each other, which no single value can know. */
static void check_approvals(struct compilation *c)
{
    unsigned seen[REQUEST_TYPES] = {0};
    struct entry_cursor at = {0};
    struct slice value, word;
    while (entry_next_value(c->entry, ATTR_APPROVAL, &at, &value)) {
        struct slice rest = value;
        enum request_type type;
        if (slice_word(&rest, &word) && request_type_find(word, &type) && seen[type]++)
            complain(
                c, row_of(c, ATTR_APPROVAL), value,
                arena_format(c->arena, "a second value for %s: say either auto or manual", request_type_name(type)));
    }
}

/*
 * What single values cannot know either: a policy that no certificate could meet would have everything reissued for
 * ever, and one that says how old a CRL may be would seem to look at CRLs.
 */
static void check_together(struct compilation *c)
{
    const unsigned key_cert_sign = 1u << 5;
    const struct policy *p = c->policy;
    struct entry_cursor at = {0};
    struct slice value, oid;
    while (entry_next_value(c->entry, ATTR_FORBIDDEN_EKU, &at, &value))
        for (size_t i = 0;
             algorithm_compile(c->arena, ALGORITHM_PURPOSE, trim_value(value), &oid) && i < p->required_ekus.count; i++)
            if (slice_eq(p->required_ekus.items[i], oid))
                complain(c, row_of(c, ATTR_FORBIDDEN_EKU), value,
                         slice_of("it is in " ATTR_REQUIRED_EKU " too: no certificate could meet both"));
    if (p->ca_rule == CA_REFUSED && (p->key_usage & key_cert_sign))
        complain(
            c, row_of(c, ATTR_KEY_USAGE), SLICE_LITERAL("keyCertSign"),
            slice_of("only the certificate of an authority may have it (RFC 5280 section 4.2.1.9), and " ATTR_ALLOW_CA
                     " is FALSE"));
    if (entry_count(c->entry, ATTR_CRL_MAX_AGE) && !entry_count(c->entry, ATTR_REVOCATION_CHECK))
        complain(c, row_of(c, ATTR_CRL_MAX_AGE), entry_first(c->entry, ATTR_CRL_MAX_AGE),
                 slice_of("nothing says that CRLs are looked at: state " ATTR_REVOCATION_CHECK " too"));
}

/* SHA-256 over "name NUL length NUL value" of the stated attributes, names in the table's order, values sorted. */
static struct slice compute_revision(struct compilation *c)
{
    LIST_OF(struct slice) lines = {0};
    size_t total = 0;
    for (size_t i = 0; i < c->row_count; i++) {
        size_t first = lines.count;
        struct entry_cursor at = {0};
        struct slice value;
        while (c->rows[i].type != POLICY_RELEASE && entry_next_value(c->entry, c->rows[i].name, &at, &value)) {
            value = trim_value(value);
            struct slice head = arena_format(c->arena, "%s %zu ", c->rows[i].name, value.n);
            uint8_t *line = arena_alloc(c->arena, head.n + value.n + 1);
            memcpy(line, head.p, head.n);
            memcpy(line + head.n, value.p, value.n);
            *LIST_ADD(c->arena, &lines) = slice_make(line, head.n + value.n);
            total += head.n + value.n;
        }
        if (lines.count > first)
            qsort(lines.items + first, lines.count - first, sizeof *lines.items, slice_order);
    }
    uint8_t *all = arena_alloc(c->arena, total + 1), *end = all;
    for (size_t i = 0; i < lines.count; end += lines.items[i++].n)
        memcpy(end, lines.items[i].p, lines.items[i].n);
    struct digest d = digest_of(slice_make(all, total));
    uint8_t hex[DIGEST_HEX];
    digest_to_hex(&d, hex);
    return arena_copy(c->arena, slice_make(hex, 16));
}

static void check_known(struct compilation *c, const char *row_name, struct slice in, struct slice attribute)
{
    if (!c->knows(c->context, attribute))
        complain(c, row_of(c, row_name), in,
                 arena_format(c->arena, "the directory's schema has no attribute type %.*s", SLICE_ARGS(attribute)));
}

struct filter_check {
    struct compilation *compilation;
    const char *row_name;
    struct slice url;
};

static void check_filter_attribute(void *context, struct slice attribute)
{
    const struct filter_check *f = context;
    check_known(f->compilation, f->row_name, f->url, attribute);
}

static void check_targets(struct compilation *c, const char *row_name, const struct target *targets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct filter_check f = {c, row_name, targets[i].url};
        filter_attributes(targets[i].tree, check_filter_attribute, &f);
    }
}

static void check_names(struct compilation *c, const char *row_name, const char *const *names)
{
    struct slice stated = entry_first(c->entry, row_name);
    for (; names && *names; names++)
        check_known(c, row_name, stated.p ? stated : slice_of(*names), slice_of(*names));
}

const struct policy *policy_compile(struct arena *a, const struct entry *e, policy_knows_fn *knows, void *context,
                                    problem_list *problems)
{
    struct policy *p = ARENA_NEW(a, struct policy);
    struct compilation c = {
        .arena = a, .entry = e, .policy = p, .problems = problems, .knows = knows, .context = context};
    c.rows = policy_attributes(&c.row_count);
    p->dn = arena_copy(a, e->dn);
    p->name = arena_copy(a, entry_first(e, "cn"));
    for (size_t i = 0; i < c.row_count; i++)
        compile_row(&c, &c.rows[i]);
    check_approvals(&c);
    check_together(&c);
    check_targets(&c, ATTR_TARGET, p->targets, p->target_count);
    check_targets(&c, ATTR_EXCLUDE, p->excludes, p->exclude_count);
    check_names(&c, ATTR_CERTIFICATE_ATTRIBUTE, p->certificate_attributes);
    if (p->name_match != MATCH_NONE || entry_count(e, ATTR_HOST_ATTRIBUTE))
        check_names(&c, ATTR_HOST_ATTRIBUTE, p->host_attributes);
    if (p->target_count == 0 && !p->target_unknown)
        complain(&c, row_of(&c, ATTR_TARGET), slice_of(""),
                 slice_of("the policy has no target that this account can read"));
    p->revision = compute_revision(&c);
    p->checks = check_those_on(p);
    return p;
}

int policy_order(const struct policy *a, const struct policy *b)
{
    if (a->precedence != b->precedence)
        return a->precedence < b->precedence ? -1 : 1;
    return slice_compare(a->dn, b->dn);
}
