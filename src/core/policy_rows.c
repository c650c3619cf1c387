/* SPDX-License-Identifier: Apache-2.0 */
/* The attributes of a policy, one row each, and how a value of each kind is compiled. */
#include "core/policy_private.h"

#include "base/gentime.h"
#include "base/hex.h"
#include "core/schema.h"

#include <inttypes.h>

static const char *const action_names[] = {[ACTION_REPORT] = "report",
                                           [ACTION_REISSUE] = "reissue",
                                           [ACTION_REVOKE] = "revoke",
                                           [ACTION_REISSUE_THEN_REVOKE] = "reissue-then-revoke"};
static const char *const reason_names[] = {[REASON_NONE] = "",
                                           [REASON_UNSPECIFIED] = "unspecified",
                                           [REASON_SUPERSEDED] = "superseded",
                                           [REASON_CESSATION] = "cessationOfOperation",
                                           [REASON_AFFILIATION] = "affiliationChanged",
                                           [REASON_PRIVILEGE] = "privilegeWithdrawn",
                                           [REASON_KEY_COMPROMISE] = "keyCompromise"};
static const char *const mode_names[] = {[MODE_OFF] = "off", [MODE_AUDIT] = "audit", [MODE_ENFORCE] = "enforce"};
static const char *const type_names[] = {[REQUEST_REISSUE] = "reissue", [REQUEST_REVOKE] = "revoke"};

const char *action_name(enum action a)
{
    return action_names[a];
}

const char *reason_name(enum reason r)
{
    return reason_names[r];
}

const char *mode_name(enum policy_mode m)
{
    return mode_names[m];
}

const char *request_type_name(enum request_type t)
{
    return type_names[t];
}

static bool find_word(const char *const *words, size_t count, struct slice word, unsigned *index)
{
    for (size_t i = 0; i < count; i++)
        if (words[i][0] && slice_eq_nocase(word, slice_of(words[i]))) {
            *index = (unsigned)i;
            return true;
        }
    return false;
}
#define FIND_WORD(words, word, index) find_word((words), sizeof(words) / sizeof *(words), (word), (index))

bool reason_find(struct slice name, enum reason *r)
{
    unsigned index;
    if (!FIND_WORD(reason_names, name, &index))
        return false;
    *r = (enum reason)index;
    return true;
}

/* The compilers of one value each, one for every type of attribute. */

bool policy_refuse(struct slice *reason, struct slice why)
{
    *reason = why;
    return false;
}

bool policy_read_integer(struct arena *a, const struct policy_attribute *row, struct slice value, unsigned *out,
                         struct slice *reason)
{
    uint64_t v;
    if (!slice_to_uint(value, (uint64_t)row->most, &v) || v < (uint64_t)row->least)
        return policy_refuse(reason, arena_format(a, "expected a whole number from %" PRId64 " to %" PRId64 "%s%s",
                                                  row->least, row->most, row->unit[0] ? " " : "", row->unit));
    *out = (unsigned)v;
    return true;
}

static bool add_target(struct arena *a, struct slice value, const struct target **list, size_t *count,
                       struct slice *reason)
{
    struct target *grown = ARENA_ARRAY(a, *count + 1, struct target);
    if (*count)
        memcpy(grown, *list, *count * sizeof *grown);
    if (!target_compile(a, arena_copy(a, value), &grown[*count], reason))
        return false;
    *list = grown;
    *count += 1;
    return true;
}

static ROW_COMPILER(compile_target)
{
    (void)row;
    return add_target(a, value, &p->targets, &p->target_count, reason);
}

static ROW_COMPILER(compile_exclude)
{
    (void)row;
    return add_target(a, value, &p->excludes, &p->exclude_count, reason);
}

static ROW_COMPILER(compile_precedence)
{
    return policy_read_integer(a, row, value, &p->precedence, reason);
}

static ROW_COMPILER(compile_version)
{
    unsigned v = 0;
    if (!policy_read_integer(a, row, value, &v, reason))
        return false;
    p->allowed_versions |= 1u << v;
    return true;
}

bool policy_read_keyword(struct arena *a, const struct policy_attribute *row, const char *const *words, size_t count,
                         struct slice value, unsigned *index, struct slice *reason)
{
    return find_word(words, count, value, index) ||
           policy_refuse(reason, arena_format(a, "expected one of: %s", row->keywords));
}

static ROW_COMPILER(compile_mode)
{
    unsigned index;
    if (!READ_KEYWORD(mode_names, &index))
        return false;
    p->mode = (enum policy_mode)index;
    return true;
}

static ROW_COMPILER(compile_name_match)
{
    static const char *const words[] = {[MATCH_NONE] = "none",
                                        [MATCH_CN] = "cn",
                                        [MATCH_SAN] = "san",
                                        [MATCH_CN_AND_SAN] = "cn-and-san",
                                        [MATCH_CN_OR_SAN] = "cn-or-san"};
    unsigned index;
    if (!READ_KEYWORD(words, &index))
        return false;
    p->name_match = (enum name_match)index;
    return true;
}

static ROW_COMPILER(compile_wildcard)
{
    static const char *const words[] = {"refuse", "allow"};
    unsigned index;
    if (!READ_KEYWORD(words, &index))
        return false;
    p->wildcard = index == 1;
    return true;
}

/* An attribute type without options: the union of plain and ;binary is taken anyway. */
static bool attribute_name_ok(struct slice word)
{
    for (size_t i = 0; i < word.n; i++) {
        uint8_t c = ascii_lower(word.p[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
            return false;
    }
    return word.n > 0;
}

static bool read_names(struct arena *a, struct slice value, const char *const **out, struct slice *reason)
{
    LIST_OF(const char *) names = {0};
    struct slice rest = value, word;
    while (slice_word(&rest, &word)) {
        if (!attribute_name_ok(word))
            return policy_refuse(reason,
                                 arena_format(a, "expected attribute names separated by spaces, without options"));
        *LIST_ADD(a, &names) = (const char *)arena_copy(a, word).p;
    }
    if (names.count == 0 || names.count > 8)
        return policy_refuse(reason, arena_format(a, "expected 1 to 8 attribute names separated by spaces"));
    *LIST_ADD(a, &names) = NULL;
    *out = names.items;
    return true;
}

static ROW_COMPILER(compile_certificate_attribute)
{
    (void)row;
    return read_names(a, value, &p->certificate_attributes, reason);
}

static ROW_COMPILER(compile_host_attribute)
{
    (void)row;
    return read_names(a, value, &p->host_attributes, reason);
}

static bool read_finding_check(struct arena *a, struct slice word, enum check_id *check, struct slice *reason)
{
    *check = check_find(word);
    if (*check != CHECK_COUNT)
        return true;
    return policy_refuse(reason, arena_format(a, "no check has this name; expected \"<check> <action> [reason]\""));
}

static ROW_COMPILER(compile_on_finding)
{
    (void)row;
    struct slice rest = value, word;
    enum check_id check;
    unsigned action;
    enum reason crl_reason = REASON_NONE;
    if (!slice_word(&rest, &word))
        return policy_refuse(reason, slice_of("expected \"<check> <action> [reason]\""));
    if (!read_finding_check(a, word, &check, reason))
        return false;
    if (!slice_word(&rest, &word) || !FIND_WORD(action_names, word, &action))
        return policy_refuse(reason, slice_of("the action is none of: report, reissue, revoke, reissue-then-revoke"));
    if (action != ACTION_REPORT && check_get(check)->reports_only)
        return policy_refuse(reason, arena_format(a, "%s can only be reported: no new certificate would mend it",
                                                  check_get(check)->name));
    if ((action == ACTION_REVOKE || action == ACTION_REISSUE_THEN_REVOKE) && !check_get(check)->may_revoke)
        return policy_refuse(
            reason, arena_format(a, "%s has no action that revokes: use report or reissue", check_get(check)->name));
    if (slice_word(&rest, &word) && !reason_find(word, &crl_reason))
        return policy_refuse(reason, slice_of("the reason is none of: unspecified, keyCompromise, affiliationChanged, "
                                              "superseded, cessationOfOperation, privilegeWithdrawn"));
    if (slice_trim(rest).n)
        return policy_refuse(reason, slice_of("text follows \"<check> <action> [reason]\""));
    if (p->on_finding[check].stated)
        return policy_refuse(
            reason, arena_format(a, "a second value for %s: one check has one action", check_get(check)->name));
    if (crl_reason == REASON_NONE && action == ACTION_REVOKE)
        crl_reason = REASON_UNSPECIFIED;
    if (crl_reason == REASON_NONE && action == ACTION_REISSUE_THEN_REVOKE)
        crl_reason = REASON_SUPERSEDED;
    p->on_finding[check].action = (enum action)action;
    p->on_finding[check].reason = crl_reason;
    p->on_finding[check].stated = true;
    return true;
}

static ROW_COMPILER(compile_approval)
{
    (void)a;
    (void)row;
    static const char *const words[] = {"manual", "auto"};
    struct slice rest = value, type_word, how_word;
    unsigned type, how;
    if (!slice_word(&rest, &type_word) || !slice_word(&rest, &how_word) || slice_trim(rest).n ||
        !FIND_WORD(type_names, type_word, &type) || !FIND_WORD(words, how_word, &how))
        return policy_refuse(reason, slice_of("expected \"reissue auto\", \"reissue manual\", \"revoke auto\" or "
                                              "\"revoke manual\""));
    p->automatic[type] = how == 1;
    return true;
}

static ROW_COMPILER(compile_confirmations)
{
    return policy_read_integer(a, row, value, &p->confirmations, reason);
}

static ROW_COMPILER(compile_max_requests)
{
    return policy_read_integer(a, row, value, &p->max_requests, reason);
}

static ROW_COMPILER(compile_max_percent)
{
    return policy_read_integer(a, row, value, &p->max_percent, reason);
}

static ROW_COMPILER(compile_min_subjects)
{
    return policy_read_integer(a, row, value, &p->min_subjects_percent, reason);
}

static ROW_COMPILER(compile_retention)
{
    return policy_read_integer(a, row, value, &p->retention_days, reason);
}

static ROW_COMPILER(compile_release)
{
    (void)row;
    struct slice rest = value, revision, count_word, until;
    struct release r;
    if (!slice_word(&rest, &revision) || !slice_word(&rest, &count_word) || !slice_word(&rest, &until) ||
        slice_trim(rest).n || !hex_is(revision, revision.n / 2) || revision.n != 16 ||
        !slice_to_uint(count_word, UINT32_MAX, &r.count) || !gentime_read(until, &r.until_utc))
        return policy_refuse(reason,
                             slice_of("expected \"<policy revision> <count> <until>\", exactly as the hold names it "
                                      "(until is a Generalized Time such as 20300131120000Z)"));
    r.revision = arena_copy(a, revision);
    struct release *grown = ARENA_ARRAY(a, p->release_count + 1, struct release);
    if (p->release_count)
        memcpy(grown, p->releases, p->release_count * sizeof *grown);
    grown[p->release_count++] = r;
    p->releases = grown;
    return true;
}

/* clang-format off */
static const struct policy_attribute rows[] = {
    {.name = ATTR_TARGET, .type = POLICY_TARGET, .multi = true, .governs = true, .unit = "",
     .citation = "RFC 4516", .compile = compile_target},
    {.name = ATTR_EXCLUDE, .type = POLICY_TARGET, .multi = true, .governs = true, .unit = "",
     .citation = "RFC 4516", .compile = compile_exclude},
    {.name = ATTR_PRECEDENCE, .type = POLICY_INTEGER, .governs = true, .unit = "", .least = 0, .most = 1000000,
     .fallback = "100", .citation = "-", .compile = compile_precedence},
    {.name = ATTR_MODE, .type = POLICY_KEYWORD, .unit = "", .keywords = "off audit enforce", .fallback = "audit",
     .citation = "-", .compile = compile_mode},
    {.name = ATTR_CERTIFICATE_ATTRIBUTE, .type = POLICY_NAMES, .unit = "", .fallback = "userCertificate",
     .citation = "RFC 4523 section 4.1", .compile = compile_certificate_attribute},
    {.name = ATTR_HOST_ATTRIBUTE, .type = POLICY_NAMES, .unit = "", .fallback = "dNSHostName",
     .citation = "MS-ADA1 section 2.185", .compile = compile_host_attribute},
    {.name = ATTR_ALLOWED_VERSION, .type = POLICY_INTEGER, .multi = true, .unit = "", .least = 1, .most = 3,
     .citation = "RFC 5280 section 4.1.2.1", .compile = compile_version},
    {.name = ATTR_NAME_MATCH, .type = POLICY_KEYWORD, .unit = "", .keywords = "none cn san cn-and-san cn-or-san",
     .fallback = "none", .citation = "RFC 9525 section 6", .compile = compile_name_match},
    {.name = ATTR_WILDCARD, .type = POLICY_KEYWORD, .unit = "", .keywords = "refuse allow", .fallback = "refuse",
     .citation = "RFC 9525 section 6.3", .compile = compile_wildcard},
    {.name = ATTR_ON_FINDING, .type = POLICY_FINDING, .multi = true, .unit = "",
     .citation = "RFC 5280 section 5.3.1", .compile = compile_on_finding},
    {.name = ATTR_APPROVAL, .type = POLICY_APPROVAL, .multi = true, .unit = "",
     .keywords = "reissue auto, reissue manual, revoke auto, revoke manual", .citation = "-",
     .compile = compile_approval},
    {.name = ATTR_CONFIRMATIONS, .type = POLICY_INTEGER, .unit = "passes", .least = 1, .most = 1000,
     .fallback = "2", .citation = "-", .compile = compile_confirmations},
    {.name = ATTR_MAX_REQUESTS, .type = POLICY_INTEGER, .unit = "requests in 24 hours", .least = 0,
     .most = 100000000, .fallback = "100", .citation = "-", .compile = compile_max_requests},
    {.name = ATTR_MAX_PERCENT, .type = POLICY_INTEGER, .unit = "per cent of the subjects", .least = 0, .most = 100,
     .fallback = "10", .citation = "-", .compile = compile_max_percent},
    {.name = ATTR_MIN_SUBJECTS_PERCENT, .type = POLICY_INTEGER, .unit = "per cent of the last complete pass",
     .least = 0, .most = 100, .fallback = "90", .citation = "-", .compile = compile_min_subjects},
    {.name = ATTR_RELEASE, .type = POLICY_RELEASE, .multi = true, .unit = "", .citation = "RFC 4517 section 3.3.13",
     .compile = compile_release},
    {.name = ATTR_RETENTION_DAYS, .type = POLICY_INTEGER, .unit = "days", .least = 0, .most = 36500,
     .fallback = "90", .citation = "-", .compile = compile_retention},
    {.name = ATTR_RENEW_BEFORE, .type = POLICY_DURATION, .unit = "", .example = "30d",
     .form = "a time before the end such as 30d (s, h, d or w), or a share of the life from 1% to 99%",
     .citation = "RFC 5280 section 4.1.2.5", .compile = value_renew_before},
    {.name = ATTR_MAX_VALIDITY, .type = POLICY_DURATION, .unit = "", .example = "397d",
     .form = "a time such as 397d (s, h, d or w), or cabf",
     .citation = "CA/Browser Forum Baseline Requirements section 6.3.2", .compile = value_max_validity},
    {.name = ATTR_MIN_RSA_BITS, .type = POLICY_INTEGER, .unit = "bits", .least = 512, .most = 65536, .example = "2048",
     .citation = "NIST SP 800-57 part 1 section 5.6.1", .compile = value_min_rsa_bits},
    {.name = ATTR_ALLOWED_CURVE, .type = POLICY_ALGORITHM, .multi = true, .unit = "", .example = "P-256",
     .form = "the name of a curve such as P-256, or an OID in dotted decimal",
     .citation = "RFC 5480 section 2.1.1, RFC 8410 section 3", .compile = value_allowed_curve},
    {.name = ATTR_ALLOWED_SIGNATURE, .type = POLICY_ALGORITHM, .multi = true, .unit = "",
     .example = "sha256WithRSAEncryption",
     .form = "the name of a signature algorithm such as sha256WithRSAEncryption, or an OID in dotted decimal",
     .citation = "RFC 5280 section 4.1.1.2", .compile = value_allowed_signature},
    {.name = ATTR_KEY_USAGE, .type = POLICY_KEYWORD, .multi = true, .unit = "", .example = "digitalSignature",
     .keywords = "digitalSignature nonRepudiation contentCommitment keyEncipherment dataEncipherment keyAgreement "
                 "keyCertSign cRLSign encipherOnly decipherOnly",
     .citation = "RFC 5280 section 4.2.1.3", .compile = value_key_usage},
    {.name = ATTR_REQUIRED_EKU, .type = POLICY_ALGORITHM, .multi = true, .unit = "", .example = "serverAuth",
     .form = "the name of a key purpose such as serverAuth, or an OID in dotted decimal",
     .citation = "RFC 5280 section 4.2.1.12", .compile = value_required_eku},
    {.name = ATTR_FORBIDDEN_EKU, .type = POLICY_ALGORITHM, .multi = true, .unit = "", .example = "anyExtendedKeyUsage",
     .form = "the name of a key purpose such as anyExtendedKeyUsage, or an OID in dotted decimal",
     .citation = "RFC 5280 section 4.2.1.12", .compile = value_forbidden_eku},
    {.name = ATTR_ALLOW_CA, .type = POLICY_KEYWORD, .unit = "", .keywords = "TRUE FALSE", .example = "FALSE",
     .citation = "RFC 5280 section 4.2.1.9", .compile = value_allow_ca},
    {.name = ATTR_ALLOWED_ISSUER, .type = POLICY_DISTINGUISHED_NAME, .multi = true, .unit = "", .example = "CN=Issuing CA,O=Example",
     .form = "a name as RFC 4514 writes it, such as CN=Issuing CA,O=Example",
     .citation = "RFC 5280 sections 4.1.2.4 and 7.1", .compile = value_allowed_issuer},
    {.name = ATTR_TRUST_ANCHOR, .type = POLICY_DISTINGUISHED_NAME, .multi = true, .unit = "",
     .form = "the distinguished name of an entry of class pkiCA", .citation = "RFC 5280 section 6.1, RFC 4523 section 3.2",
     .compile = value_trust_anchor},
    {.name = ATTR_REVOCATION_CHECK, .type = POLICY_KEYWORD, .unit = "", .keywords = "none crl", .fallback = "none",
     .citation = "RFC 5280 section 6.3", .compile = value_revocation_check},
    {.name = ATTR_CRL_MAX_AGE, .type = POLICY_DURATION, .unit = "", .example = "7d",
     .form = "a time such as 7d (s, h, d or w)", .citation = "RFC 5280 section 5.1.2.4", .compile = value_crl_max_age},
    {.name = ATTR_MAX_VALUES, .type = POLICY_INTEGER, .unit = "certificates", .least = 1, .most = 1000000,
     .example = "3", .citation = "RFC 4523 section 4.1", .compile = value_max_values},
    {.name = ATTR_UNIQUE, .type = POLICY_KEYWORD, .multi = true, .unit = "", .keywords = "host-name key certificate",
     .citation = "RFC 9525 section 2, RFC 5280 sections 4.1.2.6 and 4.1.2.7", .compile = value_unique},
};
/* clang-format on */

const struct policy_attribute *policy_attributes(size_t *count)
{
    *count = sizeof rows / sizeof *rows;
    return rows;
}

bool request_type_find(struct slice name, enum request_type *type)
{
    unsigned index;
    if (!FIND_WORD(type_names, name, &index))
        return false;
    *type = (enum request_type)index;
    return true;
}
