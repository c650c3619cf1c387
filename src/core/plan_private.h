/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the plan share. */
#ifndef CORE_PLAN_PRIVATE_H
#define CORE_PLAN_PRIVATE_H

#include "core/plan.h"

/* A certificate that some subject's policy wants revoked, or wanted revoked and no longer shows. */
struct revoke_want {
    struct digest digest;
    const struct subject *subject;
    const struct certificate *certificate;
    unsigned checks;
    struct slice *findings;
    size_t finding_count;
    enum reason reason;
    struct slice supersedes; /* id of the reissue */
    bool unpublished;        /* only its reissue still holds it: this asks for a new request and nothing else */
};

/* One place where a certificate is published among the subjects at hand. */
struct publication {
    const struct certificate *certificate;
    const struct subject *subject;
};

/* What is observed of one identity. */
struct plan_case {
    enum request_type type;
    struct slice id;
    const struct plan_request *existing;
    const struct subject *subject; /* reissue: as sighted, or NULL */
    const struct policy *policy;   /* whose numbers apply; NULL: vanished */
    struct slice subject_id;
    struct slice issuer, serial; /* revoke */
    unsigned seen;
    struct basis basis;                    /* with SEEN_WANTED */
    const struct certificate *replacement; /* with SEEN_STAND_IN */
    const char *unverified;                /* revoke: see struct lifecycle_input */
};

struct planner {
    struct arena *arena;
    const struct plan_input *in;
    const struct plan_request **by_id; /* requests in the order of their ids, foreign ones left out */
    size_t by_id_count;
    bool *taken; /* for each request: its case is settled */
    struct aftermath {
        enum state state;
        struct slice certificate;
    } * after;                        /* for each request: what of it stands once the plan is carried out */
    struct publication *publications; /* by digest */
    size_t publication_count;
    LIST_OF(struct revoke_want) wants;
    LIST_OF(struct digest) doubted;  /* certificates of which nobody can tell whether they are replaced */
    LIST_OF(struct plan_case) ended; /* what may be deleted, once it is known what became of the others */
    LIST_OF(struct operation) operations;
};

/* What is being gathered for one subject. */
struct gathering {
    struct planner *planner;
    const struct subject *subject;
    const struct plan_request *existing;
    struct slice id;
    LIST_OF(struct digest) certificates;
    LIST_OF(struct slice) findings;
    LIST_OF(struct slice) to_revoke; /* DER, for afterwards */
    unsigned checks;
    enum reason reason;
    bool undecided;
    unsigned doubted;                              /* see certificate_doubts() */
    struct stand_ins stand_ins, doubted_stand_ins; /* see gathering_stand_in */
    bool has_stand_ins;
    bool stand_in_doubted;   /* of some certificate */
    struct slice *published; /* DER, ascending; see is_published */
};

/* Of each certificate, and of the subject, what policy asks for. */
void gathering_take(struct gathering *g);
const struct certificate *gathering_stand_in(struct gathering *g, const struct certificate *old);
struct revoke_want *gathering_want(struct gathering *g, const struct certificate *c, const struct finding *f,
                                   bool superseded);
struct basis gathering_basis(struct gathering *g);

const struct plan_request *planner_find(const struct planner *p, struct slice id);
const struct policy_pass *planner_policy(const struct planner *p, struct slice dn);
/* Runs the life cycle, minds the guards, and appends what is to be written.  Returns the state afterwards. */
enum state planner_settle(struct planner *p, const struct plan_case *c);

void plan_reissues(struct planner *p);
void plan_revokes(struct planner *p);
/* Deletes ended reissues for which no revocation waits, then ended revocations whose reissue is gone. */
void plan_ended_reissues(struct planner *p);
void plan_ended_revokes(struct planner *p);

/* Ascending, each once; returns how many are left. */
size_t sort_slices(struct slice *items, size_t count);
/* Those of the checks that the policy has turned on and answers with this action. */
unsigned plan_checks_asking(const struct policy *policy, unsigned checks, enum action action);
enum reason reason_stronger(enum reason a, enum reason b);

#endif
