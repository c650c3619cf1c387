/* SPDX-License-Identifier: Apache-2.0 */
/* What the rooms of a pass share: one structure that fills up as the pass goes on. */
#ifndef RUN_PASS_PRIVATE_H
#define RUN_PASS_PRIVATE_H

#include "core/guard.h"
#include "core/holding.h"
#include "core/plan.h"
#include "run/memo_private.h"
#include "run/pass.h"
#include "run/requests.h"
#include "run/told.h"

/* Stable ids, ascending, each once. */
struct id_set {
    struct slice *ids;
    size_t count;
};

/* What the search of one policy counts besides what the plan needs. */
struct tally {
    size_t compliant;
    size_t findings[CHECK_COUNT];
    size_t waived; /* findings that are not among these */
};

struct governed {
    const struct policy *policy;
    struct slice *bases;    /* of its targets, as the server spells them */
    bool reachable;         /* every target's base was found */
    bool suspended;         /* an earlier policy is not understood, so nobody knows what this one governs */
    struct id_set not_mine; /* entries in its targets that it does not govern */
    bool blind;             /* entries show no certificate, and cannot be shown to have none */
    size_t undecided;
    struct tally tally;
    unsigned counted[VERB_PURGE + 1], held, failed; /* operations by verb */
};

struct status {
    struct slice dn;
    bool exists;
    int64_t last_pass_utc;   /* 0: none recorded */
    int64_t server_utc;      /* the server's clock when it last stamped this entry now; 0: not known */
    struct figures *figures; /* of the last complete pass */
    size_t figure_count;
    bool figures_unreadable, last_pass_unreadable; /* a value is there and does not parse */
    bool hidden;                                   /* not all that is recorded is shown */
    bool clock_judged;
    LIST_OF(struct slice) holds;       /* as recorded */
    LIST_OF(struct slice) held_before; /* "guard policyDN" of each recorded hold that this pass has judged anew */
};

/* Policies as if they were stored: each replaces the one of its DN; and DNs of those as if they were not. */
struct policy_drafts {
    const struct policy *const *put;
    size_t put_count;
    const struct slice *dropped;
    size_t dropped_count;
};

/* A policy's search has shown a subject: who it is, in short. */
struct look_sight {
    uint64_t who;
    const struct policy *policy;
};

/* A pass over a few subjects: run/focus.c. */
struct looking {
    struct id_set subjects;
    struct slice *filters; /* "(|(entryUUID=…)…)", a hundred of them in each */
    size_t filter_count;
    LIST_OF(struct digest) shown;      /* certificates of these subjects, where there are revocations at all */
    LIST_OF(struct slice) leaves;      /* ids of those that have shown that nothing is below them */
    LIST_OF(struct look_sight) sights; /* of the latest round */
    enum escalation escalation;
};

struct inspect_sink;
struct authorities; /* run/authority.c */
struct crossing;    /* run/crossing.c */
struct waivers;     /* run/waivers.c */

struct pass {
    struct dir *dir;
    struct second_reader *second;
    struct log *log;
    const struct pass_settings *settings;
    const struct inspect_sink *observer; /* NULL, or who is told in the place of the log */
    bool judges_only;                    /* nobody asks for a plan: no subject is kept for one */
    const struct policy_drafts *drafts;  /* NULL, or what stands in the place of stored policies */
    struct arena *arena;
    struct parts *parts; /* of certificates, which most of the others have too; NULL: none was read yet */
    int64_t now_utc, steady_s;
    struct looking *look; /* NULL: this pass is about everybody */
    bool watches_drift;   /* see run/drift.c */
    unsigned faults;      /* searches and writes that failed */
    struct told told;     /* what this pass has logged already */
    struct progress progress;
    struct progress_meter meter;

    bool interrupted; /* somebody watches, and wants it to end */

    bool incomplete;
    bool doubts; /* an anchor that a policy names could not be used */
    bool paused;
    struct status status;
    struct governed *governed;    /* by precedence */
    struct policy_pass *policies; /* the same, as the plan sees them */
    size_t policy_count;
    struct waivers *waivers;         /* in the arena */
    struct authorities *authorities; /* NULL: no policy asks for chains or CRLs */
    struct crossing *crossing;       /* NULL: no policy compares entries with each other */
    struct request_index index;      /* of all requests that were read */
    LIST_OF(struct plan_request) requests_in_full;
    struct plan_request *requests; /* the same, by id; of those that are settled only the index knows */
    size_t request_count;
    bool requests_read;                 /* all of them */
    int64_t requests_ms;                /* how long that took */
    unsigned search;                    /* the number of the one that goes on within a scan; the first is 1 */
    bool seen_once;                     /* the subjects were looked at; a second look counts no findings again */
    LIST_OF(struct subject *) subjects; /* by id, once the scans have ended */
    LIST_OF(struct digest) watched;     /* certificates whose revocation is or may be asked for, ascending */
    uint64_t *watch_marks;              /* see watch_certificate */
    enum hold_scope *holds;
    size_t *withdrawn_before; /* for each policy, see pace_withdrawn_before */
    hold_list held;
    struct plan plan;
    bool planned;  /* without holds, and all that it rests on still stands */
    bool *written; /* for each operation of the plan: the directory has it */
};

/* Where a line may be written: what stands on the terminal is removed first. */
static inline struct log *pass_log(struct pass *p)
{
    progress_clear(&p->meter);
    return p->log;
}
/* Shows how far the pass is; false when it was interrupted: then nothing is concluded any more, and nothing told. */
bool pass_goes_on(struct pass *p);

/* Each returns false when the pass can't go on; what happened is logged. */
bool pass_read_control(struct pass *p);
bool pass_read_policies(struct pass *p);
bool pass_read_requests(struct pass *p);
/*
 * Reads the requests that match one of these filters in full, about a hundred of them an operation, and adds them to
 * p->requests, which are in order again afterwards; those that are there already are not added twice.  False where a
 * search did not end whole, which is told.
 */
bool requests_fetch(struct pass *p, const struct slice *filters, size_t count);
/* After a scan: reads those in full again whose subjects did not turn out to be settled. */
bool requests_read_unsettled(struct pass *p);
/* The mark stands for a request that is not in p->requests. */
bool requests_counts_besides(const struct request_mark *m);
/* For each policy: see struct guard_input. */
const size_t *requests_recent_besides(struct pass *p);
/* Whoever shows this certificate matters, whatever is found there; watch_in_order before anybody asks. */
void watch_certificate(struct pass *p, const struct digest *digest, struct slice der);
void watch_in_order(struct pass *p);
struct plan_input pass_input(struct pass *p, bool with_holds);
/* From the scan to a draft of the plan. */
void pass_see_subjects(struct pass *p);
/* All of it, from the policies to the plan under the guards; nothing is written. */
bool pass_derive(struct pass *p);

/* Reads the status entry, and unless nothing may be written lets the server stamp it. */
bool status_begin(struct pass *p);
/* True when the clock holds everything. */
bool status_clock_holds(struct pass *p);
void status_end(struct pass *p, enum pass_result result);

/* Looks up the targets of every policy: bases and reachable of each. */
void governance_find_bases(struct pass *p);
/*
 * How one entry stands to one of a policy's targets or exclusions: *within its base and scope, and *yes where its
 * filter is true of it.  False where it could not be decided.
 */
bool governance_target_of(struct pass *p, const struct target *t, struct slice base, struct slice id_filter,
                          bool *within, bool *yes);
/* True of an entry of which this account sees every attribute that the target's filter names, or that it has none. */
struct slice governance_shown_filter(struct pass *p, const struct target *t);
/* Finds out which entries in a policy's targets are another's, excluded, or disputed. */
void governance_resolve(struct pass *p);
/* Whom does a policy govern, for one entry: true and *out (NULL: nobody), false where it could not be decided. */
bool governance_of(struct pass *p, struct slice id_filter, const struct governed **out);
/* Entries in one of a policy's targets that an earlier target of the same policy matches too. */
bool governance_repeats(struct pass *p, const struct governed *g, size_t target, struct id_set *out);
bool id_set_has(const struct id_set *set, struct slice id);

enum dir_scope target_dir_scope(const struct target *t);

/*
 * Walks the subjects of one policy: those that a target shows and that this policy governs, each once.  `begin` is
 * called before a search, `restart` when it has to begin again: what came since `begin` counts for nothing.  The
 * subject is compiled, its facts are not read; it lives in walk.arena until the callback returns.
 */
struct walk {
    struct pass *pass;
    struct governed *governed;
    void (*begin)(void *context);
    void (*restart)(void *context);
    void (*subject)(void *context, struct subject *s, problem_list *problems);
    void *context;
    bool no_certificates, no_hosts; /* these attributes are not asked for */
    struct arena arena;             /* dropped after each entry */
    struct id_set repeats;          /* an earlier target of this policy showed them */
};
/* False where the search did not end whole, which is told. */
bool walk_target(struct walk *w, size_t target, struct slice filter);
/* All targets of the policy with their own filters. */
bool walk_targets(struct walk *w);
void walk_end(struct walk *w);

/* What becomes of a judged subject. */
enum fate {
    FATE_TOLD,    /* the plan needs nothing of it: what is found is told */
    FATE_SETTLED, /* likewise, and its request says already what it asks for, which is not told again */
    FATE_KEPT,    /* for the plan */
};
/* Nothing to be told of it, and the plan hardly needs it. */
bool fate_is_plain(const struct subject *s);
/* Asks the second reader ahead; true where fate_of may be called somewhat later for it. */
bool fate_asks_ahead(struct pass *p, struct subject *s, const struct request_mark *mark);
/*
 * Asks the second reader about the certificates on which something would rest.  `mark` is the subject's reissue on
 * record, or NULL.  *told is the subject with what is to be told of it; it lives in the arena.
 */
enum fate fate_of(struct pass *p, struct arena *a, struct subject *s, struct request_mark *mark, struct subject *told);

/* Streams the subjects of every policy, judges them, and keeps those that the plan needs. */
void scan_policies(struct pass *p);
/* Marks what is undecided about the subjects at hand: values that may only be hidden. */
void evidence_of_subjects(struct pass *p);
/* The same for those about which the plan would open requests; true when somebody is undecided who was not. */
bool evidence_of_openings(struct pass *p, const struct plan *plan);
/* The same of those whose requests a look would move or revise. */
bool evidence_of_changes(struct pass *p, const struct plan *plan);
/*
 * The authorities that policies trust, their certificates and CRLs, from the directory.  What can't be read is told,
 * and then the answers are undecided.  authority_close frees what is OpenSSL's.
 */
void authority_read_all(struct pass *p);
/* The same for one policy alone. */
void authority_read_of(struct pass *p, const struct policy *policy);
/*
 * Fills in the certificate's trust, where that policy asks for it; texts live in the arena.  May be called while a
 * search goes on.  False: a CRL has to be read first, by authority_fetch once the search has ended; nothing was judged.
 */
bool authority_judge(struct pass *p, struct arena *a, const struct policy *policy, struct certificate *c);
/* Reads what was waited for; true when somebody has to be judged again, who then does not wait any more. */
bool authority_fetch(struct pass *p);
/* Both, where no search goes on. */
void authority_judge_now(struct pass *p, struct arena *a, const struct policy *policy, struct certificate *c);
/* The certificates that requests hold, once the subjects were looked at. */
void authority_judge_requests(struct pass *p);
void authority_close(struct pass *p);
void authorities_close(struct authorities *u); /* NULL is fine */

/*
 * What entries have in common: looks at all subjects of all policies once more, before they are judged, and keeps 16
 * octets of each certificate and host name.  crossing_of fills in what others share with a subject whose facts are
 * read.
 */
void crossing_survey(struct pass *p);
void crossing_of(struct pass *p, struct arena *a, struct subject *s);
/* They were to be compared and could not be, which is told: what rests on it is undecided everywhere. */
bool crossing_failed(const struct pass *p);

/* All that the waivers say which have not ended, for comparing. */
struct digest waivers_print(const struct pass *p);
/* When the next one of them does not cover anything any more; DEADLINE_NEVER: none does. */
int64_t waivers_next_end(const struct pass *p);
/* Reads ou=waivers; false where the pass can't go on. */
bool waivers_read(struct pass *p);
/* What covers the subjects of the requests in full, or the certificates of their revocations. */
void waivers_resolve_requests(struct pass *p);
/* Asks the directory whom they name, once it is known who governs whom. */
void waivers_resolve(struct pass *p);
/* Marks the findings of a subject that has been judged. */
void waivers_apply(struct pass *p, struct arena *a, struct subject *s);
/* The same for one entry: ids of no other are kept. */
void waivers_resolve_for(struct pass *p, struct slice id_filter);
/*
 * The directory shows of this entry all that the waivers' filters ask for: none of them only seems not to match.
 */
bool waivers_decided(struct pass *p, const struct subject *s);
/* There are waivers, if only such as have ended. */
bool waivers_any(const struct pass *p);
/* Some waiver can't be read so far that nobody knows whom it names: nothing may be written. */
bool waivers_hold_all(const struct pass *p);
/* Tells which ones named nothing; after complete scans. */
void waivers_report(struct pass *p);

/* Looks for the subjects of requests that no scan showed. */
void evidence_gather(struct pass *p);

/* Plans under the guards. */
void pass_plan(struct pass *p);
void write_plan(struct pass *p);

/* Reports. */
void report_fault(struct pass *p, const char *what, const struct fault *fault);
/* The same of what may fail for one entry after the other: only the first one of a pass is told. */
void report_fault_once(struct pass *p, const char *what, const struct fault *fault);
/* The same of what lasts: passes that come after one that told it do not tell it again until it is over. */
void report_trouble(struct pass *p, enum memo_trouble trouble, const char *what, const struct fault *fault);
void report_problems(struct pass *p, const problem_list *problems);
/* Those of what a policy governs, or seems to. */
void report_subject_problems(struct pass *p, const struct policy *policy, const problem_list *problems);
void report_request_problems(struct pass *p, struct slice id, const problem_list *problems);
void report_subject(struct pass *p, const struct subject *s);
void report_disagreement(struct pass *p, const struct subject *s, const struct certificate *c, const char *why);
void report_hold(struct pass *p, const struct hold *h);
void report_operation(struct pass *p, const struct operation *o);
void report_passes(struct pass *p, const struct survey *survey);
void report_look(struct pass *p, int64_t duration_ms);

/* A pass that is a look.  What it may not settle is in p->look->escalation. */
enum pass_result look_run(struct pass *p, struct slice *plan);
/*
 * A look makes one search for each of its filters where a full pass makes one; look_narrow says for which.  Without a
 * look there is one part, and nothing is narrowed.
 */
size_t look_parts(const struct pass *p);
struct slice look_narrow(struct pass *p, size_t part, struct slice filter);
bool look_is_about(const struct pass *p, struct slice subject_id);
#define HAS_SUBORDINATES "hasSubordinates" /* TRUE or FALSE; an operational attribute of X.501 */
/* An entry that shows that nothing is below it need not be asked about that. */
void look_note_leaf(struct pass *p, const struct entry *e, struct slice subject_id);
/* What these subjects publish may have a revocation, which is looked at too. */
void look_note_certificates(struct pass *p, struct subject *s);

/* What is left for looks, gathered while a full pass goes on, and brought up to date by each look. */
void past_begin(struct pass *p);
void past_note_subject(struct pass *p, const struct subject *s); /* judged */
void past_note_request(struct pass *p, const struct plan_request *q);
void past_note_opening(struct pass *p, const struct request *q); /* each request once */
void past_forget_requests(struct pass *p);                       /* they are read from the beginning again */
void past_note_authority(struct pass *p, struct slice id);
void past_end(struct pass *p, bool whole);

/* Once policies and waivers are read. */
void drift_begin(struct pass *p);
/* What was written or told just now, where p->watches_drift. */
void drift_of_operation(struct pass *p, const struct operation *o);
void drift_of_finding(struct pass *p, const struct subject *s, const struct finding *f);

/* The figures of a pass that has ended; result is that of the whole. */
struct survey survey_take(struct pass *p, const char *result, int64_t duration_ms);
/* How many of its revocations are carried out as the fulfiller says, and on no CRL; after what this pass wrote. */
size_t survey_unverified(struct pass *p, const struct policy *policy);
size_t survey_open_requests(const struct policy_survey *s);
bool survey_is_open(enum state s);
/* The oldest open one is that or an earlier one. */
void survey_note_open(struct policy_survey *s, enum state state, int64_t opened_utc);
typedef LIST_OF(const struct record *) record_list;
/* The requests that were read in full, as they stand after what was written; in the pass's arena. */
record_list survey_requests(struct pass *p);

/*
 * Of what is to be told: true when the passes before did not tell it, or when there is no memory of them.  disagreed:
 * the readers disagree about the certificate.
 */
bool remember_finding(struct pass *p, const struct subject *s, const struct finding *f, bool disagreed,
                      struct slice certificate);
/* An earlier pass of this process told all that is found of this certificate, and the second reader agreed. */
bool remember_agreement(struct pass *p, const struct subject *s, struct certificate *c);
bool remember_of_subjects(struct pass *p, const struct policy *policy, struct slice dn, const char *what,
                          struct slice value);
bool remember_problem(struct pass *p, const struct policy *policy, const struct problem *problem);
bool remember_of_request(struct pass *p, struct slice dn, struct slice attribute, struct slice value,
                         struct slice reason);
bool remember_hold(struct pass *p, const struct hold *h);
bool remember_pause(struct pass *p);
/* True: it lasts, and is to be told. */
bool remember_trouble(struct pass *p, enum memo_trouble trouble, bool lasts);
bool remember_line(struct pass *p, const struct policy *policy, struct slice figures);
/* A request told that this check's findings have ended. */
void remember_told_ends(struct pass *p, const struct basis *b, struct slice check);
void remember_begin(struct pass *p);
/* Tells which findings have ended, and forgets them. */
void remember_end(struct pass *p);

/* Searching. */
struct slice pass_child(struct pass *p, const char *rdn); /* "ou=policies" -> its DN */
struct governed *pass_governed(struct pass *p, const struct policy *policy);
/* Among those at hand, by id; NULL: it is not. */
struct subject *pass_find_subject(const struct pass *p, struct slice id);
const struct plan_request *pass_find_request(const struct pass *p, struct slice id);
struct slice pass_id_filter(struct pass *p, struct slice subject_id); /* "(entryUUID=…)"; empty where it is none */
/*
 * A filter that matches an entry of which we may see whether it has that attribute, whatever it has; empty where the
 * directory does not know the attribute.
 */
struct slice pass_shown_filter(struct pass *p, const char *attribute);
/* Evidence: the entry has to match that filter, else that is told as a fault.  See RFC 4511 section 4.5.1.7. */
bool pass_demand(struct pass *p, struct slice dn, struct slice filter, const char *what, const char *otherwise);
/* RC_OK or RC_TRUNCATED, and how many entries came (at most `most` where that is not 0). */
enum rc pass_count(struct pass *p, struct slice base, enum dir_scope scope, struct slice filter, size_t most,
                   size_t *count, struct fault *fault) MUST_USE;
/*
 * The same as evidence, of one entry at most: RC_OK, or RC_NOT_FOUND or RC_INVALID where nothing can be asked there.
 * Everything else is our fault: it makes the pass incomplete, and the first one of each `what` is told.
 */
enum rc pass_ask(struct pass *p, struct slice base, enum dir_scope scope, struct slice filter, const char *what,
                 size_t *count) MUST_USE;

#endif
