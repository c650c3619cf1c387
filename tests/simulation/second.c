/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second reader of a simulation: OpenSSL in the same process, and with the facts that it agreed with once it agrees
 * again.  The same few certificates are asked about so often that the way to the cage and back would be half of the
 * time.  simulation_as_built has the real one.
 */
#include "x509/second.h"

#include "x509/second_local.h"

#include <stdlib.h>
#include <string.h>

enum { KNOWN = 4096 };

struct second_reader {
    struct second_local *local;
    struct agreed {
        struct digest digest;
        struct facts facts;
    } agreed[KNOWN]; /* a later one takes the place of an earlier one */
};

enum rc second_open(struct second_reader **out, struct fault *fault)
{
    struct second_reader *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s)
        return fault_set(fault, RC_FAULT, "second reader: out of memory");
    enum rc rc = second_local_open(&s->local, fault);
    if (rc == RC_OK)
        *out = s;
    else
        free(s);
    return rc;
}

void second_close(struct second_reader *s)
{
    if (s)
        second_local_close(s->local);
    free(s);
}

enum second_trouble second_trouble(const struct second_reader *s, const struct digest *certificate)
{
    (void)s, (void)certificate;
    return SECOND_WELL;
}

bool second_ask_ahead(struct second_reader *s, struct slice der)
{
    (void)s, (void)der;
    return true;
}

void second_forget_ahead(struct second_reader *s)
{
    (void)s;
}

enum second second_read(struct second_reader *s, struct slice der, const struct facts *f, char *why, size_t room)
{
    const struct digest digest = digest_of(der);
    struct agreed *known = &s->agreed[(digest.octets[0] | digest.octets[1] << 8) % KNOWN];
    why[0] = '\0';
    if (digest_eq(&known->digest, &digest) && memcmp(&known->facts, f, sizeof *f) == 0)
        return SECOND_AGREES;
    enum second verdict = second_local_read(s->local, der, f, why, room);
    if (verdict == SECOND_AGREES) {
        known->digest = digest;
        memcpy(&known->facts, f, sizeof *f);
    }
    return verdict;
}
