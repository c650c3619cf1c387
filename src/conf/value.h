/* SPDX-License-Identifier: Apache-2.0 */
/* One key's value: from text into its place in struct conf.  For conf/ alone. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/conf.h"

/*
 * Stores the value that text stands for at its key's place; CONF_URIS: a list of this one.  Returns NULL, or what was
 * expected ("expected ..."), in the arena, and then nothing was stored.  Not for CONF_SECTION.
 */
const char *value_store(const struct conf_key *key, struct slice text, struct arena *a, struct conf *conf);
/* The same for the items of a CONF_URIS list, each of which value_uri_fault has passed. */
void value_store_uris(const struct conf_key *key, const struct slice *uris, size_t count, struct arena *a,
                      struct conf *conf);
/* NULL, or what was expected of a directory's URI. */
const char *value_uri_fault(struct slice uri);
/* What the key takes, in words: "a whole number from 1 to 3600". */
const char *value_expected(const struct conf_key *key, struct arena *a);
/* The position of word among words separated by single spaces, or -1. */
int value_choice(const char *choices, struct slice word);
/* True for ldap://, where everything is readable on the way until TLS begins. */
bool value_uri_is_plaintext(struct slice uri);

#endif
