/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema that the program and the directory share: one table of every attribute, and the names as constants.
 * schema/ holds the same in the forms that servers load; tests/unit/test_schema_table renders those files from this
 * table and fails when they differ.  To add an attribute: a constant here, a row in schema.c with a number that was
 * never used before, then `test_schema_table --write`.
 * @source RFC 4512 section 4.1
 */
#ifndef CORE_SCHEMA_H
#define CORE_SCHEMA_H

#include "base/slice.h"

/* Object classes. */
#define CLASS_POLICY   "dircertPolicy"
#define CLASS_REQUEST  "dircertRequest"
#define CLASS_INSTANCE "dircertInstance"
#define CLASS_WAIVER   "dircertWaiver"
#define CLASS_HOST     "dircertHost"
#define CLASS_CONTROL  "dircertControl"

/* dircertPolicy: whom it governs, and how. */
#define ATTR_TARGET                "dircertTarget" /* a waiver's too */
#define ATTR_EXCLUDE               "dircertExclude"
#define ATTR_PRECEDENCE            "dircertPrecedence"
#define ATTR_MODE                  "dircertMode"
#define ATTR_CERTIFICATE_ATTRIBUTE "dircertCertificateAttribute"
#define ATTR_HOST_ATTRIBUTE        "dircertHostAttribute"
/* What follows from a finding, and the guards. */
#define ATTR_ON_FINDING           "dircertOnFinding"
#define ATTR_APPROVAL             "dircertApproval"
#define ATTR_CONFIRMATIONS        "dircertConfirmations"
#define ATTR_MAX_REQUESTS         "dircertMaxRequests"
#define ATTR_MAX_PERCENT          "dircertMaxPercent"
#define ATTR_MIN_SUBJECTS_PERCENT "dircertMinSubjectsPercent"
#define ATTR_RELEASE              "dircertRelease"
#define ATTR_RETENTION_DAYS       "dircertRetentionDays"
/* What is checked. */
#define ATTR_ALLOWED_VERSION   "dircertAllowedVersion"
#define ATTR_NAME_MATCH        "dircertNameMatch"
#define ATTR_WILDCARD          "dircertWildcard"
#define ATTR_RENEW_BEFORE      "dircertRenewBefore"
#define ATTR_MAX_VALIDITY      "dircertMaxValidity"
#define ATTR_MIN_RSA_BITS      "dircertMinRSABits"
#define ATTR_ALLOWED_CURVE     "dircertAllowedCurve"
#define ATTR_ALLOWED_SIGNATURE "dircertAllowedSignature"
#define ATTR_KEY_USAGE         "dircertKeyUsage"
#define ATTR_REQUIRED_EKU      "dircertRequiredEKU"
#define ATTR_FORBIDDEN_EKU     "dircertForbiddenEKU"
#define ATTR_ALLOW_CA          "dircertAllowCA"
#define ATTR_ALLOWED_ISSUER    "dircertAllowedIssuer"
#define ATTR_TRUST_ANCHOR      "dircertTrustAnchor"
#define ATTR_REVOCATION_CHECK  "dircertRevocationCheck"
#define ATTR_CRL_MAX_AGE       "dircertCRLMaxAge"
#define ATTR_MAX_VALUES        "dircertMaxValues"
#define ATTR_UNIQUE            "dircertUnique"
/* dircertRequest: the daemon, once. */
#define ATTR_REQUEST_ID    "dircertRequestId"
#define ATTR_REQUEST_TYPE  "dircertRequestType"
#define ATTR_SUBJECT_ID    "dircertSubjectId"
#define ATTR_OPENED        "dircertOpened"
#define ATTR_ISSUER        "dircertIssuer"
#define ATTR_SERIAL_NUMBER "dircertSerialNumber"
#define ATTR_CERTIFICATE   "dircertCertificate"
/* The daemon, revised until submission. */
#define ATTR_SUBJECT_DN         "dircertSubjectDN"
#define ATTR_CERTIFICATE_SHA256 "dircertCertificateSHA256" /* a waiver's too */
#define ATTR_FINDING            "dircertFinding"
#define ATTR_WANTED_NAME        "dircertWantedName"
#define ATTR_REASON             "dircertReason"
#define ATTR_POLICY_DN          "dircertPolicyDN"
#define ATTR_POLICY_REVISION    "dircertPolicyRevision"
#define ATTR_GENERATION         "dircertGeneration"
#define ATTR_SUPERSEDES         "dircertSupersedes"
/* The daemon, as it moves. */
#define ATTR_STATE              "dircertState"
#define ATTR_STATE_MESSAGE      "dircertStateMessage"
#define ATTR_STATE_CHANGED      "dircertStateChanged"
#define ATTR_CONFIRMED_PASSES   "dircertConfirmedPasses"
#define ATTR_CONFIRMED_AT       "dircertConfirmedAt"
#define ATTR_ATTEMPT            "dircertAttempt"
#define ATTR_NEXT_ATTEMPT       "dircertNextAttempt"
#define ATTR_REPLACEMENT_SHA256 "dircertReplacementSHA256"
/* The approver. */
#define ATTR_DECISION        "dircertDecision"
#define ATTR_DECISION_REASON "dircertDecisionReason"
#define ATTR_DECISION_BY     "dircertDecisionBy"
/* The fulfiller. */
#define ATTR_CLAIMED_BY         "dircertClaimedBy"
#define ATTR_CLAIMED_UNTIL      "dircertClaimedUntil"
#define ATTR_OUTCOME            "dircertOutcome"
#define ATTR_OUTCOME_MESSAGE    "dircertOutcomeMessage"
#define ATTR_TRANSACTION_ID     "dircertTransactionId"
#define ATTR_RESULT_CERTIFICATE "dircertResultCertificate"
/* dircertInstance. */
#define ATTR_HEARTBEAT      "dircertHeartbeat"
#define ATTR_LAST_PASS      "dircertLastPass"
#define ATTR_PASS_RESULT    "dircertPassResult"
#define ATTR_POLICY_FIGURES "dircertPolicyFigures"
#define ATTR_HOLD           "dircertHold"
#define ATTR_LEASE          "dircertLease"
#define ATTR_VERSION        "dircertVersion"
/* dircertWaiver. */
#define ATTR_CHECK         "dircertCheck"
#define ATTR_WAIVER_UNTIL  "dircertWaiverUntil"
#define ATTR_WAIVER_REASON "dircertWaiverReason"
/* dircertControl. */
#define ATTR_PAUSE "dircertPause"
/* dircertHost; defined elsewhere, the first in schema/dnshostname.* too. */
#define ATTR_DNS_HOST_NAME    "dNSHostName"
#define ATTR_USER_CERTIFICATE "userCertificate"
/* Of authorities: RFC 4523, class pkiCA. */
#define ATTR_CA_CERTIFICATE "cACertificate"
#define ATTR_CRL            "certificateRevocationList"
#define ATTR_AUTHORITY_CRL  "authorityRevocationList"

/* 2.25 and a UUID as an integer (ITU-T X.667); attributes are .1.n below it, object classes .2.n. */
#define SCHEMA_OID         "2.25.55681588546566178156800763727008109958"
#define SCHEMA_OID_DNSHOST "1.2.840.113556.1.4.619"

enum schema_class {
    SCHEMA_POLICY = 1 << 0,
    SCHEMA_REQUEST = 1 << 1,
    SCHEMA_INSTANCE = 1 << 2,
    SCHEMA_WAIVER = 1 << 3,
    SCHEMA_HOST = 1 << 4,
    SCHEMA_CONTROL = 1 << 5,
};

/* Who alone writes an attribute. */
enum schema_owner {
    OWNER_ADMINISTRATOR,
    OWNER_DAEMON_ONCE,    /* when the entry is made, then never again but to repair it */
    OWNER_DAEMON_REVISED, /* until the request is submitted */
    OWNER_DAEMON_MOVING,  /* with every step */
    OWNER_APPROVER,
    OWNER_FULFILLER,
};

/* @source RFC 4517 section 3.3 */
enum schema_syntax {
    SYNTAX_TEXT,       /* Directory String, case ignored */
    SYNTAX_TEXT_EXACT, /* Directory String, case counts */
    SYNTAX_INTEGER,
    SYNTAX_TIME, /* Generalized Time */
    SYNTAX_BOOLEAN,
    SYNTAX_OCTETS,
    SYNTAX_DN, /* names an entry; never a name from a certificate, which slapd may refuse in this syntax */
};

struct schema_attribute {
    const char *name;
    unsigned number;         /* the last arc of its OID; 0: the OID is not ours (dNSHostName) */
    unsigned classes;        /* enum schema_class bits: where it may or must be */
    unsigned required;       /* those of them where it must be */
    enum schema_owner owner; /* in a request or an instance; everywhere else the administrator */
    enum schema_syntax syntax;
    bool multi;          /* several values */
    const char *meaning; /* the schema's DESC */
};

struct schema_object_class {
    const char *name;
    unsigned number; /* the last arc of its OID */
    enum schema_class bit;
    bool auxiliary;         /* otherwise structural */
    const char *must, *may; /* attributes defined elsewhere, separated by blanks; NULL: none */
    const char *meaning;
};

/* How a syntax is told to a server; a rule that does not exist or makes no sense is NULL. */
struct schema_rules {
    const char *oid, *equality, *ordering, *substrings;
};

/* All of it is static. */
const struct schema_attribute *schema_attribute_at(size_t index);        /* by number, ascending; NULL past the last */
const struct schema_attribute *schema_attribute_find(struct slice name); /* case ignored; NULL: not ours */
const struct schema_object_class *schema_class_at(size_t index);         /* NULL past the last */
const struct schema_rules *schema_rules_of(enum schema_syntax syntax);
enum schema_owner schema_owner_in(const struct schema_attribute *a, enum schema_class where);

#endif
