/* SPDX-License-Identifier: Apache-2.0 */
/* The report as tables for a terminal, and as one JSON object. */
#ifndef CTL_REPORT_TEXT_H
#define CTL_REPORT_TEXT_H

#include "ctl/ctl.h"
#include "ctl/report_data.h"

void report_text_print(const struct ctl *ctl, const struct report_data *d);
void report_text_json(const struct ctl *ctl, const struct report_data *d);

#endif
