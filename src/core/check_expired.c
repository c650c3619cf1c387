/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/check_shown.h"

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    if (!in->facts->readable) {
        out->answer = ANSWER_NOT_APPLICABLE;
    } else if (in->now_utc > in->facts->not_after_utc) {
        out->answer = ANSWER_VIOLATES;
        out->detail = arena_format(a, "notAfter %.*s", SLICE_ARGS(shown_time(a, in->facts->not_after_utc)));
    }
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    return names_times_shown(a, "notAfter", in->facts->not_after_utc, in->now_utc);
}

const struct check check_expired = {
    .id = CHECK_EXPIRED,
    .name = "expired",
    .title = "the validity period has ended",
    .severity = SEVERITY_WARNING,
    .citation = "RFC 5280 section 4.1.2.5",
    .fix = "renew the certificate, or remove it when nothing uses it",
    .policy_attributes = "-",
    .is_on = check_always_on,
    .run = run,
    .compared = compared,
};
