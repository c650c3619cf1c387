/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up the table of keys; for conf/ alone. */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include "conf/conf.h"

enum { KEY_COUNT = 30 };

/* The key of that whole path, or NULL. */
const struct conf_key *keys_find(struct slice path);
/* The key that was most likely meant by that path, or NULL. */
const struct conf_key *keys_nearest(struct slice path);

#endif
