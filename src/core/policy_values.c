/* SPDX-License-Identifier: Apache-2.0 */
/* How the values are compiled that turn on a check and say what it compares with. */
#include "core/policy_private.h"

#include "base/dn.h"
#include "core/algorithm.h"
#include "core/name_compile.h"

/* A century is longer than any certificate should live, and no sum of times comes near the end of an int64_t. */
enum { DAY_S = 86400, WEEK_S = 604800, DURATION_DAYS_MOST = 36500, VALUES_MOST = 1024 };

static bool refuse_form(struct arena *a, const struct policy_attribute *row, struct slice *reason)
{
    return policy_refuse(reason, arena_format(a, "expected %s", row->form));
}

/* A whole number from 1 and its unit.  There is no "m": some would read minutes and some months. */
static bool read_duration(struct slice value, int64_t *seconds)
{
    static const struct {
        uint8_t unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'h', 3600}, {'d', DAY_S}, {'w', WEEK_S}};
    const int64_t most = (int64_t)DURATION_DAYS_MOST * DAY_S;
    for (size_t i = 0; value.n && i < sizeof units / sizeof *units; i++) {
        uint64_t n;
        if (ascii_lower(value.p[value.n - 1]) != units[i].unit)
            continue;
        if (!slice_to_uint(slice_upto(value, value.n - 1), (uint64_t)(most / units[i].seconds), &n) || n == 0)
            return false;
        *seconds = (int64_t)n * units[i].seconds;
        return true;
    }
    return false;
}

ROW_COMPILER(value_renew_before)
{
    uint64_t percent;
    if (read_duration(value, &p->renew_before.value)) {
        p->renew_before.kind = RENEW_SECONDS;
        return true;
    }
    if (value.n && value.p[value.n - 1] == '%' && slice_to_uint(slice_upto(value, value.n - 1), 99, &percent) &&
        percent) {
        p->renew_before.kind = RENEW_PERCENT;
        p->renew_before.value = (int64_t)percent;
        return true;
    }
    return refuse_form(a, row, reason);
}

ROW_COMPILER(value_max_validity)
{
    if (slice_eq_nocase(value, SLICE_LITERAL("cabf")))
        p->max_validity.rule = VALIDITY_CABF;
    else if (read_duration(value, &p->max_validity.seconds))
        p->max_validity.rule = VALIDITY_AT_MOST;
    else
        return refuse_form(a, row, reason);
    return true;
}

ROW_COMPILER(value_min_rsa_bits)
{
    return policy_read_integer(a, row, value, &p->min_rsa_bits, reason);
}

static bool is_in(const struct slice *items, size_t count, struct slice item)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(items[i], item))
            return true;
    return false;
}

static bool append(struct arena *a, struct slice item, const struct slice **items, size_t *count, struct slice *reason)
{
    if (is_in(*items, *count, item)) /* P-256 beside secp256r1 */
        return true;
    if (*count == VALUES_MOST)
        return policy_refuse(reason, arena_format(a, "more than %d values", VALUES_MOST));
    struct slice *grown = ARENA_ARRAY(a, *count + 1, struct slice);
    if (*count)
        memcpy(grown, *items, *count * sizeof *grown);
    grown[*count] = item;
    *items = grown;
    *count += 1;
    return true;
}

static const char *kind_text(enum algorithm_kind kind)
{
    static const char *const texts[] = {[ALGORITHM_KEY] = "kind of key",
                                        [ALGORITHM_SIGNATURE] = "signature algorithm",
                                        [ALGORITHM_CURVE] = "curve",
                                        [ALGORITHM_PURPOSE] = "key purpose"};
    return texts[kind];
}

/* The OID of something else that we know: as it stands it would never be met, or always. */
static const struct algorithm *known_as_another(enum algorithm_kind kind, struct slice oid)
{
    static const enum algorithm_kind kinds[] = {ALGORITHM_KEY, ALGORITHM_SIGNATURE, ALGORITHM_CURVE, ALGORITHM_PURPOSE};
    const struct algorithm *other = NULL;
    for (size_t i = 0; !algorithm_by_oid(kind, oid) && !other && i < sizeof kinds / sizeof *kinds; i++)
        other = algorithm_by_oid(kinds[i], oid);
    return other;
}

static bool add_oid(struct arena *a, const struct policy_attribute *row, enum algorithm_kind kind, struct slice value,
                    struct oid_list *list, struct slice *reason)
{
    struct slice oid, rest = value, word;
    if (!algorithm_compile(a, kind, value, &oid)) {
        if (slice_word(&rest, &word) && slice_trim(rest).n)
            return policy_refuse(
                reason, arena_format(a, "one value names one %s: state the attribute once for each", kind_text(kind)));
        return refuse_form(a, row, reason);
    }
    const struct algorithm *other = known_as_another(kind, oid);
    if (other)
        return policy_refuse(reason, arena_format(a, "this is %s, a %s and no %s", other->name, kind_text(other->kind),
                                                  kind_text(kind)));
    return append(a, oid, &list->items, &list->count, reason);
}

ROW_COMPILER(value_allowed_curve)
{
    return add_oid(a, row, ALGORITHM_CURVE, value, &p->allowed_curves, reason);
}

ROW_COMPILER(value_allowed_signature)
{
    return add_oid(a, row, ALGORITHM_SIGNATURE, value, &p->allowed_signatures, reason);
}

ROW_COMPILER(value_required_eku)
{
    return add_oid(a, row, ALGORITHM_PURPOSE, value, &p->required_ekus, reason);
}

ROW_COMPILER(value_forbidden_eku)
{
    return add_oid(a, row, ALGORITHM_PURPOSE, value, &p->forbidden_ekus, reason);
}

ROW_COMPILER(value_key_usage)
{
    /* By bit number (RFC 5280 section 4.2.1.3); last the other name that X.509 has for bit 1. */
    static const char *const words[] = {"digitalSignature", "nonRepudiation",   "keyEncipherment", "dataEncipherment",
                                        "keyAgreement",     "keyCertSign",      "cRLSign",         "encipherOnly",
                                        "decipherOnly",     "contentCommitment"};
    unsigned index;
    if (!READ_KEYWORD(words, &index))
        return false;
    p->key_usage |= 1u << (index == 9 ? 1 : index);
    return true;
}

ROW_COMPILER(value_allow_ca)
{
    static const char *const words[] = {"FALSE", "TRUE"};
    unsigned index;
    if (!READ_KEYWORD(words, &index))
        return false;
    p->ca_rule = index ? CA_ALLOWED : CA_REFUSED;
    return true;
}

ROW_COMPILER(value_allowed_issuer)
{
    if (!name_parse_ok(value))
        return refuse_form(a, row, reason);
    return append(a, arena_copy(a, value), &p->allowed_issuers.items, &p->allowed_issuers.count, reason);
}

ROW_COMPILER(value_trust_anchor)
{
    if (value.n == 0 || !dn_ok(value))
        return refuse_form(a, row, reason);
    return append(a, arena_copy(a, value), &p->trust_anchors, &p->trust_anchor_count, reason);
}

ROW_COMPILER(value_revocation_check)
{
    static const char *const words[] = {"none", "crl"};
    unsigned index;
    if (!READ_KEYWORD(words, &index))
        return false;
    p->check_crl = index == 1;
    return true;
}

ROW_COMPILER(value_crl_max_age)
{
    return read_duration(value, &p->crl_max_age_s) || refuse_form(a, row, reason);
}

ROW_COMPILER(value_max_values)
{
    return policy_read_integer(a, row, value, &p->max_values, reason);
}

ROW_COMPILER(value_unique)
{
    static const char *const words[] = {"host-name", "key", "certificate"};
    static const enum unique bits[] = {UNIQUE_HOST_NAME, UNIQUE_KEY, UNIQUE_CERTIFICATE};
    unsigned index;
    if (!READ_KEYWORD(words, &index))
        return false;
    p->unique |= bits[index];
    return true;
}
