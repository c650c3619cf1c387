/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler of policies, its table of rows and the files with the compilers of values share. */
#ifndef CORE_POLICY_PRIVATE_H
#define CORE_POLICY_PRIVATE_H

#include "core/policy.h"

bool request_type_find(struct slice name, enum request_type *type);

/* Compiles one value of a row into the policy; false, and *reason says what is wrong and what was expected. */
#define ROW_COMPILER(name)                                                                                             \
    bool name(struct arena *a, const struct policy_attribute *row, struct slice value, struct policy *p,               \
              struct slice *reason)

/* Always false. */
bool policy_refuse(struct slice *reason, struct slice why);
/* The row's range, and its unit in the reason. */
bool policy_read_integer(struct arena *a, const struct policy_attribute *row, struct slice value, unsigned *out,
                         struct slice *reason);
/* Which of the words it is, case ignored; the reason names the row's keywords. */
bool policy_read_keyword(struct arena *a, const struct policy_attribute *row, const char *const *words, size_t count,
                         struct slice value, unsigned *index, struct slice *reason);
#define READ_KEYWORD(words, index)                                                                                     \
    policy_read_keyword(a, row, (words), sizeof(words) / sizeof *(words), value, (index), reason)

/* policy_values.c: what turns on a check and says what it compares with. */
ROW_COMPILER(value_renew_before);
ROW_COMPILER(value_max_validity);
ROW_COMPILER(value_min_rsa_bits);
ROW_COMPILER(value_allowed_curve);
ROW_COMPILER(value_allowed_signature);
ROW_COMPILER(value_key_usage);
ROW_COMPILER(value_required_eku);
ROW_COMPILER(value_forbidden_eku);
ROW_COMPILER(value_allow_ca);
ROW_COMPILER(value_allowed_issuer);
ROW_COMPILER(value_trust_anchor);
ROW_COMPILER(value_revocation_check);
ROW_COMPILER(value_crl_max_age);
ROW_COMPILER(value_max_values);
ROW_COMPILER(value_unique);

#endif
