/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/second_local.h"

#include "x509/compare.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>

struct second_local {
    OSSL_LIB_CTX *ctx;
    OSSL_PROVIDER *null_provider;
    struct curve_sizes curves;
};

static enum second compare(struct view *v)
{
    if (!compare_fields(v))
        return SECOND_DISAGREES;
    const char *theirs = view_objection(v);
    if (!theirs == !v->f->malformed)
        return SECOND_AGREES;
    snprintf(v->why, v->room, "malformed: ours is \"%s\", OpenSSL's \"%s\"", v->f->malformed ? v->f->malformed : "no",
             theirs ? theirs : "no");
    return SECOND_DISAGREES;
}

/* Empties the queue of errors on the way. */
static bool is_out_of_memory(void)
{
    bool found = false;
    for (unsigned long e = ERR_get_error(); e; e = ERR_get_error())
        found |= ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
    return found;
}

enum rc second_local_open(struct second_local **out, struct fault *fault)
{
    *out = NULL;
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    struct second_local *s = calloc(1, sizeof *s);
    if (!s)
        return fault_set(fault, RC_FAULT, "second reader: out of memory");
    s->ctx = OSSL_LIB_CTX_new();
    s->null_provider = s->ctx ? OSSL_PROVIDER_load(s->ctx, "null") : NULL;
    if (!s->null_provider) {
        second_local_close(s);
        return fault_set(fault, RC_FAULT, "second reader: OpenSSL's null provider could not be loaded");
    }
    *out = s;
    return RC_OK;
}

void second_local_close(struct second_local *s)
{
    if (!s)
        return;
    if (s->null_provider)
        OSSL_PROVIDER_unload(s->null_provider);
    OSSL_LIB_CTX_free(s->ctx);
    ERR_clear_error();
    free(s);
}

enum second second_local_read(struct second_local *s, struct slice der, const struct facts *f, char *why, size_t room)
{
    struct view v = {.der = der, .f = f, .why = why, .room = room, .curves = &s->curves};
    enum second result = SECOND_FAULT;
    const unsigned char *p = der.p;
    why[0] = '\0';
    if (der.n > SECOND_OCTETS_MOST) {
        snprintf(why, room, "over %d octets: too large for the second reader", SECOND_OCTETS_MOST);
        return SECOND_FAULT;
    }
    ERR_clear_error();
    v.x = X509_new_ex(s->ctx, NULL);
    if (!v.x)
        goto out;
    if (d2i_X509(&v.x, &p, (long)der.n)) {
        v.consumed = (size_t)(p - der.p);
        view_look_up(&v);
    } else { /* it freed and cleared v.x */
        v.unread = view_decoding_error(der);
    }
    result = compare(&v);
out:
    GENERAL_NAMES_free(v.names);
    EXTENDED_KEY_USAGE_free(v.purposes);
    X509_free(v.x);
    if (is_out_of_memory() || result == SECOND_FAULT) {
        snprintf(why, room, "out of memory in the second reader");
        result = SECOND_FAULT;
    }
    return result;
}
