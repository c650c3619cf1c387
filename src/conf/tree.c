/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/tree.h"

#include <yaml.h>

#include "base/escape.h"

struct loader {
    yaml_parser_t parser;
    struct arena *a;
    struct conf_problems *problems;
    struct node *open[TREE_DEPTH_MAX]; /* the lists and mappings that are not ended yet */
    size_t depth;
    size_t documents;
    struct tree tree;
};

static struct place place_of(yaml_mark_t mark)
{
    return (struct place){(unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static struct slice slice_of_yaml(const yaml_char_t *text)
{
    return text ? slice_make(text, strlen((const char *)text)) : (struct slice){NULL, 0};
}

static struct node *add_node(struct loader *l, enum node_kind kind, yaml_mark_t mark)
{
    struct node *n = ARENA_NEW(l->a, struct node);
    *n = (struct node){.kind = kind, .at = place_of(mark)};
    if (l->depth == 0) {
        l->tree.root = n;
        return n;
    }
    struct node *parent = l->open[l->depth - 1];
    if (parent->last)
        parent->last->next = n;
    else
        parent->first = n;
    parent->last = n;
    return n;
}

static void refuse_marks(struct loader *l, yaml_mark_t mark, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        conf_problem_add(l->a, l->problems, place_of(mark), NULL, "anchors are not used here, found \"&%s\"",
                         problem_show(l->a, slice_of_yaml(anchor)));
    if (tag)
        conf_problem_add(l->a, l->problems, place_of(mark), NULL, "tags are not used here, found \"%s\"",
                         problem_show(l->a, slice_of_yaml(tag)));
}

static bool open_node(struct loader *l, enum node_kind kind, yaml_mark_t mark)
{
    if (l->depth == TREE_DEPTH_MAX) {
        conf_problem_add(l->a, l->problems, place_of(mark), NULL, "nested deeper than %d", (int)TREE_DEPTH_MAX);
        return false;
    }
    struct node *n = add_node(l, kind, mark);
    l->open[l->depth++] = n;
    return true;
}

static void add_scalar(struct loader *l, const yaml_event_t *e)
{
    struct node *n = add_node(l, NODE_SCALAR, e->start_mark);
    n->text = arena_copy(l->a, slice_make(e->data.scalar.value, e->data.scalar.length));
    n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static void refuse_alias(struct loader *l, const yaml_event_t *e)
{
    conf_problem_add(l->a, l->problems, place_of(e->start_mark), NULL, "aliases are not used here, found \"*%s\"",
                     problem_show(l->a, slice_of_yaml(e->data.alias.anchor)));
    add_node(l, NODE_REFUSED, e->start_mark);
}

static bool begin_document(struct loader *l, const yaml_event_t *e)
{
    if (l->documents++ == 0)
        return true;
    conf_problem_add(l->a, l->problems, place_of(e->start_mark), NULL, "expected one document, found a second");
    return false;
}

/* Takes one event; false when reading ends, with tree.whole telling whether at the text's end. */
static bool take(struct loader *l, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return true;
    case YAML_STREAM_END_EVENT:
        l->tree.whole = true;
        return false;
    case YAML_DOCUMENT_START_EVENT:
        return begin_document(l, e);
    case YAML_ALIAS_EVENT:
        refuse_alias(l, e);
        return !problem_full(l->problems);
    case YAML_SCALAR_EVENT:
        refuse_marks(l, e->start_mark, e->data.scalar.anchor, e->data.scalar.tag);
        add_scalar(l, e);
        return !problem_full(l->problems);
    case YAML_SEQUENCE_START_EVENT:
        refuse_marks(l, e->start_mark, e->data.sequence_start.anchor, e->data.sequence_start.tag);
        return open_node(l, NODE_LIST, e->start_mark);
    case YAML_MAPPING_START_EVENT:
        refuse_marks(l, e->start_mark, e->data.mapping_start.anchor, e->data.mapping_start.tag);
        return open_node(l, NODE_MAP, e->start_mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        l->depth--;
        return true;
    }
    return true;
}

static void not_yaml(struct loader *l)
{
    const yaml_parser_t *p = &l->parser;
    if (p->error == YAML_MEMORY_ERROR)
        arena_exhausted(0);
    conf_problem_add(l->a, l->problems, place_of(p->problem_mark), NULL, "not YAML: %s%s%s",
                     p->context ? p->context : "", p->context ? ", " : "", p->problem ? p->problem : "unreadable");
}

/* @source YAML 1.1 section 4.1.1: c-printable, and RFC 3629 */
static size_t character(struct slice s, uint32_t *code)
{
    size_t n = utf8_read(s, code);
    bool control = *code < 0x20 ? *code != '\t' && *code != '\n' && *code != '\r' : *code >= 0x7f && *code < 0xa0;
    return n == 0 || (control && *code != 0x85) || *code == 0xfffe || *code == 0xffff ? 0 : n;
}

bool tree_text_ok(struct slice text, struct arena *a, struct conf_problems *problems)
{
    struct place at = {1, 1};
    while (text.n) {
        uint32_t code = 0;
        size_t n = character(text, &code);
        if (n == 0) {
            conf_problem_add(a, problems, at, NULL, "expected printable UTF-8 text, found the octet 0x%02x", text.p[0]);
            return false;
        }
        at = code == '\n' ? (struct place){at.line + 1, 1} : (struct place){at.line, at.column + 1};
        text = slice_from(text, n);
    }
    return true;
}

struct tree tree_read(struct slice text, struct arena *a, struct conf_problems *problems)
{
    struct loader l = {.a = a, .problems = problems};
    if (!yaml_parser_initialize(&l.parser))
        arena_exhausted(sizeof l.parser);
    yaml_parser_set_encoding(&l.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&l.parser, text.p, text.n);
    for (bool more = true; more;) {
        yaml_event_t e;
        if (!yaml_parser_parse(&l.parser, &e)) {
            not_yaml(&l);
            break;
        }
        more = take(&l, &e);
        yaml_event_delete(&e);
    }
    yaml_parser_delete(&l.parser);
    return l.tree;
}

const char *tree_kind_name(enum node_kind kind)
{
    static const char *const names[] = {[NODE_SCALAR] = "a single value",
                                        [NODE_LIST] = "a list",
                                        [NODE_MAP] = "a mapping",
                                        [NODE_REFUSED] = "an alias"};
    return names[kind];
}
