/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second reader within this process: what a worker of the cage runs.  Nobody else calls it but tests, because what
 * it reads may come from anybody and OpenSSL reads it.
 */
#ifndef X509_SECOND_LOCAL_H
#define X509_SECOND_LOCAL_H

#include "x509/second.h"

struct second_local;

/*
 * An OSSL_LIB_CTX of its own with only the null provider, so that no public key is decoded and no configuration file is
 * read.  For one thread.  On RC_OK *out is the caller's, to be closed with second_local_close.
 */
enum rc second_local_open(struct second_local **out, struct fault *fault) MUST_USE;
void second_local_close(struct second_local *s); /* NULL is fine */

/* As second_read; *f is what facts_read made of the same octets.  Leaves no error in OpenSSL's queue. */
enum second second_local_read(struct second_local *s, struct slice der, const struct facts *f, char *why, size_t room);

#endif
