/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second reader: OpenSSL reads the same certificate on its own, and what it says is held against the facts of the
 * first reader.  No request is written unless the two agree.
 */
#ifndef X509_SECOND_H
#define X509_SECOND_H

#include "base/fault.h"
#include "core/facts.h"

/* A larger certificate is SECOND_FAULT: what OpenSSL does with it is not bounded tightly enough. */
enum { SECOND_OCTETS_MOST = 1024 * 1024 };

enum second {
    /*
     * A certificate that is not malformed: every field of the facts is as OpenSSL reads it, and OpenSSL has no
     * objection.  One that is malformed: OpenSSL objects too (not necessarily to the same thing), and the fields are
     * the same where both readers could read them.
     */
    SECOND_AGREES,
    SECOND_DISAGREES, /* `why` names the field and both readings */
    SECOND_FAULT,     /* could not be done: too large, or out of memory; `why` says which */
};

struct second_reader;

/*
 * An OSSL_LIB_CTX of its own with only the null provider, so that no public key is decoded and no configuration file is
 * read.  For one thread.  On RC_OK *out is the caller's, to be closed with second_close.
 */
enum rc second_open(struct second_reader **out, struct fault *fault) MUST_USE;
void second_close(struct second_reader *s); /* NULL is fine */

/*
 * Reads `der` and compares it with *f, which facts_read made of the same octets.  `why` gets a short text in printable
 * ASCII, ended by NUL, empty on SECOND_AGREES; `room` counts the NUL and is at least 1.  Leaves no error in OpenSSL's
 * queue.
 */
enum second second_read(struct second_reader *s, struct slice der, const struct facts *f, char *why, size_t room);

#endif
