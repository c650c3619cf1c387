/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second reader: OpenSSL reads the same certificate on its own, and what it says is held against the facts of the
 * first reader.  No request is written unless the two agree.  OpenSSL does it in a worker process, behind x509/cage.h.
 */
#ifndef X509_SECOND_H
#define X509_SECOND_H

#include "base/digest.h"
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
    /* Could not be done, and `why` says why: too large, out of memory, quarantined, or the cage does not work. */
    SECOND_FAULT,
};

struct second_reader;

/*
 * The worker is started with the first question.  For one thread.  RC_FAULT: the cage could not be started.  On RC_OK
 * *out is the caller's, to be closed with second_close.
 */
enum rc second_open(struct second_reader **out, struct fault *fault) MUST_USE;
void second_close(struct second_reader *s); /* NULL is fine */

/*
 * Reads `der` and compares it with the facts that facts_read makes of the same octets; *f is what it made of them here.
 * `why` gets a short text in printable ASCII, ended by NUL, empty on SECOND_AGREES; `room` counts the NUL and is at
 * least 1.  A certificate over which a worker crashes, hangs or answers nonsense is quarantined: SECOND_FAULT, with the
 * same text from then on, and the next certificate is read by another worker.
 */
enum second second_read(struct second_reader *s, struct slice der, const struct facts *f, char *why, size_t room);

/* So many certificates at once are a good number to ask about ahead. */
enum { SECOND_AHEAD = 32 };
/*
 * second_read is going to be asked about these octets: the worker, or a second one beside it, may begin at once.  That
 * changes how long second_read takes and nothing else.  False: what is too large, or quarantined, or more than
 * SECOND_AHEAD is passed over.
 */
bool second_ask_ahead(struct second_reader *s, struct slice der);
/* Nobody is going to. */
void second_forget_ahead(struct second_reader *s);

enum second_trouble {
    SECOND_WELL,
    SECOND_QUARANTINED, /* a worker failed over this certificate */
    SECOND_BROKEN,      /* no worker can be started at present */
};
/* What was behind the SECOND_FAULT of that certificate. */
enum second_trouble second_trouble(const struct second_reader *s, const struct digest *certificate);

#endif
