/* SPDX-License-Identifier: Apache-2.0 */
/* What both name checks need: walking the names of a certificate and comparing them with the entry's host names. */
#ifndef CORE_CHECK_NAMES_H
#define CORE_CHECK_NAMES_H

#include "core/check.h"
#include "core/policy.h"

/* For checks that no policy attribute turns on. */
bool check_always_on(const struct policy *policy);

enum { NAME_SHOWN = 120 /* octets of one foreign name in a finding's detail */ };

/* The SAN is there, decodes, and has a dNSName, an iPAddress or a URI: then it decides, and not the Common Name. */
bool names_san_decides(const struct check_input *in);
/* A dNSName or iPAddress of a decodable SAN covers the host. */
bool names_san_covers(const struct check_input *in, const struct host *h, bool wildcard);
/* The Common Name equals a host name of the entry, or covers it. */
bool names_cn_is_host(const struct check_input *in, uint8_t tag, struct slice value);
/* "a.example, b.example", for a detail. */
struct slice names_hosts_shown(struct arena *a, const struct check_input *in);
/* Common Names as '"a", "b"', general names as "DNS a, IP 192.0.2.1, ...", or why there are none; printable, capped. */
struct slice names_common_shown(struct arena *a, struct slice der, const struct facts *f);
struct slice names_san_shown(struct arena *a, struct slice der, const struct facts *f);
/* What both name checks compare with: "host names a, b; wildcards refused". */
struct slice names_wanted_shown(struct arena *a, const struct check_input *in);
/* "notAfter 20300101000000Z, now 20250101000000Z" */
struct slice names_times_shown(struct arena *a, const char *what, int64_t at_utc, int64_t now_utc);
bool names_all_hosts_valid(const struct check_input *in);
/* True, and the result is undecided, when there is no host name to compare with. */
bool names_lack_hosts(const struct check_input *in, struct check_result *out);

enum { ENTRY_SHOWN = 256 /* octets of another entry's DN in a detail */ };
/* True, and the result is undecided, where entries were not compared with each other. */
bool names_not_compared(const struct check_input *in, struct check_result *out);
/* For `compared`: which other entry was found. */
struct slice names_sharing_shown(struct arena *a, const struct check_input *in, struct slice with);

extern const struct check check_malformed, check_version, check_cn_mismatch, check_san_mismatch, check_expired,
    check_not_yet_valid, check_expiring, check_validity_too_long, check_weak_key, check_weak_signature,
    check_post_quantum, check_ca_certificate, check_key_usage, check_extended_key_usage, check_issuer, check_chain,
    check_revoked, check_shared_certificate, check_shared_key, check_duplicate_host_name, check_duplicate_value,
    check_too_many_values, check_missing;

#endif
