/* SPDX-License-Identifier: Apache-2.0 */
/* What the suites of content synchronization share: what was told, and a mirror of the directory that is kept by it. */
#ifndef INTEGRATION_SYNCWORLD_H
#define INTEGRATION_SYNCWORLD_H

#include "dir/sync.h"
#include "support/dirtest.h"

struct told {
    enum dir_sync_event event;
    struct slice id, dn;
};

struct mirror {
    struct dir *d;
    struct dir_sync *s;
    struct arena arena;
    LIST_OF(struct told) told;
    size_t changed, gone, present; /* of each kind in told */
    size_t refreshes, wholes, beginnings, doubts;
    LIST_OF(struct slice) ids; /* who is there, as far as was told */
    size_t refresh_from;       /* in told: where the refresh began that goes on */
};

/* Opens the connection (as administrator where dn is NULL) and the exchange; one base or more, separated by '|'. */
enum rc mirror_try(struct mirror *m, const struct slapd *server, const char *dn, const struct dir_sync_settings *how,
                   const char *bases, struct fault *fault);
/* The same, which has to work. */
void mirror_open(struct mirror *m, const struct slapd *server, const struct dir_sync_settings *how, const char *bases);
/* The exchange on a connection that is open. */
enum rc mirror_begin(struct mirror *m, const struct dir_sync_settings *how, const char *bases, struct fault *fault);
/* Ends exchange and connection; what was told and who is there stay. */
void mirror_close(struct mirror *m);
void mirror_free(struct mirror *m);

/* Steps until the refresh is over; the first thing that is not well. */
enum rc mirror_refresh(struct mirror *m, struct fault *fault);
/* Steps until so many things were told since `from`; fails the test after ten seconds. */
void mirror_await(struct mirror *m, size_t from, size_t count);
/* Steps for so long; fails the test where a step does. */
void mirror_linger(struct mirror *m, int ms);
/* A copy that lives as long as the mirror; NULL: none. */
const char *mirror_cookies(struct mirror *m);

bool mirror_has(const struct mirror *m, struct slice id);
/* Fails the test unless the mirror holds just the entries below the base. */
void mirror_check(struct mirror *m, const struct slapd *server, const char *base);
/* The dircertSubjectId of an entry; in the mirror's arena. */
struct slice mirror_id_of(struct mirror *m, const struct slapd *server, const char *dn);
bool mirror_was_told(const struct mirror *m, size_t from, enum dir_sync_event event, struct slice id);

#endif
