/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy entry, compiled: immutable, complete with its defaults, or disabled by its problems.
 * @source the schema's class dircertPolicy
 */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include "core/check.h"
#include "core/entry.h"
#include "core/target.h"

enum policy_mode { MODE_OFF, MODE_AUDIT, MODE_ENFORCE };
enum name_match { MATCH_NONE, MATCH_CN, MATCH_SAN, MATCH_CN_AND_SAN, MATCH_CN_OR_SAN };
enum action { ACTION_REPORT, ACTION_REISSUE, ACTION_REVOKE, ACTION_REISSUE_THEN_REVOKE };
/* CRLReason, the weakest first (RFC 5280 section 5.3.1, as far as an administrator may ask for it). */
enum reason {
    REASON_NONE,
    REASON_UNSPECIFIED,
    REASON_SUPERSEDED,
    REASON_CESSATION,
    REASON_AFFILIATION,
    REASON_PRIVILEGE,
    REASON_KEY_COMPROMISE,
    REASON_COUNT
};
enum request_type { REQUEST_REISSUE, REQUEST_REVOKE, REQUEST_TYPES };

const char *action_name(enum action a);
const char *reason_name(enum reason r); /* "" for REASON_NONE */
const char *mode_name(enum policy_mode m);
const char *request_type_name(enum request_type t);
bool reason_find(struct slice name, enum reason *r);

struct release {
    struct slice revision;
    uint64_t count;
    int64_t until_utc;
};

/* A malformed policy, subject or request entry: a normal result, reported to the administrator. */
struct problem {
    struct slice dn;
    struct slice attribute;
    struct slice value;  /* as it stands; escape before printing */
    struct slice reason; /* what is wrong and what was expected */
};
typedef LIST_OF(struct problem) problem_list;
void problem_add(struct arena *a, problem_list *problems, struct slice dn, const char *attribute, struct slice value,
                 struct slice reason);

/* When a certificate counts as expiring. */
enum renew_kind { RENEW_NEVER, RENEW_SECONDS, RENEW_PERCENT };
enum validity_rule { VALIDITY_ANY, VALIDITY_AT_MOST, VALIDITY_CABF };
enum ca_rule { CA_ANY, CA_REFUSED, CA_ALLOWED };
enum unique { UNIQUE_HOST_NAME = 1 << 0, UNIQUE_KEY = 1 << 1, UNIQUE_CERTIFICATE = 1 << 2 };

/* Content octets of OIDs. */
struct oid_list {
    const struct slice *items;
    size_t count;
};
/* Names as RFC 4514 writes them, as they were stated. */
struct name_list {
    const struct slice *items;
    size_t count;
};

struct policy {
    struct slice dn;
    struct slice name; /* its cn */
    struct slice
        revision; /* 16 hexadecimal digits: changes whenever a compiled attribute does, but not with a release */

    bool disabled;       /* something does not parse: it judges nothing and its requests are held */
    bool target_unknown; /* ... and whom it governs or its rank is among that: later policies must not act either */

    const struct target *targets;
    size_t target_count;
    const struct target *excludes;
    size_t exclude_count;
    unsigned precedence;
    enum policy_mode mode;
    const char *const *certificate_attributes; /* NULL-terminated */
    const char *const *host_attributes;

    unsigned allowed_versions; /* bit v for version v; 0: not checked */
    enum name_match name_match;
    bool wildcard;
    struct {
        enum action action;
        enum reason reason;
        bool stated;
    } on_finding[CHECK_COUNT];
    struct {
        enum renew_kind kind;
        int64_t value; /* seconds before the end, or per cent of the life that is left */
    } renew_before;
    struct {
        enum validity_rule rule;
        int64_t seconds; /* VALIDITY_AT_MOST */
    } max_validity;
    unsigned min_rsa_bits;                         /* 0: not checked */
    struct oid_list allowed_curves;                /* Ed25519 and Ed448 by the OID of their algorithm */
    struct oid_list allowed_signatures;            /* signature algorithms */
    unsigned key_usage;                            /* bits that have to be asserted: 1 << bit number */
    struct oid_list required_ekus, forbidden_ekus; /* key purposes */
    enum ca_rule ca_rule;
    struct name_list allowed_issuers;
    const struct slice *trust_anchors; /* DNs of entries of class pkiCA */
    size_t trust_anchor_count;
    bool check_crl;
    int64_t crl_max_age_s; /* 0: only its nextUpdate counts */
    unsigned max_values;   /* 0: not checked */
    unsigned unique;       /* bits of enum unique */

    bool automatic[REQUEST_TYPES];
    unsigned confirmations;
    unsigned max_requests, max_percent, min_subjects_percent;
    const struct release *releases;
    size_t release_count;
    unsigned retention_days;
    unsigned checks; /* check_those_on, of all the above; 0: nobody asked yet, which who changes a policy has to set */
};

/* The names that the program and the documents give to the kinds of value. */
enum policy_type {
    POLICY_TARGET,
    POLICY_INTEGER,
    POLICY_KEYWORD,
    POLICY_NAMES,
    POLICY_FINDING,
    POLICY_APPROVAL,
    POLICY_RELEASE,
    POLICY_DURATION,
    POLICY_ALGORITHM,
    POLICY_DISTINGUISHED_NAME
};

/* One row for each attribute of the class: what administrators may set, and what it means when they do not. */
struct policy_attribute {
    const char *name;
    enum policy_type type;
    bool multi;
    bool governs; /* decides whom the policy governs: when it does not parse, later policies may not act */
    const char *unit;
    int64_t least, most;  /* POLICY_INTEGER */
    const char *keywords; /* POLICY_KEYWORD: separated by spaces */
    const char
        *form; /* POLICY_DURATION, POLICY_ALGORITHM, POLICY_DISTINGUISHED_NAME: what a value looks like, for people */
    const char *example;  /* a value for people to begin with; NULL: made from the above */
    const char *fallback; /* the value that an absent attribute has; NULL: none, nothing is checked */
    const char *citation;
    bool (*compile)(struct arena *a, const struct policy_attribute *row, struct slice value, struct policy *p,
                    struct slice *reason);
};
const struct policy_attribute *policy_attributes(size_t *count);

/* True when the directory's schema has an attribute type of that name. */
typedef bool policy_knows_fn(void *context, struct slice attribute);

/*
 * Compiles one entry; everything lives in the arena.  What is wrong is appended to *problems; then the policy is
 * disabled, and its fields are good for nothing but its DN, and its targets where target_unknown is not set.
 * Attribute types that the directory does not know are wrong too: a filter on them would quietly match nothing.
 */
const struct policy *policy_compile(struct arena *a, const struct entry *e, policy_knows_fn *knows, void *context,
                                    problem_list *problems);

/* By precedence, then by DN. */
int policy_order(const struct policy *a, const struct policy *b);

#endif
