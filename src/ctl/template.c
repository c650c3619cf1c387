/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/template.h"

#include "base/dn.h"
#include "core/schema.h"

#include <inttypes.h>

enum { COMMENT_COLUMNS = 78 };

static struct slice target_example(struct arena *a, const struct policy_attribute *row, struct slice suffix)
{
    bool excludes = strcmp(row->name, ATTR_EXCLUDE) == 0;
    return arena_format(a,
                        excludes ? "ldap:///ou=retired,ou=servers,%.*s??sub?(objectClass=%s)"
                                 : "ldap:///ou=servers,%.*s??sub?(objectClass=%s)",
                        SLICE_ARGS(suffix), CLASS_HOST);
}

struct slice template_example(struct arena *a, const struct policy_attribute *row, struct slice suffix)
{
    if (row->fallback || row->example)
        return slice_of(row->fallback ? row->fallback : row->example);
    struct slice words = slice_of(row->keywords), word;
    switch (row->type) {
    case POLICY_TARGET:
        return target_example(a, row, suffix);
    case POLICY_INTEGER:
        return arena_format(a, "%" PRId64, row->most);
    case POLICY_KEYWORD:
        return slice_word(&words, &word) ? word : words;
    case POLICY_NAMES:
        return slice_of("cn");
    case POLICY_FINDING:
        return arena_format(a, "%s %s", check_get(CHECK_VERSION)->name, action_name(ACTION_REPORT));
    case POLICY_APPROVAL:
        return slice_split(&words, ',', &word) ? word : words;
    case POLICY_RELEASE:
        return slice_of("0000000000000000 100 20300131120000Z");
    case POLICY_DISTINGUISHED_NAME:
        return arena_format(a, "cn=Example CA%s%.*s", suffix.n ? "," : "", SLICE_ARGS(suffix));
    case POLICY_DURATION:
    case POLICY_ALGORITHM:
        break;
    }
    return (struct slice){NULL, 0};
}

struct slice template_values(struct arena *a, const struct policy_attribute *row)
{
    const char *unit = row->unit && row->unit[0] ? row->unit : NULL;
    switch (row->type) {
    case POLICY_TARGET:
        return slice_of("ldap:///base??scope?filter, without a host");
    case POLICY_INTEGER:
        return arena_format(a, "a whole number from %" PRId64 " to %" PRId64 "%s%s", row->least, row->most,
                            unit ? ", " : "", unit ? unit : "");
    case POLICY_KEYWORD:
        return arena_format(a, "one of: %s", row->keywords);
    case POLICY_APPROVAL:
        return arena_format(a, "of: %s", row->keywords);
    case POLICY_NAMES:
        return slice_of("attribute names between blanks");
    case POLICY_FINDING:
        return slice_of("<check> <action> [reason]; actions report, reissue, revoke, reissue-then-revoke");
    case POLICY_RELEASE:
        return slice_of("<policy revision> <count> <until>, as the hold names it");
    case POLICY_DURATION:
    case POLICY_ALGORITHM:
    case POLICY_DISTINGUISHED_NAME:
        break;
    }
    return slice_of(row->form);
}

/* Comment lines of that text, broken between words. */
static struct slice add_comment(struct arena *a, struct slice text, struct slice comment)
{
    struct slice word;
    size_t column = 0;
    while (slice_word(&comment, &word)) {
        bool breaks = column == 0 || column + 1 + word.n > COMMENT_COLUMNS;
        text = arena_format(a, "%.*s%s%s%.*s", SLICE_ARGS(text), breaks && column ? "\n" : "", breaks ? "# " : " ",
                            SLICE_ARGS(word));
        column = breaks ? 2 + word.n : column + 1 + word.n;
    }
    return arena_format(a, "%.*s\n", SLICE_ARGS(text));
}

static struct slice add_row(struct arena *a, struct slice text, const struct policy_attribute *row, struct slice suffix)
{
    const struct schema_attribute *known = schema_attribute_find(slice_of(row->name));
    bool cited = row->citation[0] && strcmp(row->citation, "-") != 0;
    bool required = strcmp(row->name, ATTR_TARGET) == 0;
    text = arena_format(a, "%.*s#\n", SLICE_ARGS(text));
    text = add_comment(a, text, arena_format(a, "%s: %s.", row->name, known ? known->meaning : ""));
    struct slice values = template_values(a, row);
    text = add_comment(a, text,
                       arena_format(a, "Values: %.*s%s.%s%s%s", SLICE_ARGS(values), row->multi ? "; several" : "",
                                    row->fallback ? " Default: "
                                    : required    ? ""
                                                  : " Default: none",
                                    row->fallback ? row->fallback : "", required ? "" : "."));
    if (cited)
        text = add_comment(a, text, arena_format(a, "See %s.", row->citation));
    struct slice example = template_example(a, row, suffix);
    bool stands = required || strcmp(row->name, ATTR_MODE) == 0;
    return arena_format(a, "%.*s%s%s: %.*s\n", SLICE_ARGS(text), stands ? "" : "#", row->name, SLICE_ARGS(example));
}

struct slice template_text(struct arena *a, struct slice cn, struct slice base)
{
    size_t count;
    const struct policy_attribute *rows = policy_attributes(&count);
    struct slice text =
        arena_format(a,
                     "# A policy of dircertd that reports and writes nothing (audit).  Say in dircertTarget whom it\n"
                     "# governs, take the # from what it shall judge, then\n"
                     "#\n"
                     "#   dircertctl policy check FILE\n"
                     "#   ldapadd -x -H URI -D DN -W -f FILE\n"
                     "\n"
                     "dn: cn=%.*s,ou=policies,%.*s\n"
                     "objectClass: " CLASS_POLICY "\n"
                     "cn: %.*s\n",
                     SLICE_ARGS(cn), SLICE_ARGS(base), SLICE_ARGS(cn));
    for (size_t i = 0; i < count; i++)
        text = add_row(a, text, &rows[i], dn_parent(base));
    return text;
}
