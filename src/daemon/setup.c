/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/setup.h"

#include <unistd.h>

static void tell_problems(struct log *log, const char *path, const struct conf_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct conf_problem *problem = &problems->items[i];
        LOG_EVENT(log, EVENT_CONFIG, log_text("file", path), log_uint("line", problem->at.line),
                  log_uint("column", problem->at.column), log_text("key", problem->key),
                  log_text("reason", problem->text));
    }
}

enum rc setup_read(const char *path, struct log *log, struct setup *setup)
{
    struct conf_problems problems = {0};
    *setup = (struct setup){.arena = {0}};
    enum rc rc = conf_read(path, &setup->arena, &setup->conf, &problems);
    if (rc != RC_OK)
        tell_problems(log, path, &problems);
    return rc;
}

void setup_free(struct setup *setup)
{
    arena_free(&setup->arena);
}

struct dir_settings setup_directory(const struct conf *conf)
{
    return (struct dir_settings){
        .uris = conf->uris,
        .tls = {.start_tls = conf->tls.start_tls == CONF_START_TLS_REQUIRED,
                .ca_file = conf->tls.ca_file,
                .ca_directory = conf->tls.ca_directory,
                .cert_file = conf->tls.cert_file,
                .key_file = conf->tls.key_file},
        .bind = conf->bind.method == CONF_BIND_EXTERNAL ? DIR_BIND_EXTERNAL : DIR_BIND_SIMPLE,
        .bind_dn = conf->bind.dn,
        .password_credential = conf->bind.password_credential,
        .password_file = conf->bind.password_file,
        .allow_plaintext = conf->allow_plaintext,
        .timeout_s = conf->timeout_s,
        .writes_per_transaction = conf->writes_per_transaction,
    };
}

struct log_settings setup_log(const struct conf *conf)
{
    static const enum log_target targets[] = {
        [CONF_LOG_STDERR] = LOG_TO_FD, [CONF_LOG_SYSLOG] = LOG_TO_SYSLOG, [CONF_LOG_FILE] = LOG_TO_FILE};
    struct log_settings settings = {
        .fd = STDERR_FILENO, .least = SEVERITY_INFO, .clock = log_system_clock, .instance = "default"};
    if (conf) {
        settings.target = targets[conf->log.target];
        settings.path = conf->log.target == CONF_LOG_FILE ? conf->log.to : NULL;
        settings.format = conf->log.format == CONF_LOG_JSON ? LOG_JSON : LOG_LOGFMT;
        settings.least = (enum severity)conf->log.level;
        settings.instance = conf->instance;
    }
    return settings;
}
