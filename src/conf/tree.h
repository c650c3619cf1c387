/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of YAML that the configuration uses, as a small tree: mappings, lists and scalars in one document.  What
 * makes YAML surprising or slow is refused: anchors, aliases, tags, a second document, nesting over TREE_DEPTH_MAX.
 * @source YAML 1.1 (what libyaml reads)
 */
#ifndef CONF_TREE_H
#define CONF_TREE_H

#include "conf/problem.h"

enum { TREE_DEPTH_MAX = 16 };

enum node_kind {
    NODE_SCALAR,
    NODE_LIST,
    NODE_MAP,
    NODE_REFUSED, /* a problem says why */
};

struct node {
    enum node_kind kind;
    struct place at;
    struct slice text;  /* NODE_SCALAR */
    bool plain;         /* NODE_SCALAR: written without quotes */
    struct node *first; /* NODE_LIST: items; NODE_MAP: key, value, key, value ... */
    struct node *last;
    struct node *next;
};

struct tree {
    struct node *root; /* NULL: there is none */
    bool whole;        /* the text was read to its end; otherwise what is absent may only not have been reached */
};

/*
 * Reads text, which tree_text_ok has passed.  Nodes live in the arena; problems are added as they are met, and what
 * was read before one that ends the reading is in the tree.
 */
struct tree tree_read(struct slice text, struct arena *a, struct conf_problems *problems);
/* True when text is UTF-8 without characters that YAML forbids; else a problem says where. */
bool tree_text_ok(struct slice text, struct arena *a, struct conf_problems *problems);
/* "a list", "a mapping" and so on, for a problem's text. */
const char *tree_kind_name(enum node_kind kind);

#endif
