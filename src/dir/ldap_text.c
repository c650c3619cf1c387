/* SPDX-License-Identifier: Apache-2.0 */
#include "base/escape.h"
#include "dir/ldap_private.h"

enum { MESSAGE_CAP = 160, DN_CAP = 120, URL_CAP = 160 };

bool ldap_answer_read(struct ldap_dir *d, LDAPMessage *message, struct ldap_answer *answer)
{
    *answer = (struct ldap_answer){0};
    return ldap_parse_result(d->ld, message, &answer->code, &answer->matched, &answer->message, &answer->urls,
                             &answer->controls, 0) == LDAP_SUCCESS;
}

void ldap_answer_free(struct ldap_answer *answer)
{
    ldap_memfree(answer->matched);
    ldap_memfree(answer->message);
    ber_memvfree((void **)answer->urls);
    ldap_controls_free(answer->controls);
    *answer = (struct ldap_answer){0};
}

const char *ldap_printable(struct ldap_dir *d, struct slice s, size_t cap)
{
    return (const char *)arena_format(&d->work, "%.*s", SLICE_ARGS(escape_text(&d->work, s, cap))).p;
}

const char *ldap_printable_dn(struct ldap_dir *d, struct slice dn, size_t cap)
{
    return (const char *)arena_format(&d->work, "%.*s", SLICE_ARGS(escape_rest(&d->work, dn, cap))).p;
}

const char *ldap_urls_text(struct ldap_dir *d, char *const *urls)
{
    const char *text = "";
    for (size_t i = 0; urls && urls[i] && i < 3; i++)
        text = (const char *)arena_format(&d->work, "%s%s%s", text, i ? " " : "",
                                          ldap_printable(d, slice_of(urls[i]), URL_CAP))
                   .p;
    return text;
}

const char *ldap_answer_text(struct ldap_dir *d, const struct ldap_answer *answer)
{
    bool said = answer->message && *answer->message;
    bool matched = answer->matched && *answer->matched;
    bool referred = answer->urls && answer->urls[0];
    return (const char *)arena_format(&d->work, "%s (%d)%s%s%s%s%s%s", ldap_err2string(answer->code), answer->code,
                                      said ? ": " : "",
                                      said ? ldap_printable(d, slice_of(answer->message), MESSAGE_CAP) : "",
                                      matched ? "; the nearest entry that is there: " : "",
                                      matched ? ldap_printable_dn(d, slice_of(answer->matched), DN_CAP) : "",
                                      referred ? "; referral: " : "", referred ? ldap_urls_text(d, answer->urls) : "")
        .p;
}

char *ldap_c_string(struct ldap_dir *d, struct slice s)
{
    if (s.n && memchr(s.p, 0, s.n))
        return NULL;
    char *copy = arena_alloc(&d->work, s.n + 1);
    if (s.n)
        memcpy(copy, s.p, s.n);
    return copy;
}
