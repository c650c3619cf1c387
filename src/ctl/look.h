/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands read and write in the directory, and how they tell that it failed. */
#ifndef CTL_LOOK_H
#define CTL_LOOK_H

#include "core/request.h"
#include "ctl/ctl.h"

typedef LIST_OF(struct entry) entry_list;

/* Below the base of dircertd's tree: "ou=requests" gives "ou=requests,<base>". */
struct slice look_child(const struct ctl *ctl, const char *rdn);
/* dir_search into a list; everything is copied into the arena.  `list` is empty unless RC_OK. */
enum rc look_search(const struct ctl *ctl, const struct dir_search *search, entry_list *list,
                    struct fault *fault) MUST_USE;
/* One change; RC_OK: it was carried out. */
enum rc look_write(const struct ctl *ctl, const struct dir_change *change, struct fault *fault) MUST_USE;
/* Tells "<what>: <fault>", and returns CTL_INCOMPLETE. */
int look_failed(const struct ctl *ctl, const char *what, const struct fault *fault);

/* The value of the first RDN, as it stands; for a policy its cn. */
struct slice look_name(struct slice dn);
/* True when `asked` is that DN, or the value of its first RDN; case is ignored. */
bool look_names(const char *asked, struct slice dn);

enum { LOOK_ID_LEAST = 6 }; /* digits of a request's id that a person has to give */
/*
 * The one request whose id begins so, with all of its attributes in *entry.  RC_INVALID: that is no id; RC_NOT_FOUND;
 * RC_CONFLICT: several begin so; and what dir_search returns.  entry may be NULL.
 */
enum rc look_request(const struct ctl *ctl, const char *id, struct request *request, struct entry *entry,
                     struct fault *fault) MUST_USE;

/* Everything of the entry, in the arena. */
struct entry look_copy(struct arena *a, const struct entry *e);

#endif
