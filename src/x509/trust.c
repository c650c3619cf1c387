/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/trust.h"

#include <stdlib.h>

struct trust_pool {
    size_t certificates;
};

enum rc trust_pool_open(struct trust_pool **out, struct fault *fault)
{
    *out = calloc(1, sizeof **out);
    return *out ? RC_OK : fault_set(fault, RC_FAULT, "authorities: out of memory");
}

void trust_pool_close(struct trust_pool *p)
{
    free(p);
}

const char *trust_pool_add_certificate(struct trust_pool *p, struct slice der)
{
    (void)p, (void)der;
    return "not yet";
}

const char *trust_pool_add_crl(struct trust_pool *p, struct slice der)
{
    (void)p, (void)der;
    return "not yet";
}

bool trust_pool_has_crl(const struct trust_pool *p, struct slice der, const struct facts *f)
{
    (void)p, (void)der, (void)f;
    return false;
}

enum rc trust_anchors_open(struct trust_pool *p, const struct slice *ders, size_t count, struct trust_anchors **out,
                           struct fault *fault)
{
    (void)p, (void)ders, (void)count;
    *out = NULL;
    return fault_set(fault, RC_FAULT, "anchors: not yet");
}

void trust_anchors_close(struct trust_anchors *t)
{
    (void)t;
}

void trust_judge(struct trust_pool *p, struct arena *a, const struct trust_question *q, struct trust *out)
{
    (void)p, (void)a, (void)q;
    *out = (struct trust){0};
}
