/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler of policies and its table of rows share. */
#ifndef CORE_POLICY_PRIVATE_H
#define CORE_POLICY_PRIVATE_H

#include "core/policy.h"

bool request_type_find(struct slice name, enum request_type *type);

#endif
