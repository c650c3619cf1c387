/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains and CRLs within this process, by OpenSSL in a library context of its own with the default provider and no
 * configuration file: what a worker of the cage runs.  Nobody else calls it but tests.  Each function is what the one
 * of x509/trust.h says that has its name.
 */
#ifndef X509_TRUST_LOCAL_H
#define X509_TRUST_LOCAL_H

#include "x509/trust.h"

struct trust_local;
enum rc trust_local_open(struct trust_local **out, struct fault *fault) MUST_USE;
void trust_local_close(struct trust_local *p); /* NULL is fine; after all its anchors */

/* NULL, or why it was refused: a static string. */
const char *trust_local_add_certificate(struct trust_local *p, struct slice der);
const char *trust_local_add_crl(struct trust_local *p, struct slice der);
bool trust_local_has_crl(const struct trust_local *p, struct slice der, const struct facts *f);
/* Something was refused that might have mattered: where it could, the answer is undecided. */
bool trust_local_is_incomplete(const struct trust_local *p);
void trust_local_set_incomplete(struct trust_local *p);

struct trust_local_anchors;
enum rc trust_local_anchors_open(struct trust_local *p, const struct slice *ders, size_t count,
                                 struct trust_local_anchors **out, struct fault *fault) MUST_USE;
/* One more; where it can't be read, no chain is refused for the lack of it. */
void trust_local_anchors_add(struct trust_local_anchors *t, struct slice der);
void trust_local_anchors_close(struct trust_local_anchors *t); /* NULL is fine */

struct trust_local_question {
    struct slice der;
    const struct facts *facts;
    const struct trust_local_anchors *anchors;
    bool asks_crl;
    int64_t crl_max_age_s;
    int64_t now_utc;
};
/* Leaves no error in OpenSSL's queue. */
void trust_local_judge(struct trust_local *p, struct arena *a, const struct trust_local_question *q, struct trust *out);

#endif
