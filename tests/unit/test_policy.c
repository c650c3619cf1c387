/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: every attribute with good and bad values, defaults, revisions, and the policies that are shipped. */
#include "core/policy.h"
#include "core/schema.h"
#include "support/entrytext.h"
#include "support/jsonl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))

#define POLICY_DN "cn=p,ou=policies,ou=dircertd,dc=example"
#define TARGET    "ldap:///dc=example??sub?(objectClass=person)"

/* A directory's schema, as far as these tests need one. */
static bool knows(void *context, struct slice attribute)
{
    static const char *const names[] = {"objectClass", "cn", "uid", "dNSHostName", "userCertificate", "cACertificate",
                                        "host"};
    (void)context;
    for (size_t i = 0; i < COUNT(names); i++)
        if (slice_eq_nocase(attribute, slice_of(names[i])))
            return true;
    return false;
}

/* `lines`: attribute lines of LDIF, each with its newline; a target stands before them unless they have their own. */
static struct entry policy_entry(struct arena *a, const char *lines)
{
    struct slice text = arena_format(a, "dn: " POLICY_DN "\nobjectClass: dircertPolicy\ncn: p\n%s%s",
                                     strstr(lines, "dircertTarget:") ? "" : "dircertTarget: " TARGET "\n", lines);
    return entrytext_of(a, (const char *)text.p);
}

static const struct policy *compile(struct arena *a, const struct entry *e, problem_list *problems)
{
    return policy_compile(a, e, knows, NULL, problems);
}

/* What a good value makes of the policy. */

struct good_row {
    const char *name;
    const char *lines;
    bool (*holds)(const struct policy *p);
};

#define HOLDS(function, expression)                                                                                    \
    static bool function(const struct policy *p)                                                                      \
    {                                                                                                                  \
        return (expression);                                                                                           \
    }
HOLDS(one_target, p->target_count == 1 && p->targets[0].scope == TARGET_SUBTREE &&
                      slice_eq(p->targets[0].base, S("dc=example")))
HOLDS(two_targets, p->target_count == 2 && slice_eq(p->targets[1].base, S("ou=b")))
HOLDS(one_exclude, p->exclude_count == 1 && slice_eq(p->excludes[0].filter, S("(uid=x)")))
HOLDS(precedence_0, p->precedence == 0)
HOLDS(precedence_most, p->precedence == 1000000)
HOLDS(mode_off, p->mode == MODE_OFF)
HOLDS(mode_audit, p->mode == MODE_AUDIT)
HOLDS(mode_enforce, p->mode == MODE_ENFORCE)
HOLDS(certificates_two, strcmp(p->certificate_attributes[0], "userCertificate") == 0 &&
                            strcmp(p->certificate_attributes[1], "cACertificate") == 0 && !p->certificate_attributes[2])
HOLDS(hosts_two, strcmp(p->host_attributes[0], "cn") == 0 && strcmp(p->host_attributes[1], "host") == 0 &&
                     !p->host_attributes[2])
HOLDS(version_3, p->allowed_versions == 1U << 3)
HOLDS(versions_all, p->allowed_versions == (1U << 1 | 1U << 2 | 1U << 3))
HOLDS(match_none, p->name_match == MATCH_NONE)
HOLDS(match_cn, p->name_match == MATCH_CN)
HOLDS(match_san, p->name_match == MATCH_SAN)
HOLDS(match_both, p->name_match == MATCH_CN_AND_SAN)
HOLDS(match_either, p->name_match == MATCH_CN_OR_SAN)
HOLDS(wildcard_yes, p->wildcard)
HOLDS(wildcard_no, !p->wildcard)
HOLDS(finding_report, p->on_finding[CHECK_VERSION].stated && p->on_finding[CHECK_VERSION].action == ACTION_REPORT &&
                          p->on_finding[CHECK_VERSION].reason == REASON_NONE)
HOLDS(finding_reissue, p->on_finding[CHECK_VERSION].action == ACTION_REISSUE &&
                           p->on_finding[CHECK_VERSION].reason == REASON_NONE)
HOLDS(finding_reissue_reason, p->on_finding[CHECK_VERSION].action == ACTION_REISSUE &&
                                  p->on_finding[CHECK_VERSION].reason == REASON_CESSATION)
HOLDS(finding_revoke, p->on_finding[CHECK_VERSION].action == ACTION_REVOKE &&
                          p->on_finding[CHECK_VERSION].reason == REASON_UNSPECIFIED)
HOLDS(finding_then, p->on_finding[CHECK_VERSION].action == ACTION_REISSUE_THEN_REVOKE &&
                        p->on_finding[CHECK_VERSION].reason == REASON_SUPERSEDED)
HOLDS(finding_compromise, p->on_finding[CHECK_CN_MISMATCH].action == ACTION_REVOKE &&
                              p->on_finding[CHECK_CN_MISMATCH].reason == REASON_KEY_COMPROMISE)
HOLDS(finding_affiliation, p->on_finding[CHECK_SAN_MISMATCH].reason == REASON_AFFILIATION)
HOLDS(finding_privilege, p->on_finding[CHECK_NOT_YET_VALID].reason == REASON_PRIVILEGE)
HOLDS(finding_several, p->on_finding[CHECK_MALFORMED].action == ACTION_REISSUE &&
                           p->on_finding[CHECK_MISSING].action == ACTION_REISSUE &&
                           p->on_finding[CHECK_EXPIRED].action == ACTION_REISSUE &&
                               !p->on_finding[CHECK_VERSION].stated)
HOLDS(approval_both, p->automatic[REQUEST_REISSUE] && p->automatic[REQUEST_REVOKE])
HOLDS(approval_mixed, p->automatic[REQUEST_REISSUE] && !p->automatic[REQUEST_REVOKE])
HOLDS(confirmations_1, p->confirmations == 1)
HOLDS(confirmations_most, p->confirmations == 1000)
HOLDS(max_requests_0, p->max_requests == 0)
HOLDS(max_percent_100, p->max_percent == 100)
HOLDS(min_subjects_0, p->min_subjects_percent == 0)
HOLDS(retention_0, p->retention_days == 0)
HOLDS(retention_most, p->retention_days == 36500)
HOLDS(findings_new, p->on_finding[CHECK_CHAIN].action == ACTION_REVOKE &&
                        p->on_finding[CHECK_REVOKED].action == ACTION_REISSUE &&
                        p->on_finding[CHECK_POST_QUANTUM].stated && p->on_finding[CHECK_TOO_MANY_VALUES].stated &&
                        p->on_finding[CHECK_DUPLICATE_VALUE].action == ACTION_REPORT)
HOLDS(renew_30_days, p->renew_before.kind == RENEW_SECONDS && p->renew_before.value == 30 * 86400)
HOLDS(renew_12_hours, p->renew_before.kind == RENEW_SECONDS && p->renew_before.value == 12 * 3600)
HOLDS(renew_2_weeks, p->renew_before.kind == RENEW_SECONDS && p->renew_before.value == 14 * 86400)
HOLDS(renew_century, p->renew_before.kind == RENEW_SECONDS && p->renew_before.value == 36500LL * 86400)
HOLDS(renew_33_percent, p->renew_before.kind == RENEW_PERCENT && p->renew_before.value == 33)
HOLDS(renew_99_percent, p->renew_before.kind == RENEW_PERCENT && p->renew_before.value == 99)
HOLDS(validity_397_days, p->max_validity.rule == VALIDITY_AT_MOST && p->max_validity.seconds == 397 * 86400)
HOLDS(validity_1_second, p->max_validity.rule == VALIDITY_AT_MOST && p->max_validity.seconds == 1)
HOLDS(validity_cabf, p->max_validity.rule == VALIDITY_CABF)
HOLDS(bits_512, p->min_rsa_bits == 512)
HOLDS(bits_most, p->min_rsa_bits == 65536)
#define OID_IS(list, i, octets) slice_eq((list).items[i], S(octets))
HOLDS(curves_two, p->allowed_curves.count == 2 &&
                      OID_IS(p->allowed_curves, 0, "\x2a\x86\x48\xce\x3d\x03\x01\x07") &&
                      OID_IS(p->allowed_curves, 1, "\x2b\x65\x70"))
HOLDS(curves_once, p->allowed_curves.count == 1)
HOLDS(signatures_three,
      p->allowed_signatures.count == 3 &&
          OID_IS(p->allowed_signatures, 0, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b") &&
          OID_IS(p->allowed_signatures, 1, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a") &&
          OID_IS(p->allowed_signatures, 2, "\x88\x37\x05")) /* one that nobody here knows */
HOLDS(usages_every, p->key_usage == 0x1ff)
HOLDS(usage_commitment, p->key_usage == 1 << 1)
HOLDS(ekus, p->required_ekus.count == 2 && p->forbidden_ekus.count == 1 &&
                OID_IS(p->required_ekus, 0, "\x2b\x06\x01\x05\x05\x07\x03\x01") &&
                OID_IS(p->required_ekus, 1, "\x2b\x06\x01\x05\x05\x07\x03\x02") &&
                OID_IS(p->forbidden_ekus, 0, "\x55\x1d\x25\x00"))
HOLDS(ca_refused, p->ca_rule == CA_REFUSED)
HOLDS(ca_allowed, p->ca_rule == CA_ALLOWED && p->key_usage == 1 << 5)
HOLDS(issuers, p->allowed_issuers.count == 3 && slice_eq(p->allowed_issuers.items[0], S("CN=Example CA,O=Example,C=DE")) &&
                   slice_eq(p->allowed_issuers.items[1], S("2.5.4.3=#0C0178")) &&
                   slice_eq(p->allowed_issuers.items[2], S("CN=ends in a blank\\ ")))
HOLDS(anchors, p->trust_anchor_count == 2 && slice_eq(p->trust_anchors[0], S("cn=ca,dc=example")) &&
                   slice_eq(p->trust_anchors[1], S("cn=root,dc=example")))
HOLDS(crl, p->check_crl && p->crl_max_age_s == 0)
HOLDS(crl_none, !p->check_crl)
HOLDS(crl_age, p->check_crl && p->crl_max_age_s == 24 * 3600)
HOLDS(crl_age_kept, !p->check_crl && p->crl_max_age_s == 7 * 86400)
HOLDS(values_1, p->max_values == 1)
HOLDS(unique_all, p->unique == (UNIQUE_HOST_NAME | UNIQUE_KEY | UNIQUE_CERTIFICATE))
HOLDS(unique_key, p->unique == UNIQUE_KEY)
HOLDS(release_two, p->release_count == 2 && slice_eq(p->releases[0].revision, S("0123456789abcdef")) &&
                       p->releases[0].count == 250 && p->releases[0].until_utc == 1893456000 &&
                       p->releases[1].count == 0)
#define UNTIL "20300101000000Z"

static const struct good_row good_rows[] = {
    {"target", "dircertTarget: " TARGET "\n", one_target},
    {"target with blanks around it", "dircertTarget:   " TARGET " \n", one_target},
    {"two targets", "dircertTarget: " TARGET "\ndircertTarget: ldap:///ou=b??sub?(cn=x)\n", two_targets},
    {"exclude", "dircertExclude: ldap:///ou=b??sub?(uid=x)\n", one_exclude},
    {"precedence 0", "dircertPrecedence: 0\n", precedence_0},
    {"precedence 1000000", "dircertPrecedence: 1000000\n", precedence_most},
    {"mode off", "dircertMode: off\n", mode_off},
    {"mode audit", "dircertMode: audit\n", mode_audit},
    {"mode enforce", "dircertMode: enforce\n", mode_enforce},
    {"mode in capitals", "dircertMode: ENFORCE\n", mode_enforce},
    {"certificate attributes", "dircertCertificateAttribute: userCertificate  cACertificate\n", certificates_two},
    {"host attributes", "dircertHostAttribute: cn host\n", hosts_two},
    {"version 3", "dircertAllowedVersion: 3\n", version_3},
    {"every version", "dircertAllowedVersion: 3\ndircertAllowedVersion: 1\ndircertAllowedVersion: 2\n", versions_all},
    {"name match none", "dircertNameMatch: none\n", match_none},
    {"name match cn", "dircertNameMatch: cn\n", match_cn},
    {"name match san", "dircertNameMatch: san\n", match_san},
    {"name match cn-and-san", "dircertNameMatch: cn-and-san\n", match_both},
    {"name match cn-or-san", "dircertNameMatch: CN-or-SAN\n", match_either},
    {"wildcard allow", "dircertWildcard: allow\n", wildcard_yes},
    {"wildcard refuse", "dircertWildcard: refuse\n", wildcard_no},
    {"on finding report", "dircertOnFinding: version report\n", finding_report},
    {"on finding reissue", "dircertOnFinding: version  reissue\n", finding_reissue},
    {"on finding reissue with a reason", "dircertOnFinding: version reissue cessationOfOperation\n",
     finding_reissue_reason},
    {"on finding revoke", "dircertOnFinding: VERSION Revoke\n", finding_revoke},
    {"on finding reissue-then-revoke", "dircertOnFinding: version reissue-then-revoke\n", finding_then},
    {"on finding with keyCompromise", "dircertOnFinding: cn-mismatch revoke keyCompromise\n", finding_compromise},
    {"on finding with affiliationChanged", "dircertOnFinding: san-mismatch revoke affiliationchanged\n",
     finding_affiliation},
    {"on finding with privilegeWithdrawn", "dircertOnFinding: not-yet-valid revoke privilegeWithdrawn\n",
     finding_privilege},
    {"on findings that cannot revoke",
     "dircertOnFinding: malformed reissue\ndircertOnFinding: missing reissue\ndircertOnFinding: expired reissue\n",
     finding_several},
    {"approval auto", "dircertApproval: reissue auto\ndircertApproval: revoke auto\n", approval_both},
    {"approval mixed", "dircertApproval: Reissue  AUTO\ndircertApproval: revoke manual\n", approval_mixed},
    {"confirmations 1", "dircertConfirmations: 1\n", confirmations_1},
    {"confirmations 1000", "dircertConfirmations: 1000\n", confirmations_most},
    {"max requests 0", "dircertMaxRequests: 0\n", max_requests_0},
    {"max percent 100", "dircertMaxPercent: 100\n", max_percent_100},
    {"min subjects 0", "dircertMinSubjectsPercent: 0\n", min_subjects_0},
    {"retention 0", "dircertRetentionDays: 0\n", retention_0},
    {"retention 36500", "dircertRetentionDays: 36500\n", retention_most},
    {"on findings of every check",
     "dircertOnFinding: chain revoke keyCompromise\ndircertOnFinding: revoked reissue\ndircertOnFinding: post-quantum "
     "report\ndircertOnFinding: too-many-values report\ndircertOnFinding: duplicate-value report\n",
     findings_new},
    {"renew before 30d", "dircertRenewBefore: 30d\n", renew_30_days},
    {"renew before 30D", "dircertRenewBefore: 30D\n", renew_30_days},
    {"renew before 12h", "dircertRenewBefore: 12h\n", renew_12_hours},
    {"renew before 2w", "dircertRenewBefore: 2w\n", renew_2_weeks},
    {"renew before a century", "dircertRenewBefore: 3153600000s\n", renew_century},
    {"renew before 33%", "dircertRenewBefore: 33%\n", renew_33_percent},
    {"renew before 99%", "dircertRenewBefore: 99%\n", renew_99_percent},
    {"max validity 397d", "dircertMaxValidity: 397d\n", validity_397_days},
    {"max validity 1s", "dircertMaxValidity: 1s\n", validity_1_second},
    {"max validity cabf", "dircertMaxValidity: CABF\n", validity_cabf},
    {"min RSA bits 512", "dircertMinRSABits: 512\n", bits_512},
    {"min RSA bits 65536", "dircertMinRSABits: 65536\n", bits_most},
    {"curves", "dircertAllowedCurve: prime256v1\ndircertAllowedCurve: 1.3.101.112\n", curves_two},
    {"one curve by three names",
     "dircertAllowedCurve: P-256\ndircertAllowedCurve: secp256r1\ndircertAllowedCurve: 1.2.840.10045.3.1.7\n",
     curves_once},
    {"signatures",
     "dircertAllowedSignature: SHA256WITHRSAENCRYPTION\ndircertAllowedSignature: rsassaPss\n"
     "dircertAllowedSignature: 2.999.5\n",
     signatures_three},
    {"every key usage",
     "dircertKeyUsage: digitalSignature\ndircertKeyUsage: nonRepudiation\ndircertKeyUsage: keyEncipherment\n"
     "dircertKeyUsage: dataEncipherment\ndircertKeyUsage: keyAgreement\ndircertKeyUsage: keyCertSign\n"
     "dircertKeyUsage: crlsign\ndircertKeyUsage: encipherOnly\ndircertKeyUsage: decipherOnly\n",
     usages_every},
    {"key usage contentCommitment", "dircertKeyUsage: contentCommitment\ndircertKeyUsage: nonRepudiation\n",
     usage_commitment},
    {"purposes",
     "dircertRequiredEKU: serverAuth\ndircertRequiredEKU: id-kp-clientAuth\ndircertForbiddenEKU: anyExtendedKeyUsage\n",
     ekus},
    {"allow CA FALSE", "dircertAllowCA: FALSE\n", ca_refused},
    {"allow CA TRUE", "dircertAllowCA: TRUE\ndircertKeyUsage: keyCertSign\n", ca_allowed},
    {"issuers",
     "dircertAllowedIssuer: CN=Example CA,O=Example,C=DE\ndircertAllowedIssuer: 2.5.4.3=#0C0178\n"
     "dircertAllowedIssuer: CN=ends in a blank\\ \n",
     issuers},
    {"anchors", "dircertTrustAnchor: cn=ca,dc=example\ndircertTrustAnchor: cn=root,dc=example\n", anchors},
    {"revocation check crl", "dircertRevocationCheck: crl\n", crl},
    {"revocation check none", "dircertRevocationCheck: none\n", crl_none},
    {"CRL age", "dircertRevocationCheck: crl\ndircertCRLMaxAge: 24h\n", crl_age},
    {"CRL age while the check is off", "dircertRevocationCheck: none\ndircertCRLMaxAge: 7d\n", crl_age_kept},
    {"max values 1", "dircertMaxValues: 1\n", values_1},
    {"unique of all kinds", "dircertUnique: host-name\ndircertUnique: key\ndircertUnique: certificate\n", unique_all},
    {"unique key", "dircertUnique: Key\n", unique_key},
    {"releases",
     "dircertRelease: 0123456789abcdef 250 " UNTIL "\ndircertRelease: fedcba9876543210 0 203001010000Z\n", release_two},
};

static void test_good(void **state)
{
    const struct good_row *row = *state;
    struct arena a = {0};
    problem_list problems = {0};
    struct entry e = policy_entry(&a, row->lines);
    const struct policy *p = compile(&a, &e, &problems);
    if (problems.count)
        fail_msg("%.*s: %.*s", SLICE_ARGS(problems.items[0].attribute), SLICE_ARGS(problems.items[0].reason));
    assert_false(p->disabled);
    assert_false(p->target_unknown);
    assert_true(slice_eq(p->dn, S(POLICY_DN)));
    assert_true(slice_eq(p->name, S("p")));
    assert_true(row->holds(p));
    arena_free(&a);
}

/* What does not parse.  The last line is the one that is wrong. */

struct bad_row {
    const char *name;
    const char *before; /* good lines */
    const char *attribute, *value;
    const char *reason; /* a part of it */
};

/* What is wrong for every number, whatever its range. */
#define INTEGERS(attribute, least, most, reason)                                                                       \
    {attribute " below", "", attribute, least, reason}, {attribute " above", "", attribute, most, reason},            \
        {attribute " with a sign", "", attribute, "+5", reason},                                                      \
        {attribute " in words", "", attribute, "five", reason},                                                       \
        {attribute " with a fraction", "", attribute, "5.0", reason}, {attribute " empty", "", attribute, "", reason}, \
        {attribute " with a leading zero", "", attribute, "05", reason},                                              \
        {attribute " beyond 64 bits", "", attribute, "18446744073709551617", reason}, {                                \
        attribute " with its unit", "", attribute, "5 d", reason                                                       \
    }
#define TWICE(attribute, first, second)                                                                                \
    {                                                                                                                  \
        attribute " twice", attribute ": " first "\n", attribute, second, "a second value"                             \
    }
/* What is wrong for every duration. */
#define DURATIONS(attribute, reason)                                                                                   \
    {attribute " without a unit", "", attribute, "30", reason}, {attribute " without a number", "", attribute, "d", reason}, \
        {attribute " in months", "", attribute, "6m", reason}, {attribute " of nothing", "", attribute, "0d", reason},        \
        {attribute " with a sign", "", attribute, "-3d", reason}, {attribute " with a blank", "", attribute, "30 d", reason},    \
        {attribute " with a fraction", "", attribute, "1.5d", reason}, {attribute " in words", "", attribute, "30 days", reason},  \
        {attribute " of two", "", attribute, "1w2d", reason}, {attribute " empty", "", attribute, "", reason},                       \
        {attribute " over a century", "", attribute, "36501d", reason},                                                               \
        {attribute " beyond 64 bits", "", attribute, "99999999999999999999s", reason},                                                 \
        {attribute " with a leading zero", "", attribute, "030d", reason}
/* What is wrong for every name of an algorithm. */
#define ALGORITHMS(attribute, one, kind)                                                                               \
    {attribute " of two words", "", attribute, one " " one, "one value names one " kind ": state the attribute once for each"}, \
        {attribute " with a comma", "", attribute, one "," one, "expected the name of a " kind},                               \
        {attribute " empty", "", attribute, "", "expected the name of a " kind},                                                \
        {attribute " misspelt", "", attribute, one "x", "expected the name of a " kind},                                         \
        {attribute " with half an OID", "", attribute, "1.", "expected the name of a " kind},                                     \
        {attribute " with an impossible OID", "", attribute, "1.40.1", "expected the name of a " kind}

static const struct bad_row bad_rows[] = {
    {"target with a host", "", "dircertTarget", "ldap://h/dc=example??sub?(cn=x)", "ldap:///"},
    {"target without a scheme", "", "dircertTarget", "dc=example", "ldap:///"},
    {"target that is empty", "", "dircertTarget", "", "ldap:///"},
    {"target with a broken filter", "", "dircertTarget", "ldap:///dc=example??sub?(cn=x", "filter"},
    {"target with a broken scope", "", "dircertTarget", "ldap:///dc=example??all?(cn=x)", "scope"},
    {"target with a broken base", "", "dircertTarget", "ldap:///example??sub", "distinguished name"},
    {"target with a misspelt attribute", "", "dircertTarget", "ldap:///dc=example??sub?(objectClas=person)",
     "no attribute type objectClas"},
    {"target with a misspelt attribute inside", "", "dircertTarget",
     "ldap:///dc=example??sub?(&(cn=x)(!(|(uid=1)(uidd;x=2))))", "no attribute type uidd"},
    {"a second target that is broken", "dircertTarget: " TARGET "\n", "dircertTarget", "ldap:///x",
     "distinguished name"},
    {"exclude with a broken filter", "", "dircertExclude", "ldap:///dc=example??sub?cn=x", "filter"},
    {"exclude with a misspelt attribute", "", "dircertExclude", "ldap:///dc=example??sub?(nothing=x)",
     "no attribute type nothing"},
    INTEGERS("dircertPrecedence", "-1", "1000001", "expected a whole number from 0 to 1000000"),
    TWICE("dircertPrecedence", "5", "6"),
    {"mode misspelt", "", "dircertMode", "enforced", "expected one of: off audit enforce"},
    {"mode empty", "", "dircertMode", "", "expected one of: off audit enforce"},
    {"mode of two words", "", "dircertMode", "audit enforce", "expected one of: off audit enforce"},
    TWICE("dircertMode", "audit", "enforce"),
    {"certificate attribute with options", "", "dircertCertificateAttribute", "userCertificate;binary",
     "without options"},
    {"certificate attribute with a comma", "", "dircertCertificateAttribute", "userCertificate,cACertificate",
     "separated by spaces"},
    {"certificate attribute empty", "", "dircertCertificateAttribute", "", "expected 1 to 8"},
    {"certificate attributes, nine of them", "", "dircertCertificateAttribute", "cn cn cn cn cn cn cn cn cn",
     "expected 1 to 8"},
    {"certificate attribute misspelt", "", "dircertCertificateAttribute", "userCertificat",
     "no attribute type userCertificat"},
    TWICE("dircertCertificateAttribute", "userCertificate", "cACertificate"),
    {"host attribute with a colon", "", "dircertHostAttribute", "cn:", "separated by spaces"},
    {"host attribute empty", "", "dircertHostAttribute", " ", "expected 1 to 8"},
    {"host attribute misspelt", "", "dircertHostAttribute", "cn dnsName", "no attribute type dnsName"},
    TWICE("dircertHostAttribute", "cn", "host"),
    {"version 4", "", "dircertAllowedVersion", "4", "expected a whole number from 1 to 3"},
    {"version 0", "", "dircertAllowedVersion", "0", "expected a whole number from 1 to 3"},
    {"version v3", "", "dircertAllowedVersion", "v3", "expected a whole number from 1 to 3"},
    {"versions in one value", "", "dircertAllowedVersion", "1 3", "expected a whole number from 1 to 3"},
    {"a second version that is wrong", "dircertAllowedVersion: 3\n", "dircertAllowedVersion", "03", "from 1 to 3"},
    {"name match misspelt", "", "dircertNameMatch", "san-or-cn", "expected one of: none cn san cn-and-san cn-or-san"},
    {"name match empty", "", "dircertNameMatch", "", "expected one of"},
    TWICE("dircertNameMatch", "san", "cn"),
    {"wildcard TRUE", "", "dircertWildcard", "TRUE", "expected one of: refuse allow"},
    TWICE("dircertWildcard", "allow", "refuse"),
    {"on finding empty", "", "dircertOnFinding", "", "expected \"<check> <action> [reason]\""},
    {"on finding without an action", "", "dircertOnFinding", "version", "the action is none of"},
    {"on finding of no check", "", "dircertOnFinding", "versions reissue", "no check has this name"},
    {"on finding with no action of ours", "", "dircertOnFinding", "version renew", "the action is none of"},
    {"on finding with no reason of ours", "", "dircertOnFinding", "version revoke cACompromise",
     "the reason is none of"},
    {"on finding with a number for a reason", "", "dircertOnFinding", "version revoke 4", "the reason is none of"},
    {"on finding with text behind it", "", "dircertOnFinding", "version revoke superseded now", "text follows"},
    {"on finding twice", "dircertOnFinding: version report\n", "dircertOnFinding", "version reissue",
     "a second value for version"},
    {"on finding twice in another case", "dircertOnFinding: version reissue\n", "dircertOnFinding",
     "Version reissue superseded", "a second value for version"},
    {"malformed cannot revoke", "", "dircertOnFinding", "malformed revoke", "malformed has no action that revokes"},
    {"malformed cannot revoke later", "", "dircertOnFinding", "malformed reissue-then-revoke",
     "malformed has no action that revokes"},
    {"missing cannot revoke", "", "dircertOnFinding", "missing revoke", "missing has no action that revokes"},
    {"missing cannot revoke later", "", "dircertOnFinding", "missing reissue-then-revoke superseded",
     "missing has no action that revokes"},
    {"expired cannot revoke", "", "dircertOnFinding", "expired revoke keyCompromise",
     "expired has no action that revokes"},
    {"expired cannot revoke later", "", "dircertOnFinding", "expired reissue-then-revoke",
     "expired has no action that revokes"},
    {"approval of one word", "", "dircertApproval", "auto", "expected \"reissue auto\""},
    {"approval of no type", "", "dircertApproval", "issue auto", "expected \"reissue auto\""},
    {"approval of no kind", "", "dircertApproval", "reissue never", "expected \"reissue auto\""},
    {"approval the wrong way round", "", "dircertApproval", "auto reissue", "expected \"reissue auto\""},
    {"approval with text behind it", "", "dircertApproval", "reissue auto please", "expected \"reissue auto\""},
    {"approval empty", "", "dircertApproval", "", "expected \"reissue auto\""},
    {"approvals that contradict", "dircertApproval: reissue auto\n", "dircertApproval", "reissue manual",
     "a second value for reissue"},
    {"approvals of revoke that contradict", "dircertApproval: revoke manual\n", "dircertApproval", "Revoke auto",
     "a second value for revoke"},
    INTEGERS("dircertConfirmations", "0", "1001", "expected a whole number from 1 to 1000 passes"),
    TWICE("dircertConfirmations", "2", "3"),
    INTEGERS("dircertMaxRequests", "-1", "100000001", "expected a whole number from 0 to 100000000 requests"),
    TWICE("dircertMaxRequests", "2", "3"),
    INTEGERS("dircertMaxPercent", "-1", "101", "expected a whole number from 0 to 100 per cent"),
    TWICE("dircertMaxPercent", "2", "3"),
    {"dircertMaxPercent with the sign", "", "dircertMaxPercent", "10%", "expected a whole number"},
    INTEGERS("dircertMinSubjectsPercent", "-1", "101", "expected a whole number from 0 to 100 per cent"),
    TWICE("dircertMinSubjectsPercent", "2", "3"),
    INTEGERS("dircertRetentionDays", "-1", "36501", "expected a whole number from 0 to 36500 days"),
    TWICE("dircertRetentionDays", "2", "3"),
    {"release of two words", "", "dircertRelease", "0123456789abcdef 250", "exactly as the hold names it"},
    {"release with a short revision", "", "dircertRelease", "0123456789abcde 250 " UNTIL,
     "exactly as the hold names it"},
    {"release with a long revision", "", "dircertRelease", "0123456789abcdef0 250 " UNTIL,
     "exactly as the hold names it"},
    {"release with two digits less", "", "dircertRelease", "0123456789abcd 250 " UNTIL, "exactly as the hold names it"},
    {"release with two digits more", "", "dircertRelease", "0123456789abcdef01 250 " UNTIL,
     "exactly as the hold names it"},
    {"release with capitals", "", "dircertRelease", "0123456789ABCDEF 250 " UNTIL, "exactly as the hold names it"},
    {"release without a count", "", "dircertRelease", "0123456789abcdef all " UNTIL, "exactly as the hold names it"},
    {"release with a large count", "", "dircertRelease", "0123456789abcdef 4294967296 " UNTIL,
     "exactly as the hold names it"},
    {"release without an end", "", "dircertRelease", "0123456789abcdef 250 never", "exactly as the hold names it"},
    {"release until an impossible day", "", "dircertRelease", "0123456789abcdef 250 20300230000000Z",
     "exactly as the hold names it"},
    {"release with text behind it", "", "dircertRelease", "0123456789abcdef 250 " UNTIL " x",
     "exactly as the hold names it"},
    {"a check of the subject cannot revoke", "", "dircertOnFinding", "duplicate-host-name revoke", "can only be reported"},
    {"duplicate-host-name is only reported", "", "dircertOnFinding", "duplicate-host-name reissue", "can only be reported"},
    {"duplicate-value is only reported", "", "dircertOnFinding", "duplicate-value reissue", "can only be reported"},
    {"too-many-values is only reported", "", "dircertOnFinding", "too-many-values reissue-then-revoke",
     "can only be reported"},
    DURATIONS("dircertRenewBefore", "expected a time before the end such as 30d"),
    {"renew before 0%", "", "dircertRenewBefore", "0%", "from 1% to 99%"},
    {"renew before 100%", "", "dircertRenewBefore", "100%", "from 1% to 99%"},
    {"renew before %", "", "dircertRenewBefore", "%", "from 1% to 99%"},
    {"renew before 33 %", "", "dircertRenewBefore", "33 %", "from 1% to 99%"},
    TWICE("dircertRenewBefore", "30d", "33%"),
    DURATIONS("dircertMaxValidity", "expected a time such as 397d (s, h, d or w), or cabf"),
    {"max validity in per cent", "", "dircertMaxValidity", "33%", "or cabf"},
    {"max validity of another forum", "", "dircertMaxValidity", "cab", "or cabf"},
    TWICE("dircertMaxValidity", "397d", "cabf"),
    INTEGERS("dircertMinRSABits", "511", "65537", "expected a whole number from 512 to 65536 bits"),
    TWICE("dircertMinRSABits", "2048", "3072"),
    ALGORITHMS("dircertAllowedCurve", "P-256", "curve"),
    {"curve that is a kind of key", "", "dircertAllowedCurve", "1.2.840.10045.2.1",
     "this is id-ecPublicKey, a kind of key and no curve"},
    {"curve that is a key's name", "", "dircertAllowedCurve", "RSA", "expected the name of a curve"},
    ALGORITHMS("dircertAllowedSignature", "ecdsa-with-SHA256", "signature algorithm"),
    {"signature that is a kind of key", "", "dircertAllowedSignature", "1.2.840.113549.1.1.1",
     "this is rsaEncryption, a kind of key and no signature algorithm"},
    {"signature that two algorithms are called", "", "dircertAllowedSignature", "sha1WithRSA",
     "expected the name of a signature algorithm"},
    {"key usage misspelt", "", "dircertKeyUsage", "digitalSignatur", "expected one of: digitalSignature"},
    {"key usage of two words", "", "dircertKeyUsage", "digitalSignature keyAgreement", "expected one of"},
    {"key usage by its bit", "", "dircertKeyUsage", "0", "expected one of"},
    {"key usage empty", "", "dircertKeyUsage", "", "expected one of"},
    ALGORITHMS("dircertRequiredEKU", "serverAuth", "key purpose"),
    ALGORITHMS("dircertForbiddenEKU", "codeSigning", "key purpose"),
    {"purpose that is a curve", "", "dircertForbiddenEKU", "1.2.840.10045.3.1.7", "this is P-256, a curve and no key purpose"},
    {"purpose required and forbidden", "dircertRequiredEKU: clientAuth\ndircertRequiredEKU: serverAuth\n",
     "dircertForbiddenEKU", "1.3.6.1.5.5.7.3.1", "it is in dircertRequiredEKU too"},
    {"allow CA yes", "", "dircertAllowCA", "yes", "expected one of: TRUE FALSE"},
    {"allow CA empty", "", "dircertAllowCA", "", "expected one of: TRUE FALSE"},
    TWICE("dircertAllowCA", "TRUE", "FALSE"),
    {"keyCertSign where no authority is allowed", "dircertAllowCA: FALSE\n", "dircertKeyUsage", "keyCertSign",
     "only the certificate of an authority may have it"},
    {"issuer empty", "", "dircertAllowedIssuer", "", "expected a name as RFC 4514 writes it"},
    {"issuer without a type", "", "dircertAllowedIssuer", "Example CA", "expected a name as RFC 4514 writes it"},
    {"issuer as OpenSSL writes it", "", "dircertAllowedIssuer", "/C=DE/O=Example/CN=CA", "expected a name"},
    {"issuer that ends early", "", "dircertAllowedIssuer", "CN=Example CA,", "expected a name as RFC 4514 writes it"},
    {"issuer with an unknown type", "", "dircertAllowedIssuer", "NICKNAME=x", "expected a name as RFC 4514 writes it"},
    {"issuer with half an escape", "", "dircertAllowedIssuer", "CN=x\\", "expected a name as RFC 4514 writes it"},
    {"anchor empty", "", "dircertTrustAnchor", "", "expected the distinguished name of an entry"},
    {"anchor that is no name", "", "dircertTrustAnchor", "root", "expected the distinguished name of an entry"},
    {"revocation check ocsp", "", "dircertRevocationCheck", "ocsp", "expected one of: none crl"},
    {"revocation check TRUE", "", "dircertRevocationCheck", "TRUE", "expected one of: none crl"},
    TWICE("dircertRevocationCheck", "crl", "none"),
#define CRL "dircertRevocationCheck: crl\n"
    {"CRL age without a unit", CRL, "dircertCRLMaxAge", "7", "expected a time such as 7d"},
    {"CRL age in per cent", CRL, "dircertCRLMaxAge", "50%", "expected a time such as 7d"},
    {"CRL age of nothing", CRL, "dircertCRLMaxAge", "0h", "expected a time such as 7d"},
    {"CRL age twice", CRL "dircertCRLMaxAge: 7d\n", "dircertCRLMaxAge", "8d", "a second value"},
    {"CRL age where nothing looks at CRLs", "", "dircertCRLMaxAge", "7d", "nothing says that CRLs are looked at"},
    INTEGERS("dircertMaxValues", "0", "1000001", "expected a whole number from 1 to 1000000 certificates"),
    TWICE("dircertMaxValues", "2", "3"),
    {"unique misspelt", "", "dircertUnique", "hostname", "expected one of: host-name key certificate"},
    {"unique of two words", "", "dircertUnique", "key certificate", "expected one of: host-name key certificate"},
    {"unique empty", "", "dircertUnique", "", "expected one of: host-name key certificate"},
};

static bool is_governing(const char *attribute)
{
    return strcmp(attribute, "dircertTarget") == 0 || strcmp(attribute, "dircertExclude") == 0 ||
           strcmp(attribute, "dircertPrecedence") == 0;
}

static void test_bad(void **state)
{
    const struct bad_row *row = *state;
    struct arena a = {0};
    problem_list problems = {0};
    struct slice lines = arena_format(&a, "%s%s: %s\n", row->before, row->attribute, row->value);
    struct entry e = policy_entry(&a, (const char *)lines.p);
    const struct policy *p = compile(&a, &e, &problems);
    assert_int_equal(problems.count, 1);
    assert_true(slice_eq(problems.items[0].dn, S(POLICY_DN)));
    assert_true(slice_eq(problems.items[0].attribute, slice_of(row->attribute)));
    assert_true(slice_eq(problems.items[0].value, slice_of(row->value)));
    if (!strstr((const char *)problems.items[0].reason.p, row->reason))
        fail_msg("%.*s", SLICE_ARGS(problems.items[0].reason));
    assert_true(p->disabled);
    assert_int_equal(p->target_unknown, is_governing(row->attribute));
    assert_true(slice_eq(p->dn, S(POLICY_DN)));
    if (!p->target_unknown)
        assert_int_equal(p->target_count, 1); /* whom it governs still holds, so that nobody else takes them */
    arena_free(&a);
}

/* No attribute of the table is without a bad and a good row. */
static void every_attribute_has_rows(void **state)
{
    (void)state;
    size_t count;
    const struct policy_attribute *rows = policy_attributes(&count);
    for (size_t i = 0; i < count; i++) {
        unsigned bad = 0, good = 0;
        for (size_t k = 0; k < COUNT(bad_rows); k++)
            bad += strcmp(bad_rows[k].attribute, rows[i].name) == 0;
        for (size_t k = 0; k < COUNT(good_rows); k++)
            good += strstr(good_rows[k].lines, rows[i].name) != NULL;
        if (!bad || !good)
            fail_msg("%s has no row", rows[i].name);
    }
}

static void rows_are_whole(void **state)
{
    (void)state;
    size_t count;
    const struct policy_attribute *rows = policy_attributes(&count);
    for (size_t i = 0; i < count; i++) {
        const struct schema_attribute *s = schema_attribute_find(slice_of(rows[i].name));
        assert_non_null(s);
        assert_non_null(rows[i].unit);
        assert_non_null(rows[i].citation);
        assert_non_null(rows[i].compile);
        assert_true(rows[i].type != POLICY_INTEGER || rows[i].least < rows[i].most);
        assert_true(rows[i].type != POLICY_KEYWORD || rows[i].keywords);
        assert_int_equal(rows[i].multi, s->multi);
        bool has_form = rows[i].type == POLICY_DURATION || rows[i].type == POLICY_ALGORITHM ||
                        rows[i].type == POLICY_DISTINGUISHED_NAME;
        assert_int_equal(has_form, rows[i].form != NULL);
        assert_int_equal(rows[i].governs, is_governing(rows[i].name));
    }
}

static void defaults_hold(void **state)
{
    (void)state;
    struct arena a = {0};
    problem_list problems = {0};
    struct entry e = policy_entry(&a, "");
    const struct policy *p = compile(&a, &e, &problems);
    assert_int_equal(problems.count, 0);
    assert_int_equal(p->precedence, 100);
    assert_int_equal(p->mode, MODE_AUDIT);
    assert_string_equal(p->certificate_attributes[0], "userCertificate");
    assert_null(p->certificate_attributes[1]);
    assert_string_equal(p->host_attributes[0], "dNSHostName");
    assert_null(p->host_attributes[1]);
    assert_int_equal(p->allowed_versions, 0);
    assert_int_equal(p->name_match, MATCH_NONE);
    assert_false(p->wildcard);
    for (unsigned i = 0; i < CHECK_COUNT; i++) {
        assert_false(p->on_finding[i].stated);
        assert_int_equal(p->on_finding[i].action, ACTION_REPORT);
    }
    assert_false(p->automatic[REQUEST_REISSUE]);
    assert_false(p->automatic[REQUEST_REVOKE]);
    assert_int_equal(p->confirmations, 2);
    assert_int_equal(p->max_requests, 100);
    assert_int_equal(p->max_percent, 10);
    assert_int_equal(p->min_subjects_percent, 90);
    assert_int_equal(p->retention_days, 90);
    assert_int_equal(p->release_count, 0);
    assert_int_equal(p->exclude_count, 0);
    assert_int_equal(p->renew_before.kind, RENEW_NEVER);
    assert_int_equal(p->max_validity.rule, VALIDITY_ANY);
    assert_int_equal(p->ca_rule, CA_ANY);
    assert_int_equal(p->min_rsa_bits + p->key_usage + p->max_values + p->unique, 0);
    assert_int_equal(p->allowed_curves.count + p->allowed_signatures.count + p->required_ekus.count, 0);
    assert_int_equal(p->forbidden_ekus.count + p->allowed_issuers.count + p->trust_anchor_count, 0);
    assert_false(p->check_crl);
    assert_int_equal(p->crl_max_age_s, 0);
    arena_free(&a);
}

static void no_target_is_a_problem(void **state)
{
    (void)state;
    struct arena a = {0};
    problem_list problems = {0};
    struct entry e = entrytext_of(&a, "dn: " POLICY_DN "\nobjectClass: dircertPolicy\ncn: p\n");
    const struct policy *p = compile(&a, &e, &problems);
    assert_int_equal(problems.count, 1);
    assert_true(slice_eq(problems.items[0].attribute, S("dircertTarget")));
    assert_true(p->disabled);
    assert_true(p->target_unknown);
    arena_free(&a);
}

/* However many a server may hold, the work stays bounded. */
static void many_values_are_a_problem(void **state)
{
    (void)state;
    struct arena a = {0};
    problem_list problems = {0};
    char *lines = (char *)arena_alloc(&a, 64 * 1100), *at = lines;
    for (unsigned i = 0; i < 1026; i++)
        at += sprintf(at, "dircertAllowedIssuer: CN=%u\n", i);
    struct entry e = policy_entry(&a, lines);
    const struct policy *p = compile(&a, &e, &problems);
    assert_int_equal(problems.count, 2);
    assert_true(slice_eq(problems.items[0].reason, S("more than 1024 values")));
    assert_true(p->disabled);
    arena_free(&a);
}

/* All of what is wrong is told, not only the first of it. */
static void every_problem_is_told(void **state)
{
    (void)state;
    struct arena a = {0};
    problem_list problems = {0};
    struct entry e = policy_entry(&a, "dircertMode: on\ndircertWildcard: yes\ndircertOnFinding: x y\n"
                                      "dircertOnFinding: version burn\ndircertMinRSABits: many\ndircertPrecedence: x\n");
    const struct policy *p = compile(&a, &e, &problems);
    assert_int_equal(problems.count, 6);
    assert_true(p->disabled);
    assert_true(p->target_unknown);
    arena_free(&a);
}

/* A host attribute that nobody asked about need not exist. */
static bool knows_no_host_name(void *context, struct slice attribute)
{
    return !slice_eq_nocase(attribute, S("dNSHostName")) && knows(context, attribute);
}

static void default_host_attribute_must_exist(void **state)
{
    (void)state;
    struct arena a = {0};
    problem_list problems = {0};
    struct entry silent = policy_entry(&a, ""), asks = policy_entry(&a, "dircertNameMatch: san\n");
    assert_false(policy_compile(&a, &silent, knows_no_host_name, NULL, &problems)->disabled);
    assert_int_equal(problems.count, 0);
    assert_true(policy_compile(&a, &asks, knows_no_host_name, NULL, &problems)->disabled);
    assert_int_equal(problems.count, 1);
    assert_true(slice_eq(problems.items[0].attribute, S("dircertHostAttribute")));
    arena_free(&a);
}

/* Revisions. */

static struct slice revision_of(struct arena *a, const char *lines)
{
    problem_list problems = {0};
    struct entry e = policy_entry(a, lines);
    struct slice revision = compile(a, &e, &problems)->revision;
    assert_int_equal(revision.n, 16);
    return revision;
}

static void revision_changes_with_each_attribute(void **state)
{
    (void)state;
    struct arena a = {0};
    size_t count, n = 0;
    const struct policy_attribute *rows = policy_attributes(&count);
    struct slice *seen = ARENA_ARRAY(&a, count + 2, struct slice);
    seen[n++] = revision_of(&a, "");
    for (size_t i = 0; i < count; i++)
        if (rows[i].type != POLICY_RELEASE) {
            struct slice line = arena_format(&a, "%s: %s\n", rows[i].name,
                                             rows[i].type == POLICY_TARGET ? "ldap:///ou=other??sub?(cn=x)" : "3");
            seen[n++] = revision_of(&a, (const char *)line.p);
        }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            assert_false(slice_eq(seen[i], seen[k]));
    arena_free(&a);
}

static const struct {
    const char *name, *one, *other;
    bool same;
} revisions[] = {
    {"the order of values", "dircertAllowedVersion: 1\ndircertAllowedVersion: 3\n",
     "dircertAllowedVersion: 3\ndircertAllowedVersion: 1\n", true},
    {"the order of attributes", "dircertMode: off\ndircertWildcard: allow\n",
     "dircertWildcard: allow\ndircertMode: off\n",
     true},
    {"a release", "", "dircertRelease: 0123456789abcdef 5 " UNTIL "\n", true},
    {"another release", "dircertRelease: 0123456789abcdef 6 " UNTIL "\n",
     "dircertRelease: 0123456789abcdef 5 " UNTIL "\n",
     true},
    {"a description", "", "description: new\n", true},
    {"blanks around a value", "dircertMode: off\n", "dircertMode: off \n", true},
    {"an attribute's name in another case", "dircertMode: off\n", "DIRCERTMODE: off\n", true},
    {"another value", "dircertMaxPercent: 10\n", "dircertMaxPercent: 11\n", false},
    {"a value more", "dircertAllowedVersion: 1\n", "dircertAllowedVersion: 1\ndircertAllowedVersion: 3\n", false},
    {"a default that is stated", "", "dircertMaxPercent: 10\n", false},
    {"a value that moves to another attribute", "dircertMaxRequests: 10\n", "dircertMaxPercent: 10\n", false},
    {"one value instead of two", "dircertOnFinding: version report\ndircertOnFinding: expired report\n",
     "dircertOnFinding: version reportexpired report\n", false},
    {"a target's case", "dircertTarget: ldap:///dc=a??sub?(cn=x)\n", "dircertTarget: ldap:///dc=a??sub?(cn=X)\n",
     false},
};

static void revision_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(revisions); i++) {
        struct arena a = {0};
        if (slice_eq(revision_of(&a, revisions[i].one), revision_of(&a, revisions[i].other)) != revisions[i].same)
            fail_msg("%s", revisions[i].name);
        arena_free(&a);
    }
}

static void policies_are_ordered(void **state)
{
    (void)state;
    const struct policy a = {.dn = S("cn=b"), .precedence = 1}, b = {.dn = S("cn=a"), .precedence = 2},
                        c = {.dn = S("cn=c"), .precedence = 2};
    assert_true(policy_order(&a, &b) < 0);
    assert_true(policy_order(&b, &a) > 0);
    assert_true(policy_order(&b, &c) < 0);
    assert_int_equal(policy_order(&c, &c), 0);
}

static void words_have_names(void **state)
{
    (void)state;
    enum reason r = REASON_NONE;
    for (unsigned i = REASON_UNSPECIFIED; i < REASON_COUNT; i++) {
        assert_true(reason_find(slice_of(reason_name((enum reason)i)), &r));
        assert_int_equal(r, i);
    }
    assert_string_equal(reason_name(REASON_NONE), "");
    assert_false(reason_find(S(""), &r));
    assert_false(reason_find(S("certificateHold"), &r));
    assert_string_equal(action_name(ACTION_REISSUE_THEN_REVOKE), "reissue-then-revoke");
    assert_string_equal(mode_name(MODE_ENFORCE), "enforce");
    assert_string_equal(request_type_name(REQUEST_REVOKE), "revoke");
}

/* The policies that are shipped, and with the lines that their comments offer ("## "). */

static const char *const shipped[] = {"conf/policy-people.ldif", "conf/policy-servers.ldif",
                                      "contrib/sample-policies.ldif"};

static bool knows_the_shipped(void *context, struct slice attribute)
{
    return knows(context, attribute) || schema_attribute_find(attribute) != NULL;
}

static struct slice with_offers(struct arena *a, struct slice text)
{
    uint8_t *out = arena_alloc(a, text.n + 1);
    size_t n = 0;
    struct slice line;
    while (slice_split(&text, '\n', &line)) {
        struct slice offered = slice_from(line, 3);
        bool is_offer = slice_starts(line, S("## dircert")) && offered.n && memchr(offered.p, ':', offered.n);
        struct slice kept = is_offer ? offered : line;
        memcpy(out + n, kept.p, kept.n);
        n += kept.n;
        out[n++] = '\n';
    }
    return slice_make(out, n - 1);
}

static unsigned compile_all(struct arena *a, const char *file, struct slice text)
{
    unsigned entries = 0;
    struct entry e;
    for (; entrytext_next(a, &text, &e); entries++) {
        problem_list problems = {0};
        const struct policy *p = policy_compile(a, &e, knows_the_shipped, NULL, &problems);
        if (problems.count)
            fail_msg("%s: %.*s: %.*s: %.*s", file, SLICE_ARGS(e.dn), SLICE_ARGS(problems.items[0].attribute),
                     SLICE_ARGS(problems.items[0].reason));
        assert_false(p->disabled);
        for (size_t i = 0; i < e.count; i++) /* a misspelt attribute would be nobody's problem */
            if (slice_starts(e.attributes[i].name, S("dircert")))
                assert_non_null(schema_attribute_find(e.attributes[i].name));
    }
    if (text.n)
        fail_msg("%s: not LDIF: %.*s", file, SLICE_ARGS(slice_upto(text, 80)));
    return entries;
}

static void shipped_policies_compile(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(shipped); i++) {
        struct arena a = {0};
        struct slice path = arena_format(&a, "%s/%s", SOURCE_DIR, shipped[i]);
        struct slice text = jsonl_load(&a, (const char *)path.p);
        assert_non_null(text.p);
        unsigned entries = compile_all(&a, shipped[i], text);
        assert_true(entries > 0);
        assert_int_equal(compile_all(&a, shipped[i], with_offers(&a, text)), entries);
        arena_free(&a);
    }
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(every_attribute_has_rows),
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(defaults_hold),
        cmocka_unit_test(no_target_is_a_problem),
        cmocka_unit_test(many_values_are_a_problem),
        cmocka_unit_test(every_problem_is_told),
        cmocka_unit_test(default_host_attribute_must_exist),
        cmocka_unit_test(revision_changes_with_each_attribute),
        cmocka_unit_test(revision_rows),
        cmocka_unit_test(policies_are_ordered),
        cmocka_unit_test(words_have_names),
        cmocka_unit_test(shipped_policies_compile),
    };
    struct CMUnitTest tests[COUNT(good_rows) + COUNT(bad_rows) + COUNT(others)];
    size_t n = 0;
    for (size_t i = 0; i < COUNT(good_rows); i++)
        tests[n++] = (struct CMUnitTest){good_rows[i].name, test_good, NULL, NULL, (void *)(uintptr_t)&good_rows[i]};
    for (size_t i = 0; i < COUNT(bad_rows); i++)
        tests[n++] = (struct CMUnitTest){bad_rows[i].name, test_bad, NULL, NULL, (void *)(uintptr_t)&bad_rows[i]};
    memcpy(tests + n, others, sizeof others);
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
