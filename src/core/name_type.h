/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short names of attribute types in distinguished names.
 * @source RFC 4514 section 3, RFC 4519 section 2; emailAddress: RFC 2985 section 5.2.1
 */
#ifndef CORE_NAME_TYPE_H
#define CORE_NAME_TYPE_H

#include "base/slice.h"

/* The content octets of the OID that a short name stands for, whatever its case; false: a name we do not know. */
bool name_type_find(struct slice word, struct slice *oid);
/* The name that we write for it; NULL: it is written in dotted decimal. */
const char *name_type_text(struct slice oid);

#endif
