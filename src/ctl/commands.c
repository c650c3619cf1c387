/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/commands.h"

static const struct ctl_command *const commands[] = {
    &command_status,   &command_requests, &command_approve, &command_reject,     &command_release,
    &command_findings, &command_explain,  &command_report,  &command_lint,       &command_policy,
    &command_what_if,  &command_checks,   &command_events,  &command_attributes,
};

const struct ctl_command *const *ctl_commands(size_t *count)
{
    *count = sizeof commands / sizeof *commands;
    return commands;
}

const struct ctl_command *ctl_command_find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i];
    return NULL;
}
