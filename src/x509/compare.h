/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the second reader only: the facts, field by field, against what OpenSSL read.
 */
#ifndef X509_COMPARE_H
#define X509_COMPARE_H

#include "x509/view.h"

/*
 * True when every field is the same that both readers could read.  Else v->why names the first that is not, and both
 * readings.
 */
bool compare_fields(struct view *v);

#endif
