/* SPDX-License-Identifier: Apache-2.0 */
#include "core/schema.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct schema_rules rules[] = {
    [SYNTAX_TEXT] = {.oid = "1.3.6.1.4.1.1466.115.121.1.15",
                     .equality = "caseIgnoreMatch",
                     .substrings = "caseIgnoreSubstringsMatch"},
    [SYNTAX_TEXT_EXACT] = {.oid = "1.3.6.1.4.1.1466.115.121.1.15",
                           .equality = "caseExactMatch",
                           .substrings = "caseExactSubstringsMatch"},
    [SYNTAX_INTEGER] = {.oid = "1.3.6.1.4.1.1466.115.121.1.27",
                        .equality = "integerMatch",
                        .ordering = "integerOrderingMatch"},
    [SYNTAX_TIME] = {.oid = "1.3.6.1.4.1.1466.115.121.1.24",
                     .equality = "generalizedTimeMatch",
                     .ordering = "generalizedTimeOrderingMatch"},
    [SYNTAX_BOOLEAN] = {.oid = "1.3.6.1.4.1.1466.115.121.1.7", .equality = "booleanMatch"},
    [SYNTAX_OCTETS] = {.oid = "1.3.6.1.4.1.1466.115.121.1.40", .equality = "octetStringMatch"},
    [SYNTAX_DN] = {.oid = "1.3.6.1.4.1.1466.115.121.1.12", .equality = "distinguishedNameMatch"},
};

/* What a request must hold is little on purpose: an entry that was edited by hand must still be repairable. */
static const struct schema_object_class classes[] = {
    {.name = CLASS_POLICY,
     .number = 1,
     .bit = SCHEMA_POLICY,
     .must = "cn",
     .may = "description",
     .meaning = "dircertd: what the certificates of some entries shall be, and what follows where they are not"},
    {.name = CLASS_REQUEST,
     .number = 2,
     .bit = SCHEMA_REQUEST,
     .meaning = "dircertd: a certificate that shall be reissued or revoked, and how far that has come"},
    {.name = CLASS_INSTANCE,
     .number = 3,
     .bit = SCHEMA_INSTANCE,
     .must = "cn",
     .meaning = "dircertd: what one running daemon last did"},
    {.name = CLASS_WAIVER,
     .number = 4,
     .bit = SCHEMA_WAIVER,
     .must = "cn",
     .may = "description",
     .meaning = "dircertd: findings that are tolerated for a time"},
    {.name = CLASS_HOST,
     .number = 5,
     .bit = SCHEMA_HOST,
     .auxiliary = true,
     .may = ATTR_USER_CERTIFICATE,
     .meaning = "dircertd: a server with its host name and its certificates"},
    {.name = CLASS_CONTROL,
     .number = 6,
     .bit = SCHEMA_CONTROL,
     .auxiliary = true,
     .meaning = "dircertd: the switch on the base entry that stops all writing of requests"},
};

#define POLICY_ROW   .classes = SCHEMA_POLICY, .owner = OWNER_ADMINISTRATOR
#define WAIVER_ROW   .classes = SCHEMA_WAIVER, .owner = OWNER_ADMINISTRATOR
#define ONCE_ROW     .classes = SCHEMA_REQUEST, .owner = OWNER_DAEMON_ONCE
#define REVISED_ROW  .classes = SCHEMA_REQUEST, .owner = OWNER_DAEMON_REVISED
#define MOVING_ROW   .classes = SCHEMA_REQUEST, .owner = OWNER_DAEMON_MOVING
#define APPROVER_ROW .classes = SCHEMA_REQUEST, .owner = OWNER_APPROVER
#define FULFIL_ROW   .classes = SCHEMA_REQUEST, .owner = OWNER_FULFILLER
#define STATUS_ROW   .classes = SCHEMA_INSTANCE, .owner = OWNER_DAEMON_MOVING

/* clang-format off: one row, one attribute. */
/* Ascending by number.  A number is never given again; each group has room behind it.  No apostrophes in meanings. */
static const struct schema_attribute attributes[] = {
    {.name = ATTR_DNS_HOST_NAME, .number = 0, .classes = SCHEMA_HOST, .owner = OWNER_ADMINISTRATOR,
     .syntax = SYNTAX_TEXT, .meaning = "The host name of a server, as in Active Directory"},

    {.name = ATTR_TARGET, .number = 1, .classes = SCHEMA_POLICY | SCHEMA_WAIVER, .required = SCHEMA_POLICY,
     .owner = OWNER_ADMINISTRATOR, .syntax = SYNTAX_TEXT_EXACT, .multi = true,
     .meaning = "Whom it governs: ldap:///base?[attributes]?scope?filter"},
    {.name = ATTR_EXCLUDE, .number = 2, POLICY_ROW, .syntax = SYNTAX_TEXT_EXACT, .multi = true,
     .meaning = "Whom it does not govern: ldap:///base?[attributes]?scope?filter"},
    {.name = ATTR_PRECEDENCE, .number = 3, POLICY_ROW, .syntax = SYNTAX_INTEGER,
     .meaning = "Where several policies name an entry, the lowest wins (100)"},
    {.name = ATTR_MODE, .number = 4, POLICY_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "off, audit or enforce (audit)"},
    {.name = ATTR_CERTIFICATE_ATTRIBUTE, .number = 5, POLICY_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "Where certificates are, names separated by blanks (userCertificate)"},
    {.name = ATTR_HOST_ATTRIBUTE, .number = 6, POLICY_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "Where host names are, names separated by blanks (dNSHostName)"},

    {.name = ATTR_ON_FINDING, .number = 20, POLICY_ROW, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "check action [reason]; report, reissue, revoke or reissue-then-revoke (report)"},
    {.name = ATTR_APPROVAL, .number = 21, POLICY_ROW, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "reissue auto, reissue manual, revoke auto or revoke manual (manual)"},
    {.name = ATTR_CONFIRMATIONS, .number = 22, POLICY_ROW, .syntax = SYNTAX_INTEGER,
     .meaning = "Complete passes that must agree before a request is opened (2)"},
    {.name = ATTR_MAX_REQUESTS, .number = 23, POLICY_ROW, .syntax = SYNTAX_INTEGER,
     .meaning = "Requests in 24 hours beyond which everything is held (100)"},
    {.name = ATTR_MAX_PERCENT, .number = 24, POLICY_ROW, .syntax = SYNTAX_INTEGER,
     .meaning = "Share of the subjects beyond which everything is held (10)"},
    {.name = ATTR_MIN_SUBJECTS_PERCENT, .number = 25, POLICY_ROW, .syntax = SYNTAX_INTEGER,
     .meaning = "Share of the last subjects below which everything is held (90)"},
    {.name = ATTR_RELEASE, .number = 26, POLICY_ROW, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "Lifts a hold: policy-revision count until"},
    {.name = ATTR_RETENTION_DAYS, .number = 27, POLICY_ROW, .syntax = SYNTAX_INTEGER,
     .meaning = "Days that a finished request is kept (90)"},

    {.name = ATTR_ALLOWED_VERSION, .number = 40, POLICY_ROW, .syntax = SYNTAX_INTEGER, .multi = true,
     .meaning = "Allowed X.509 versions: 1, 2, 3"},
    {.name = ATTR_NAME_MATCH, .number = 41, POLICY_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "Where a server certificate must name its host: none, cn, san, cn-and-san or cn-or-san (none)"},
    {.name = ATTR_WILDCARD, .number = 42, POLICY_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "Wildcards in names: refuse or allow (refuse)"},
    {.name = ATTR_RENEW_BEFORE, .number = 43, POLICY_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "When a certificate counts as expiring: 30d before its end, or 33% of its life left"},
    {.name = ATTR_MAX_VALIDITY, .number = 44, POLICY_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "The longest life: 397d, or cabf for the schedule of the CA/Browser Forum"},
    {.name = ATTR_MIN_RSA_BITS, .number = 45, POLICY_ROW, .syntax = SYNTAX_INTEGER,
     .meaning = "The shortest RSA key in bits"},
    {.name = ATTR_ALLOWED_CURVE, .number = 46, POLICY_ROW, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "Allowed elliptic curves"},
    {.name = ATTR_ALLOWED_SIGNATURE, .number = 47, POLICY_ROW, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "Allowed signature algorithms"},
    {.name = ATTR_KEY_USAGE, .number = 48, POLICY_ROW, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "Required key usages"},
    {.name = ATTR_REQUIRED_EKU, .number = 49, POLICY_ROW, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "Required extended key usages"},
    {.name = ATTR_FORBIDDEN_EKU, .number = 50, POLICY_ROW, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "Forbidden extended key usages"},
    {.name = ATTR_ALLOW_CA, .number = 51, POLICY_ROW, .syntax = SYNTAX_BOOLEAN,
     .meaning = "Whether a certificate may be that of an authority"},
    {.name = ATTR_ALLOWED_ISSUER, .number = 52, POLICY_ROW, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "Allowed issuer names, as a string (RFC 4514)"},
    {.name = ATTR_TRUST_ANCHOR, .number = 53, POLICY_ROW, .syntax = SYNTAX_DN, .multi = true,
     .meaning = "Entries of class pkiCA whose certificates are trusted"},
    {.name = ATTR_REVOCATION_CHECK, .number = 54, POLICY_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "Whether revocation is looked up: none or crl"},
    {.name = ATTR_CRL_MAX_AGE, .number = 55, POLICY_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "How old a CRL may be, like 7d"},
    {.name = ATTR_MAX_VALUES, .number = 56, POLICY_ROW, .syntax = SYNTAX_INTEGER,
     .meaning = "Certificates that one entry may hold"},
    {.name = ATTR_UNIQUE, .number = 57, POLICY_ROW, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "What must not occur twice: host-name, key, certificate"},

    {.name = ATTR_REQUEST_ID, .number = 100, ONCE_ROW, .required = SCHEMA_REQUEST, .syntax = SYNTAX_TEXT,
     .meaning = "The identity of a request: SHA-256 in hexadecimal"},
    {.name = ATTR_REQUEST_TYPE, .number = 101, ONCE_ROW, .required = SCHEMA_REQUEST, .syntax = SYNTAX_TEXT,
     .meaning = "reissue or revoke"},
    {.name = ATTR_SUBJECT_ID, .number = 102, ONCE_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "The lasting identity of the subject entry: entryUUID:..., nsUniqueId:... or objectGUID:..."},
    {.name = ATTR_OPENED, .number = 103, ONCE_ROW, .syntax = SYNTAX_TIME, .meaning = "When the request was made"},
    {.name = ATTR_ISSUER, .number = 104, ONCE_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "To revoke: the issuer of the certificate, as a string (RFC 4514)"},
    {.name = ATTR_SERIAL_NUMBER, .number = 105, ONCE_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "To revoke: the serial number of the certificate in hexadecimal"},
    {.name = ATTR_CERTIFICATE, .number = 106, ONCE_ROW, .syntax = SYNTAX_OCTETS,
     .meaning = "What is to be revoked, in DER; in a reissue afterwards, one certificate after the other"},

    {.name = ATTR_SUBJECT_DN, .number = 120, REVISED_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "Where the subject entry was last seen"},
    {.name = ATTR_CERTIFICATE_SHA256, .number = 121, .classes = SCHEMA_REQUEST | SCHEMA_WAIVER,
     .owner = OWNER_DAEMON_REVISED, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "SHA-256 of the certificate in question, in hexadecimal"},
    {.name = ATTR_FINDING, .number = 122, REVISED_ROW, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "What is wrong: check detail"},
    {.name = ATTR_WANTED_NAME, .number = 123, REVISED_ROW, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "A name that the new certificate must hold"},
    {.name = ATTR_REASON, .number = 124, REVISED_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "The revocation reason (RFC 5280, CRLReason)"},
    {.name = ATTR_POLICY_DN, .number = 125, REVISED_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "The policy that asks for it"},
    {.name = ATTR_POLICY_REVISION, .number = 126, REVISED_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "The revision of that policy"},
    {.name = ATTR_GENERATION, .number = 127, REVISED_ROW, .syntax = SYNTAX_INTEGER,
     .meaning = "Grows whenever what is asked for changes; decisions and outcomes name it"},
    {.name = ATTR_SUPERSEDES, .number = 128, REVISED_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "The request that this one completes"},

    {.name = ATTR_STATE, .number = 140, MOVING_ROW, .required = SCHEMA_REQUEST, .syntax = SYNTAX_TEXT,
     .meaning = "proposed, pending, approved, rejected, submitted, failed, fulfilled, withdrawn or held"},
    {.name = ATTR_STATE_MESSAGE, .number = 141, MOVING_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "Why it is there, in words"},
    {.name = ATTR_STATE_CHANGED, .number = 142, MOVING_ROW, .syntax = SYNTAX_TIME, .meaning = "Since when it is there"},
    {.name = ATTR_CONFIRMED_PASSES, .number = 143, MOVING_ROW, .syntax = SYNTAX_INTEGER,
     .meaning = "Complete passes that have asked for it"},
    {.name = ATTR_CONFIRMED_AT, .number = 144, MOVING_ROW, .syntax = SYNTAX_TIME,
     .meaning = "When a pass last counted as a confirmation"},
    {.name = ATTR_ATTEMPT, .number = 145, MOVING_ROW, .syntax = SYNTAX_INTEGER,
     .meaning = "Which attempt this is; outcomes name it"},
    {.name = ATTR_NEXT_ATTEMPT, .number = 146, MOVING_ROW, .syntax = SYNTAX_TIME,
     .meaning = "When a failed request is tried again"},
    {.name = ATTR_REPLACEMENT_SHA256, .number = 147, MOVING_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "SHA-256 of the certificate that stands in, in hexadecimal"},

    {.name = ATTR_DECISION, .number = 160, APPROVER_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "approve generation, or reject generation"},
    {.name = ATTR_DECISION_REASON, .number = 161, APPROVER_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "Why it was decided so"},
    {.name = ATTR_DECISION_BY, .number = 162, APPROVER_ROW, .syntax = SYNTAX_TEXT, .meaning = "Who decided"},

    {.name = ATTR_CLAIMED_BY, .number = 180, FULFIL_ROW, .syntax = SYNTAX_TEXT, .meaning = "Who is carrying it out"},
    {.name = ATTR_CLAIMED_UNTIL, .number = 181, FULFIL_ROW, .syntax = SYNTAX_TIME,
     .meaning = "Until when nobody else shall"},
    {.name = ATTR_OUTCOME, .number = 182, FULFIL_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "submitted, issued, revoked or failed, then generation.attempt"},
    {.name = ATTR_OUTCOME_MESSAGE, .number = 183, FULFIL_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "What the authority said"},
    {.name = ATTR_TRANSACTION_ID, .number = 184, FULFIL_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "The name that the authority gave to it"},
    {.name = ATTR_RESULT_CERTIFICATE, .number = 185, FULFIL_ROW, .syntax = SYNTAX_OCTETS,
     .meaning = "The new certificate in DER"},

    {.name = ATTR_HEARTBEAT, .number = 200, STATUS_ROW, .syntax = SYNTAX_TIME,
     .meaning = "When the daemon last wrote this"},
    {.name = ATTR_LAST_PASS, .number = 201, STATUS_ROW, .syntax = SYNTAX_TIME, .meaning = "When its last pass ended"},
    {.name = ATTR_PASS_RESULT, .number = 202, STATUS_ROW, .syntax = SYNTAX_TEXT, .meaning = "How that pass ended"},
    {.name = ATTR_POLICY_FIGURES, .number = 203, STATUS_ROW, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "For each policy: DN, revision, subjects, subjects with a certificate, findings"},
    {.name = ATTR_HOLD, .number = 204, STATUS_ROW, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "What a guard holds: policy DN, guard, counts, revision"},
    {.name = ATTR_LEASE, .number = 205, STATUS_ROW, .syntax = SYNTAX_TEXT,
     .meaning = "Who runs as this instance: host boot-id pid until"},
    {.name = ATTR_VERSION, .number = 206, STATUS_ROW, .syntax = SYNTAX_TEXT, .meaning = "The version of the daemon"},

    {.name = ATTR_CHECK, .number = 220, WAIVER_ROW, .required = SCHEMA_WAIVER, .syntax = SYNTAX_TEXT, .multi = true,
     .meaning = "A check whose findings are tolerated"},
    {.name = ATTR_WAIVER_UNTIL, .number = 221, WAIVER_ROW, .syntax = SYNTAX_TIME, .meaning = "Until when"},
    {.name = ATTR_WAIVER_REASON, .number = 222, WAIVER_ROW, .syntax = SYNTAX_TEXT, .meaning = "Why"},

    {.name = ATTR_PAUSE, .number = 240, .classes = SCHEMA_CONTROL, .owner = OWNER_ADMINISTRATOR,
     .syntax = SYNTAX_BOOLEAN, .meaning = "TRUE: no request is written"},
};
/* clang-format on */

const struct schema_attribute *schema_attribute_at(size_t index)
{
    return index < COUNT(attributes) ? &attributes[index] : NULL;
}

const struct schema_attribute *schema_attribute_find(struct slice name)
{
    for (size_t i = 0; i < COUNT(attributes); i++)
        if (slice_eq_nocase(name, slice_of(attributes[i].name)))
            return &attributes[i];
    return NULL;
}

const struct schema_object_class *schema_class_at(size_t index)
{
    return index < COUNT(classes) ? &classes[index] : NULL;
}

const struct schema_rules *schema_rules_of(enum schema_syntax syntax)
{
    return &rules[syntax];
}

enum schema_owner schema_owner_in(const struct schema_attribute *a, enum schema_class where)
{
    return where == SCHEMA_REQUEST || where == SCHEMA_INSTANCE ? a->owner : OWNER_ADMINISTRATOR;
}
