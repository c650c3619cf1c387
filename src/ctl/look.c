/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/look.h"

#include "base/digest.h"
#include "base/dn.h"
#include "base/hex.h"
#include "core/schema.h"

struct slice look_child(const struct ctl *ctl, const char *rdn)
{
    return arena_format(ctl->arena, "%s,%.*s", rdn, SLICE_ARGS(ctl->base));
}

/* Reading. */

struct entry look_copy(struct arena *a, const struct entry *e)
{
    struct attribute *attributes = ARENA_ARRAY(a, e->count, struct attribute);
    for (size_t i = 0; i < e->count; i++) {
        const struct attribute *from = &e->attributes[i];
        struct slice *values = ARENA_ARRAY(a, from->count, struct slice);
        for (size_t k = 0; k < from->count; k++)
            values[k] = arena_copy(a, from->values[k]);
        attributes[i] = (struct attribute){.name = arena_copy(a, from->name),
                                           .options = arena_copy(a, from->options),
                                           .values = values,
                                           .count = from->count};
    }
    return (struct entry){.dn = arena_copy(a, e->dn), .attributes = attributes, .count = e->count};
}

struct collecting {
    struct arena *arena;
    entry_list *list;
};

static void forget(void *context)
{
    struct collecting *c = context;
    c->list->count = 0;
}

static void collect(void *context, const struct entry *e)
{
    struct collecting *c = context;
    struct entry copy = look_copy(c->arena, e);
    *LIST_ADD(c->arena, c->list) = copy;
}

enum rc look_search(const struct ctl *ctl, const struct dir_search *search, entry_list *list, struct fault *fault)
{
    struct collecting c = {ctl->arena, list};
    struct dir_sink sink = {.restart = forget, .entry = collect, .context = &c};
    *list = (entry_list){0};
    enum rc rc = dir_search(ctl->dir, search, &sink, fault);
    if (rc != RC_OK)
        list->count = 0;
    return rc;
}

int look_failed(const struct ctl *ctl, const char *what, const struct fault *fault)
{
    ctl_tell(ctl, "%s: %s", what, fault->text);
    return CTL_INCOMPLETE;
}

/* Writing. */

struct written {
    enum rc rc;
    struct fault fault;
};

static void remember(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    struct written *a = context;
    (void)index;
    a->rc = rc;
    if (rc != RC_OK)
        a->fault = *fault;
}

enum rc look_write(const struct ctl *ctl, const struct dir_change *change, struct fault *fault)
{
    struct written answer = {.rc = RC_FAULT};
    enum rc rc = dir_apply(ctl->dir, change, 1, remember, &answer, fault);
    if (answer.rc != RC_OK && answer.fault.text[0])
        *fault = answer.fault;
    return rc == RC_OK ? answer.rc : rc;
}

/* Names. */

struct slice look_name(struct slice dn)
{
    struct slice rdn = dn_first_rdn(dn), type;
    return slice_split(&rdn, '=', &type) && rdn.p ? slice_trim(rdn) : dn;
}

bool look_names(const char *asked, struct slice dn)
{
    struct slice s = slice_of(asked);
    return slice_eq_nocase(s, dn) || slice_eq_nocase(s, look_name(dn));
}

/* Requests by their id. */

static bool is_id(struct slice id)
{
    if (id.n < LOOK_ID_LEAST || id.n > DIGEST_HEX)
        return false;
    for (size_t i = 0; i < id.n; i++)
        if (hex_digit(id.p[i]) < 0)
            return false;
    return true;
}

enum rc look_request(const struct ctl *ctl, const char *id, struct request *request, struct entry *entry,
                     struct fault *fault)
{
    if (!is_id(slice_of(id)))
        return fault_set(fault, RC_INVALID, "not the id of a request, nor its first %d digits or more", LOOK_ID_LEAST);
    struct dir_search search = {.base = look_child(ctl, "ou=requests"),
                                .scope = DIR_ONE,
                                .filter = arena_format(ctl->arena, "(&(objectClass=" CLASS_REQUEST ")(%s=%s%s))",
                                                       ATTR_REQUEST_ID, id, strlen(id) < DIGEST_HEX ? "*" : "")};
    entry_list list;
    enum rc rc = look_search(ctl, &search, &list, fault);
    if (rc != RC_OK)
        return rc;
    if (list.count > 1)
        return fault_set(fault, RC_CONFLICT, "%zu requests begin so: give more digits", list.count);
    if (list.count == 0)
        return fault_set(fault, RC_NOT_FOUND, "there is no such request, or you may not see it");
    problem_list problems = {0};
    *request = request_read(ctl->arena, &list.items[0], &problems);
    if (entry)
        *entry = list.items[0];
    return RC_OK;
}
