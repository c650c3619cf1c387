/* SPDX-License-Identifier: Apache-2.0 */
/* What a full pass leaves behind, and how the rooms of a pass fill it and ask it. */
#ifndef RUN_PAST_PRIVATE_H
#define RUN_PAST_PRIVATE_H

#include "run/pass_private.h"

/* One policy as the last full pass met it, and what looks have done to it since. */
typedef LIST_OF(uint64_t) who_list;
struct past_policy {
    struct digest print; /* of all that the policy says; another one asks for a full pass */
    struct slice dn;
    struct slice *bases; /* of its targets */
    bool reachable, complete, blind;
    enum hold_scope hold;
    struct figures figures; /* as that pass saw it */
    bool compares;          /* entries with each other, which no look can */
    bool guarded;           /* a look found that a guard would hold */
    /* Since that pass, in short: of whom looks saw no certificate, and who has a request by it and was not seen. */
    who_list bare, left;
};

/* An entry with a certificate that no policy governs, as a look found: it may have left any of them. */
struct past_stray {
    uint64_t who; /* in short */
    int64_t at_s; /* by the steady clock */
};

/* Something that the first guard counts for 24 hours. */
struct past_opening {
    struct digest request;
    int64_t at_utc;
    struct digest policy; /* of its DN in lower case */
};
typedef LIST_OF(struct past_opening) opening_list;

/* Somebody published a certificate of which a revocation was asked for. */
struct past_publication {
    struct slice subject; /* its id */
    struct digest certificate;
};
typedef LIST_OF(struct past_publication) publication_list;
typedef LIST_OF(struct slice) id_list;

/* One request on record, in short; in order of the key, the first octets of its id. */
struct census_row {
    uint64_t key;
    uint32_t opened_utc; /* until 2106 */
    uint16_t policy;     /* index into past.policies */
    uint8_t type, state; /* STATE_NONE: it is gone */
};
struct census {
    struct census_row *rows;
    size_t count, room;
    bool changed; /* since it was counted */
};

/* What is gathered while a full pass goes on, and counts once it has ended whole. */
struct past_gathering {
    struct arena arena;
    struct deadlines deadlines;
    opening_list openings;
    bool has_revocations;
    publication_list publications;     /* in order */
    LIST_OF(struct slice) authorities; /* ids of entries that publish certificates of authorities or CRLs */
    LIST_OF(struct digest) purged;     /* requests that were deleted, by ourselves */
    LIST_OF(struct past_stray) strays; /* since then */
};

/* A request that looks wrote. */
struct past_write {
    struct digest request;
    size_t echoes;  /* writes that nothing had asked for but a write of the request */
    int64_t last_s; /* by the steady clock */
};
typedef LIST_OF(struct past_write) write_list;

struct past_withdrawn {
    struct slice policy_dn;
    size_t count;
};

/* How much each policy withdrew in this interval: it outlives full passes that fail, which come out of turn. */
struct past_withdrawals {
    struct arena arena;
    bool began;
    int64_t begun_s; /* by the steady clock: full passes out of turn count with what was before them */
    LIST_OF(struct past_withdrawn) policies;
};

struct past {
    bool ready;
    struct past_gathering now, next;
    int64_t wall_utc, steady_s; /* when the full pass looked at its clock */
    int64_t until_utc;          /* later deadlines were not kept; 0: all were */
    bool paused;
    struct digest waivers;
    struct past_policy *policies; /* in now.arena, in the order of the pass */
    size_t policy_count;
    unsigned escalated;              /* bits of 1 << enum escalation, since the full pass */
    struct authorities *authorities; /* that full pass read, and looks take; NULL: they read anew */
    struct arena write_arena;
    write_list writes; /* in order */
    struct census census;
    struct past_withdrawals withdrawals;
};

/* All requests, after a full pass of which past.policies are known; and what a look has read and written. */
void census_take(struct pass *p);
void census_update(struct pass *p);
void census_free(struct census *c);

enum { PAST_JUMP_S = 5 }; /* between two clocks that count seconds, one of which is also slewed */

/* Keeps what this full pass has read, or what this look took and may have added to, where a later look may take it. */
void authority_keep(struct pass *p);
void authority_drop(struct past *past);

/* The steady clock of these settings. */
int64_t past_steady_s(const struct pass_settings *settings);
struct digest past_print_of(struct pass *p, size_t policy);
/* The one of that DN; NULL: there was none. */
struct past_policy *past_find(const struct past *past, struct slice policy_dn);
/* Certificates with revocations that this subject published since the last full pass are added to the look's. */
void past_recall_certificates(struct pass *p, struct slice subject_id);
/* Who published that certificate: their ids, appended. */
void past_recall_subjects(struct pass *p, const struct digest *certificate, id_list *out);
/* How many openings of each policy count today, of requests that are not at hand. */
size_t *past_recent_besides(struct pass *p);

/* A look leaves something to a full pass. */
void look_escalate(struct pass *p, enum escalation why);
/* Filters for the look's subjects. */
void look_make_filters(struct pass *p);
/*
 * What a change means for others (run/around.c); false: a search failed.  Before subjects are judged: authorities that
 * changed, or may have moved; and policies that saw nothing until now.
 */
bool look_around(struct pass *p);
bool look_at_blind(struct pass *p);
/* After subjects were seen, where it was not asked before: entries that may have moved with one that changed. */
bool look_below_unseen(struct pass *p);

/* How much of each policy was withdrawn in this interval before this full pass; NULL: its interval begins with it. */
size_t *pace_withdrawn_before(struct pass *p);
/* The same for a look: by all looks since, too. */
size_t *pace_withdrawn(struct pass *p);
/* What this pass or look withdrew counts from now on, even where it did not end whole. */
void pace_note_withdrawals(struct pass *p);
/* A look sees this subject.  Without a certificate it may have lost it since the full pass. */
void pace_note_sight(struct pass *p, const struct subject *s);
/* The look has seen whom it is about: who was not seen may have left what governed them. */
void pace_note_leaving(struct pass *p);
/* So many may have left that policy since the full pass, besides those who were told to be deleted. */
size_t pace_left(const struct pass *p, const struct past_policy *policy);
/* When what the guard held because of withdrawals before it is worth another full pass; DEADLINE_NEVER: it is not. */
int64_t pace_next_interval_utc(const struct pass *p);
/* A look leaves out what only answers its own writing, again and again; it is looked at again after an interval. */
void pace_hold_echoes(struct pass *p);
bool pace_is_slowed(const struct pass *p, struct slice request_id);
void pace_note_writes(struct pass *p);

#endif
