/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_sync.h"

static bool is_next(BerElement *ber, ber_tag_t tag)
{
    ber_len_t n;
    return ber_peek_tag(ber, &n) == tag;
}

static bool is_at_end(BerElement *ber)
{
    ber_len_t left = 1;
    return ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &left) == LBER_OPT_SUCCESS && left == 0;
}

/* Into a constructed value that reaches to the end of all, as every one does here. */
static bool enter(BerElement *ber, ber_tag_t tag)
{
    ber_len_t n = 0, left = 0;
    return is_next(ber, tag) && ber_skip_tag(ber, &n) == tag &&
           ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &left) == LBER_OPT_SUCCESS && n == left;
}

/* Not ber_scanf, which writes a NUL behind the octets: onto the next tag. */
static bool read_octets(BerElement *ber, ber_tag_t tag, struct slice *out)
{
    struct berval v = {0};
    if (!is_next(ber, tag) || ber_skip_element(ber, &v) != tag)
        return false;
    *out = slice_make(v.bv_val, v.bv_len);
    return true;
}

static bool read_id(BerElement *ber, struct slice *out)
{
    return read_octets(ber, LBER_OCTETSTRING, out) && out->n == SYNC_ID_OCTETS;
}

static bool read_cookie(BerElement *ber, struct slice *out)
{
    return !is_next(ber, LBER_OCTETSTRING) || read_octets(ber, LBER_OCTETSTRING, out);
}

/* *out keeps its default where the value is left out. */
static bool read_flag(BerElement *ber, bool *out)
{
    ber_int_t v = 0;
    if (!is_next(ber, LBER_BOOLEAN))
        return true;
    if (ber_scanf(ber, "b", &v) == LBER_ERROR)
        return false;
    *out = v != 0;
    return true;
}

/* NULL: there is no value.  Freed with ber_free(…, 0): the octets are not its own. */
static BerElement *begin(const struct berval *value)
{
    BerElement *ber = value && value->bv_val && value->bv_len ? ber_alloc_t(0) : NULL;
    if (ber)
        ber_init2(ber, (struct berval *)(uintptr_t)value, 0);
    return ber;
}

bool sync_state_read(const struct berval *value, struct sync_state *state)
{
    *state = (struct sync_state){0};
    ber_int_t kind = -1;
    BerElement *ber = begin(value);
    bool ok = ber && enter(ber, LBER_SEQUENCE) && is_next(ber, LBER_ENUMERATED) &&
              ber_scanf(ber, "e", &kind) != LBER_ERROR && kind >= LDAP_SYNC_PRESENT && kind <= LDAP_SYNC_DELETE &&
              read_id(ber, &state->id) && read_cookie(ber, &state->cookie) && is_at_end(ber);
    ber_free(ber, 0);
    state->state = (int)kind;
    return ok;
}

bool sync_done_read(const struct berval *value, struct sync_done *done)
{
    *done = (struct sync_done){0};
    BerElement *ber = begin(value);
    bool ok = ber && enter(ber, LBER_SEQUENCE) && read_cookie(ber, &done->cookie) &&
              read_flag(ber, &done->refresh_deletes) && is_at_end(ber);
    ber_free(ber, 0);
    return ok;
}

static bool read_ids(BerElement *ber, sync_id_fn *each, void *context)
{
    if (!enter(ber, LBER_SET))
        return false;
    while (!is_at_end(ber)) {
        struct slice id;
        if (!read_id(ber, &id))
            return false;
        if (each)
            each(context, id);
    }
    return true;
}

static bool read_info(BerElement *ber, struct sync_info *info, sync_id_fn *each, void *context)
{
    ber_len_t n;
    info->kind = ber_peek_tag(ber, &n);
    switch (info->kind) {
    case LDAP_TAG_SYNC_NEW_COOKIE:
        return read_octets(ber, LDAP_TAG_SYNC_NEW_COOKIE, &info->cookie);
    case LDAP_TAG_SYNC_REFRESH_DELETE:
    case LDAP_TAG_SYNC_REFRESH_PRESENT:
        info->refresh_done = true;
        return enter(ber, info->kind) && read_cookie(ber, &info->cookie) && read_flag(ber, &info->refresh_done);
    case LDAP_TAG_SYNC_ID_SET:
        return enter(ber, info->kind) && read_cookie(ber, &info->cookie) && read_flag(ber, &info->deletes) &&
               read_ids(ber, each, context);
    default:
        return false;
    }
}

bool sync_info_read(const struct berval *value, struct sync_info *info, sync_id_fn *each, void *context)
{
    *info = (struct sync_info){0};
    BerElement *ber = begin(value);
    bool ok = ber && read_info(ber, info, each, context) && is_at_end(ber);
    ber_free(ber, 0);
    return ok;
}

/* reloadHint is left out: FALSE is its default, and a server that refuses the cookie then says so. */
LDAPControl *sync_request(bool persists, struct slice cookie)
{
    struct berval held = {.bv_len = cookie.n, .bv_val = (char *)(uintptr_t)cookie.p}, value = {0};
    ber_int_t mode = persists ? LDAP_SYNC_REFRESH_AND_PERSIST : LDAP_SYNC_REFRESH_ONLY;
    LDAPControl *control = NULL;
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    if (ber && ber_printf(ber, "{e", mode) != -1 && (cookie.n == 0 || ber_printf(ber, "O", &held) != -1) &&
        ber_printf(ber, "}") != -1 && ber_flatten2(ber, &value, 0) != -1 &&
        ldap_control_create(LDAP_CONTROL_SYNC, 1, &value, 1, &control) != LDAP_SUCCESS)
        control = NULL;
    ber_free(ber, 1);
    return control;
}
