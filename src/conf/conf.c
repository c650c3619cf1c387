/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf.h"

#include "conf/file.h"
#include "conf/keys.h"
#include "conf/tree.h"
#include "conf/value.h"

struct reader {
    struct arena *a;
    struct conf *conf;
    struct conf_problems *problems;
    const struct conf_key *keys;
    const struct node *found[KEY_COUNT]; /* the value that the file gives the key, or NULL */
    bool good[KEY_COUNT];                /* it is stored: from the file, or the default */
};

static size_t index_of(const struct reader *r, const char *path)
{
    return (size_t)(keys_find(slice_of(path)) - r->keys);
}

static const struct node *found(const struct reader *r, const char *path)
{
    return r->found[index_of(r, path)];
}

static bool is_good(const struct reader *r, const char *path)
{
    return r->good[index_of(r, path)];
}

static bool is_nothing(const struct node *n)
{
    return n->plain &&
           (n->text.n == 0 || slice_eq(n->text, SLICE_LITERAL("~")) || slice_eq(n->text, SLICE_LITERAL("null")));
}

static void refuse(struct reader *r, const struct conf_key *key, const struct node *n, const char *expected)
{
    if (is_nothing(n))
        conf_problem_add(r->a, r->problems, n->at, key->path, "%s, found nothing", expected);
    else
        conf_problem_add(r->a, r->problems, n->at, key->path, "%s, found \"%s\"", expected,
                         problem_show(r->a, n->text));
}

static void refuse_kind(struct reader *r, const struct conf_key *key, const struct node *n)
{
    const char *expected = value_expected(key, r->a);
    if (n->kind == NODE_SCALAR && is_nothing(n))
        conf_problem_add(r->a, r->problems, n->at, key->path, "expected %s, found nothing", expected);
    else if (n->kind != NODE_REFUSED) /* that has its problem already */
        conf_problem_add(r->a, r->problems, n->at, key->path, "expected %s, found %s", expected,
                         tree_kind_name(n->kind));
}

/* A number or a truth value in quotes is a text. */
static bool is_quoted_wrongly(const struct conf_key *key, const struct node *n)
{
    return !n->plain && (key->type == CONF_NUMBER || key->type == CONF_BOOL);
}

static void read_scalar(struct reader *r, const struct conf_key *key, const struct node *n)
{
    if (is_quoted_wrongly(key, n)) {
        conf_problem_add(r->a, r->problems, n->at, key->path, "expected %s without quotes, found the text \"%s\"",
                         value_expected(key, r->a), problem_show(r->a, n->text));
        return;
    }
    const char *expected = NULL;
    if (is_nothing(n))
        expected = (const char *)arena_format(r->a, "expected %s", value_expected(key, r->a)).p;
    else
        expected = value_store(key, n->text, r->a, r->conf);
    if (expected)
        refuse(r, key, n, expected);
    r->good[key - r->keys] = expected == NULL;
}

static bool uri_item_ok(struct reader *r, const struct conf_key *key, const struct node *item)
{
    if (item->kind != NODE_SCALAR) {
        if (item->kind != NODE_REFUSED)
            conf_problem_add(r->a, r->problems, item->at, key->path, "expected a URI, found %s",
                             tree_kind_name(item->kind));
        return false;
    }
    const char *fault = value_uri_fault(item->text);
    if (fault)
        refuse(r, key, item, fault);
    return fault == NULL;
}

static void read_uris(struct reader *r, const struct conf_key *key, const struct node *list)
{
    struct slice uris[CONF_URIS_MAX];
    size_t count = 0, good = 0;
    for (const struct node *item = list->first; item; item = item->next) {
        if (++count > CONF_URIS_MAX)
            continue;
        if (uri_item_ok(r, key, item))
            uris[good++] = item->text;
    }
    if (count < key->least || count > key->most)
        conf_problem_add(r->a, r->problems, list->at, key->path, "expected %s, found a list of %zu",
                         value_expected(key, r->a), count);
    else if (good == count) {
        value_store_uris(key, uris, good, r->a, r->conf);
        r->good[key - r->keys] = true;
    }
}

static void read_value(struct reader *r, const struct conf_key *key, const struct node *n)
{
    if (n->kind == NODE_SCALAR)
        read_scalar(r, key, n);
    else if (n->kind == NODE_LIST && key->type == CONF_URIS)
        read_uris(r, key, n);
    else
        refuse_kind(r, key, n);
}

static void refuse_unknown(struct reader *r, struct slice path, const struct node *n)
{
    const struct conf_key *nearest = keys_nearest(path);
    const char *shown = problem_show(r->a, path);
    if (nearest && slice_eq(path, slice_of(nearest->path)))
        conf_problem_add(r->a, r->problems, n->at, shown, "unknown key; write its last part inside its section");
    else if (nearest)
        conf_problem_add(r->a, r->problems, n->at, shown, "unknown key; did you mean %s?", nearest->path);
    else
        conf_problem_add(r->a, r->problems, n->at, shown, "unknown key");
}

/* True when the key is known and new. */
static bool key_ok(struct reader *r, const struct conf_key *key, struct slice path, const struct node *n)
{
    if (!key) {
        refuse_unknown(r, path, n);
        return false;
    }
    const struct node *earlier = r->found[key - r->keys];
    if (earlier)
        conf_problem_add(r->a, r->problems, n->at, key->path, "given a second time; the first is on line %u",
                         earlier->at.line);
    return !earlier;
}

/* The key's whole path; NUL is an octet like any other, so that "base\\0x" is not base. */
static struct slice path_of(struct reader *r, const char *section, struct slice name)
{
    size_t n = strlen(section), at = n ? n + 1 : 0;
    uint8_t *p = arena_alloc(r->a, at + name.n + 1);
    memcpy(p, section, n);
    if (n)
        p[n] = '.';
    if (name.n)
        memcpy(p + at, name.p, name.n);
    return slice_make(p, at + name.n);
}

static void read_map(struct reader *r, const struct node *map, const char *section);

static void read_pair(struct reader *r, const struct node *name, const char *section)
{
    const struct node *value = name->next;
    if (name->kind != NODE_SCALAR) {
        if (name->kind != NODE_REFUSED)
            conf_problem_add(r->a, r->problems, name->at, section, "expected a key, found %s",
                             tree_kind_name(name->kind));
        return;
    }
    struct slice path = path_of(r, section, name->text);
    bool dotted = name->text.n && memchr(name->text.p, '.', name->text.n);
    const struct conf_key *key = dotted ? NULL : keys_find(path);
    if (!key_ok(r, key, path, name) || !key || !value)
        return;
    r->found[key - r->keys] = value;
    if (key->type != CONF_SECTION)
        read_value(r, key, value);
    else if (value->kind == NODE_MAP)
        read_map(r, value, key->path);
    else
        refuse_kind(r, key, value);
}

static void read_map(struct reader *r, const struct node *map, const char *section)
{
    for (const struct node *n = map->first; n && !problem_full(r->problems); n = n->next ? n->next->next : NULL)
        read_pair(r, n, section);
}

/* The mapping that the key belongs in, or NULL where that is of another kind or not there. */
static const struct node *section_of(const struct reader *r, const struct conf_key *key, const struct node *root)
{
    struct slice path = slice_of(key->path);
    while (path.n && path.p[path.n - 1] != '.')
        path.n--;
    if (path.n == 0)
        return root;
    const struct node *n = r->found[keys_find(slice_upto(path, path.n - 1)) - r->keys];
    return n && n->kind == NODE_MAP ? n : NULL;
}

static void settle_absent(struct reader *r, const struct conf_key *key, const struct node *root)
{
    const struct node *section = section_of(r, key, root);
    if (key->required && section)
        conf_problem_add(r->a, r->problems, section->at, key->path, "missing: expected %s", value_expected(key, r->a));
    if (key->by_default)
        r->good[key - r->keys] = value_store(key, slice_of(key->by_default), r->a, r->conf) == NULL;
}

static void check_simple(struct reader *r)
{
    static const char *const needed[] = {"directory.bind.dn", "directory.bind.password_file"};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!found(r, needed[i]) && (i == 0 || !found(r, "directory.bind.password_credential")))
            conf_problem_add(r->a, r->problems, found(r, "directory.bind.method")->at, needed[i],
                             "missing: a simple bind needs %s", value_expected(keys_find(slice_of(needed[i])), r->a));
}

static void check_external(struct reader *r)
{
    static const char *const idle[] = {"directory.bind.dn", "directory.bind.password_file",
                                       "directory.bind.password_credential"};
    for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++)
        if (found(r, idle[i]))
            conf_problem_add(r->a, r->problems, found(r, idle[i])->at, idle[i],
                             "an external bind has no DN and no password; remove it, or use method simple");
}

static void check_pair(struct reader *r, const char *path, const char *partner)
{
    if (found(r, path) && !found(r, partner))
        conf_problem_add(r->a, r->problems, found(r, path)->at, path, "needs %s too", partner);
}

static void check_alone(struct reader *r, const char *path, const char *other)
{
    if (found(r, path) && found(r, other))
        conf_problem_add(r->a, r->problems, found(r, path)->at, path, "takes the place of %s: give one of them", other);
}

/* The directory would refuse to be opened so; here the administrator reads it before anything is started. */
static void check_plaintext(struct reader *r)
{
    if (!is_good(r, "directory.uri") || !is_good(r, "directory.allow_plaintext") ||
        !is_good(r, "directory.tls.start_tls") || r->conf->allow_plaintext ||
        r->conf->tls.start_tls == CONF_START_TLS_REQUIRED)
        return;
    for (const char *const *uri = r->conf->uris; *uri; uri++)
        if (value_uri_is_plaintext(slice_of(*uri))) {
            conf_problem_add(r->a, r->problems, found(r, "directory.uri")->at, "directory.uri",
                             "the password would cross \"%s\" readable: use ldaps:// or ldapi://, or set "
                             "directory.tls.start_tls: required, or directory.allow_plaintext: true",
                             problem_show(r->a, slice_of(*uri)));
            return;
        }
}

/* What is not given is as often as it always was. */
static void check_full_interval(struct reader *r)
{
    static const char path[] = "full_interval_s";
    if (!found(r, path))
        r->conf->full_interval_s = r->conf->interval_s;
    else if (is_good(r, path) && is_good(r, "interval_s") && r->conf->full_interval_s < r->conf->interval_s)
        conf_problem_add(r->a, r->problems, found(r, path)->at, path, "expected at least interval_s (%u), found \"%u\"",
                         r->conf->interval_s, r->conf->full_interval_s);
}

static void check_together(struct reader *r)
{
    check_full_interval(r);
    check_pair(r, "directory.tls.cert_file", "directory.tls.key_file");
    check_pair(r, "directory.tls.key_file", "directory.tls.cert_file");
    check_alone(r, "directory.tls.ca_directory", "directory.tls.ca_file");
    if (!is_good(r, "directory.bind.method"))
        return;
    switch (r->conf->bind.method) {
    case CONF_BIND_SIMPLE:
        check_simple(r);
        check_plaintext(r);
        break;
    case CONF_BIND_EXTERNAL:
        check_external(r);
        break;
    }
}

static void read_root(struct reader *r, const struct tree *tree)
{
    const struct node *root = tree->root;
    static const struct place start = {1, 1};
    if (!root || root->kind != NODE_MAP) {
        if (tree->whole && (!root || root->kind != NODE_REFUSED))
            conf_problem_add(r->a, r->problems, root ? root->at : start, NULL,
                             "expected a mapping that has at least directory and base, found %s",
                             !root || (root->kind == NODE_SCALAR && is_nothing(root)) ? "nothing"
                                                                                      : tree_kind_name(root->kind));
        return;
    }
    read_map(r, root, "");
    if (!tree->whole)
        return;
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (!r->found[i])
            settle_absent(r, &r->keys[i], root);
    check_together(r);
}

/* What log.to says, as an enum: its choices come first, in the enum's order. */
static void derive(struct conf *conf)
{
    int i = value_choice(keys_find(SLICE_LITERAL("log.to"))->choices, slice_of(conf->log.to));
    conf->log.target = i < 0 ? CONF_LOG_FILE : (enum conf_log_target)i;
}

/* @source RFC 3629 section 6: a signature, which belongs to no line */
static struct slice without_signature(struct slice text)
{
    static const uint8_t signature[] = {0xef, 0xbb, 0xbf};
    struct slice s = slice_make(signature, sizeof signature);
    return slice_starts(text, s) ? slice_from(text, s.n) : text;
}

enum rc conf_parse(struct slice text, struct arena *a, struct conf *conf, struct conf_problems *problems)
{
    *conf = (struct conf){0};
    *problems = (struct conf_problems){0};
    struct reader r = {.a = a, .conf = conf, .problems = problems};
    size_t count;
    r.keys = conf_keys(&count);
    text = without_signature(text);
    if (text.n > FILE_OCTETS_MAX)
        conf_problem_add(a, problems, (struct place){0, 0}, NULL, "expected at most %d octets, found %zu",
                         (int)FILE_OCTETS_MAX, text.n);
    else if (tree_text_ok(text, a, problems)) {
        struct tree tree = tree_read(text, a, problems);
        read_root(&r, &tree);
    }
    problem_sort(problems);
    if (problems->count)
        return RC_INVALID;
    derive(conf);
    return RC_OK;
}

enum rc conf_read(const char *path, struct arena *a, struct conf *conf, struct conf_problems *problems)
{
    struct slice text;
    *conf = (struct conf){0};
    *problems = (struct conf_problems){0};
    if (!file_read(path, a, &text, problems))
        return RC_INVALID;
    return conf_parse(text, a, conf, problems);
}
