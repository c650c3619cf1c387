/* SPDX-License-Identifier: Apache-2.0 */
#include "core/target.h"

#include "base/dn.h"
#include "base/hex.h"

static bool refuse(struct slice *reason, struct slice why)
{
    *reason = why;
    return false;
}

static bool percent_decode(struct arena *a, struct slice s, struct slice *out)
{
    uint8_t *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%') {
            p[n++] = s.p[i];
            continue;
        }
        int high = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1, low = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;
        if (high < 0 || low < 0)
            return false;
        p[n++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    *out = slice_make(p, n);
    return true;
}

static bool read_scope(struct slice text, enum target_scope *scope)
{
    static const struct {
        const char *name;
        enum target_scope scope;
    } scopes[] = {{"", TARGET_BASE}, {"base", TARGET_BASE}, {"one", TARGET_ONE}, {"sub", TARGET_SUBTREE}};
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
        if (slice_eq_nocase(text, slice_of(scopes[i].name))) {
            *scope = scopes[i].scope;
            return true;
        }
    return false;
}

bool target_compile(struct arena *a, struct slice url, struct target *t, struct slice *reason)
{
    const struct slice begin = SLICE_LITERAL("ldap:///");
    *t = (struct target){.url = url};
    if (url.n < begin.n || !slice_eq_nocase(slice_upto(url, begin.n), begin))
        return refuse(reason,
                      slice_of("must begin with ldap:/// (no host: the directory is the one dircertd is bound to)"));
    struct slice rest = slice_from(url, begin.n), part[5] = {{0}};
    size_t parts = 0;
    while (parts < 5 && slice_split(&rest, '?', &part[parts]))
        parts++;
    if (parts == 5 || rest.p)
        return refuse(reason, slice_of("has an extension; only ldap:///base?attrs?scope?filter is understood"));
    if (!percent_decode(a, part[0], &t->base) || !percent_decode(a, part[3], &t->filter))
        return refuse(reason, slice_of("a \"%\" is not followed by two hexadecimal digits"));
    if (!dn_ok(t->base))
        return refuse(reason, slice_of("the base is not a distinguished name (RFC 4514)"));
    if (!read_scope(part[2], &t->scope))
        return refuse(reason, arena_format(a, "the scope is \"%.*s\", not base, one or sub", SLICE_ARGS(part[2])));
    if (t->filter.n == 0)
        t->filter = SLICE_LITERAL("(objectClass=*)");
    const char *why;
    t->tree = filter_compile(a, t->filter, &why);
    if (!t->tree)
        return refuse(reason, arena_format(a, "the filter is not valid: %s (RFC 4515)", why));
    return true;
}
