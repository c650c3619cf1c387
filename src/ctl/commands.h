/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, each from the file of its name; commands.c has a row for each. */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "ctl/ctl.h"

extern const struct ctl_command command_status;
extern const struct ctl_command command_requests;
extern const struct ctl_command command_approve;
extern const struct ctl_command command_reject;
extern const struct ctl_command command_release;
extern const struct ctl_command command_checks;
extern const struct ctl_command command_events;
extern const struct ctl_command command_attributes;
extern const struct ctl_command command_findings;
extern const struct ctl_command command_explain;
extern const struct ctl_command command_policy;
extern const struct ctl_command command_report;
extern const struct ctl_command command_lint;
extern const struct ctl_command command_what_if;

#endif
