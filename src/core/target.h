/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom a policy or a waiver governs: an LDAP URL without host.
 * @source RFC 4516; schema attributes dircertTarget, dircertExclude
 */
#ifndef CORE_TARGET_H
#define CORE_TARGET_H

#include "core/filter.h"

enum target_scope { TARGET_BASE, TARGET_ONE, TARGET_SUBTREE };

struct target {
    struct slice url;  /* as written */
    struct slice base; /* a DN; may be empty */
    enum target_scope scope;
    struct slice filter; /* "(objectClass=*)" when the URL has none */
    const struct filter *tree;
};

/*
 * ldap:///base?[attrs]?scope?filter, percent-decoded; the attrs are ignored.  False with *reason (in the arena) when
 * it is not of that form: a host, an unknown scope, a broken escape or filter, an extension.
 */
bool target_compile(struct arena *a, struct slice url, struct target *t, struct slice *reason);

#endif
