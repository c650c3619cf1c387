/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passes over the directory in memory, one after the other as a daemon makes them: one policy over ou=hosts, entries
 * with certificates of real DER, and the log of each pass.  What fails here fails the cmocka test that called.
 */
#ifndef TESTS_SUPPORT_PASSWORLD_H
#define TESTS_SUPPORT_PASSWORLD_H

#include "dir/memory.h"
#include "run/pass.h"

#define PASSWORLD_BASE     "ou=dircertd,dc=x"
#define PASSWORLD_REQUESTS "ou=requests," PASSWORLD_BASE
#define PASSWORLD_STATUS   "cn=one,ou=status," PASSWORLD_BASE
#define PASSWORLD_POLICY   "cn=hosts,ou=policies," PASSWORLD_BASE
#define PASSWORLD_HOST(cn) "cn=" cn ",ou=hosts,dc=x"

enum { PASSWORLD_NOW = 1800000000, PASSWORLD_INTERVAL_S = 300 };

struct passworld {
    struct arena arena;
    struct dir *dir;
    struct second_reader *second;
    struct pass_settings settings; /* a test may change them between passes */
    struct survey survey;          /* of the last pass */
    int64_t now_utc;
    const char *log; /* of the last pass, from the least severity on */
    enum severity least;
};

/* cmocka's setup and teardown.  The policy is there, in mode audit, and allows version 3 only. */
int passworld_enter(void **state);
int passworld_leave(void **state);

/* An entry is made, or one of its attributes replaced; value NULL: deleted. */
void passworld_add(struct passworld *w, const char *dn, const char *class);
void passworld_replace(struct passworld *w, const char *dn, const char *attribute, const char *value);
void passworld_delete(struct passworld *w, const char *dn);
/* What ou=hosts,… cn=<cn> publishes from now on; it is made where it is not there.  count 0: nothing. */
void passworld_publish(struct passworld *w, const char *cn, size_t count, const struct slice *ders);
/* Version 3, or version 1, for h1.example.com; another serial is another certificate. */
struct slice passworld_certificate(struct passworld *w, int version, unsigned serial);
/* The attribute's first value, "" where there is none. */
const char *passworld_value(struct passworld *w, const char *dn, const char *attribute);

/* One pass, an interval after the last one. */
enum pass_result passworld_pass(struct passworld *w);
/* That many lines of the last log have all of these words (NULL-terminated); otherwise it is shown, and the test fails.
 */
void passworld_expect(const struct passworld *w, size_t count, const char *const words[]);
#define PASSWORLD_WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
