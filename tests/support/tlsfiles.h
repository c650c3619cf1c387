/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEM files for TLS in a throw-away folder below TMPDIR, made by the openssl command.  What can't be made ends the test
 * program with a message on standard error.
 */
#ifndef SUPPORT_TLSFILES_H
#define SUPPORT_TLSFILES_H

struct tlsfiles;

struct tlsfiles *tlsfiles_new(void);
void tlsfiles_free(struct tlsfiles *t); /* removes the folder; NULL is fine */

/* Makes <name>.pem and <name>.key, self-signed and an authority. */
void tlsfiles_authority(struct tlsfiles *t, const char *name);
/*
 * Makes <name>.pem and <name>.key, signed by that authority, with this subjectAltName in the notation of openssl (NULL:
 * none) and valid for so many days from now; negative: since yesterday no more.
 */
void tlsfiles_issue(struct tlsfiles *t, const char *authority, const char *name, const char *san, int days);
/* The path of a file in the folder, made or not; lives as long as t. */
const char *tlsfiles_path(struct tlsfiles *t, const char *file);
/* A file of that text and mode; its path. */
const char *tlsfiles_write(struct tlsfiles *t, const char *file, const char *text, unsigned mode);

#endif
