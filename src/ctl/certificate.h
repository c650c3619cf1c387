/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate in a few words for people, by our own reader. */
#ifndef CTL_CERTIFICATE_H
#define CTL_CERTIFICATE_H

#include "base/arena.h"

/*
 * "version 3, serial 0a, 2020-01-01 00:00:00 to 2021-01-01 00:00:00, CN www.example.com, dNSName www.example.com,
 * SHA-256 …", or what is wrong with it.  Names are escaped; what is printed once more must not be escaped again.
 */
struct slice certificate_line(struct arena *a, struct slice der);
/* Cuts the first certificate off several that follow each other; false at the end.  What is no DER is taken whole. */
bool certificate_next(struct slice *ders, struct slice *der);

#endif
