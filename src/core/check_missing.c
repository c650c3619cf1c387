/* SPDX-License-Identifier: Apache-2.0 */
/* Judges the entry: it must hold a certificate.  Only positive evidence counts; a value that is hidden is not missing.
 */
#include "core/check_names.h"

static bool is_on(const struct policy *policy)
{
    return policy->on_finding[CHECK_MISSING].stated;
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    (void)a;
    if (!in->shows_no_certificate)
        return;
    out->answer = ANSWER_VIOLATES;
    out->detail = slice_of("the entry has no certificate");
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    struct slice names = {NULL, 0};
    for (const char *const *n = in->policy->certificate_attributes; *n; n++)
        names = arena_format(a, "%.*s%s%s", SLICE_ARGS(names), names.n ? ", " : "", *n);
    return arena_format(a, "%.*s: the entry %s", SLICE_ARGS(names),
                        in->shows_no_certificate ? "surely has no value" : "has values, or was not shown to have none");
}

const struct check check_missing = {
    .id = CHECK_MISSING,
    .name = "missing",
    .title = "the entry has no certificate",
    .severity = SEVERITY_WARNING,
    .citation = "RFC 4523 section 4.1",
    .fix = "enrol the entry with the authority",
    .policy_attributes = "dircertOnFinding dircertCertificateAttribute",
    .of_subject = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
