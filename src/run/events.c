/* SPDX-License-Identifier: Apache-2.0 */
#include "run/events.h"

static const struct event_row rows[EVENT_COUNT] = {
    [EVENT_START] =
        {.name = "start",
         .severity = SEVERITY_INFO,
         .fields = "version mode base server suffixes",
         .meaning =
             "The program began its work: it has read its configuration and, for a single pass, reached the directory.",
         .advice = "None."},
    [EVENT_CONFIG] = {.name = "config",
                      .severity = SEVERITY_ERR,
                      .fields = "file line column key reason",
                      .meaning = "The configuration file can't be used as it is; there is one line for each thing that "
                                 "is wrong.  The program ends with exit code 1, or keeps its earlier configuration.",
                      .advice = "Mend the file at that line; --check-config tells whether it is right."},
    [EVENT_SANDBOX] =
        {.name = "sandbox",
         .severity = SEVERITY_INFO,
         .fields = "user capabilities seccomp landlock",
         .meaning = "The program gave away what it does not need: who it is, which capabilities are left, and whether "
                    "system calls (seccomp) and writing to files (landlock) are restricted.  It is a notice when it "
                    "runs as root, as another user than the configuration wants, or without the restriction of "
                    "system calls.",
         .advice = "As root, set user in the configuration, or User= in the unit."},
    [EVENT_PASS] =
        {.name = "pass",
         .severity = SEVERITY_INFO,
         .fields = "policy revision mode subjects with-certificate findings waived undecided problems requests-open "
                   "created reopened revised moved repaired purged held failed result duration_ms",
         .meaning = "A pass ended: one line for each policy, and one for the whole pass with policy=-.  "
                    "Only result=complete says that everything was read.  A daemon tells it with severity debug "
                    "when every figure but the duration is as it was and nothing was written.",
         .advice = "Look whether subjects is the number you expect.  With another result, look for the "
                   "fault, problem and hold events before it.  Whether passes come at all is watched by "
                   "dircertLastPass or the metrics."},
    [EVENT_FINDING] =
        {.name = "finding",
         .severity = SEVERITY_WARNING,
         .fields = "dn policy check detail action certificate waiver",
         .meaning = "A certificate, or the lack of one, does not meet policy.  The line's severity is "
                    "that of the check.  With the field waiver it is tolerated for now, and nothing follows from "
                    "it.  An unchanged finding is not told again.",
         .advice = "Follow the check's fix text.  With an action other than report, and a policy in mode "
                   "enforce, a request follows; otherwise the cure is yours."},
    [EVENT_FINDING_ENDED] = {.name = "finding-ended",
                             .severity = SEVERITY_NOTICE,
                             .fields = "dn policy check certificate",
                             .meaning =
                                 "A finding that was told before was looked for again and is not there any more.",
                             .advice = "None."},
    [EVENT_UNDECIDED] = {.name = "undecided",
                         .severity = SEVERITY_NOTICE,
                         .fields = "dn policy check certificate reason",
                         .meaning = "A check could come to no answer about this entry.  Nothing is done for it, and "
                                    "nothing that was asked for is taken back.",
                         .advice = "Remove the reason, which is most often a right to read that the daemon lacks, or a "
                                   "certificate that does not decode."},
    [EVENT_READERS_DISAGREE] = {.name = "readers-disagree",
                                .severity = SEVERITY_WARNING,
                                .fields = "dn certificate why",
                                .meaning = "The program's own DER reader and OpenSSL read different facts from one "
                                           "certificate.  No request is made from it.",
                                .advice = "Look at the certificate by hand, replace it, and report it to the makers "
                                          "of this program: no certificate should divide two readers."},
    [EVENT_QUARANTINE] = {.name = "quarantine",
                          .severity = SEVERITY_WARNING,
                          .fields = "dn policy certificate reason",
                          .meaning = "OpenSSL crashed, hung or answered nonsense over one certificate.  It happened in "
                                     "a worker process that has nothing to lose, and another one took its place.  No "
                                     "request is made from this certificate, and while the program runs no worker is "
                                     "shown it again.",
                          .advice = "Look at the certificate on a machine that matters to nobody, replace it, and "
                                    "report it: it may be an attack on OpenSSL."},
    [EVENT_PROBLEM] = {.name = "problem",
                       .severity = SEVERITY_WARNING,
                       .fields = "dn attribute value reason",
                       .meaning =
                           "An entry that an administrator wrote is malformed: a policy, a waiver or a subject.  "
                           "A malformed policy is disabled as a whole and its requests are held.",
                       .advice = "Mend the named value; the next pass takes it up."},
    [EVENT_FAULT] = {.name = "fault",
                     .severity = SEVERITY_ERR,
                     .fields = "what detail bytes",
                     .meaning = "The program could not do its own work.  Nothing is concluded from what was not read.",
                     .advice = "Remove the cause that detail names.  Nothing needs repair afterwards: the next pass "
                               "derives everything anew."},
    [EVENT_REQUEST] = {.name = "request",
                       .severity = SEVERITY_NOTICE,
                       .fields = "id type from state verb dn policy generation attempt checks message",
                       .meaning = "A request was written: made, moved to another state, revised, repaired or deleted.",
                       .advice = "With state=pending, decide: write dircertDecision as \"approve <generation>\" or "
                                 "\"reject <generation>\".  With state=failed, see to the authority."},
    [EVENT_REQUEST_PROBLEM] = {.name = "request-problem",
                               .severity = SEVERITY_WARNING,
                               .fields = "id dn attribute value reason",
                               .meaning = "An entry below ou=requests is not as the program wrote it: a request that "
                                          "was edited by hand, or an entry that is no request.  It is repaired only "
                                          "while that request is wanted, and otherwise left alone.",
                               .advice = "Find out who may write there.  Remove an entry that is no request."},
    [EVENT_DECISION_IGNORED] = {.name = "decision-ignored",
                                .severity = SEVERITY_WARNING,
                                .fields = "id dn attribute value reason",
                                .meaning = "A decision or an outcome bears another number than the request's current "
                                           "one, or does not parse, and so it does not count.",
                                .advice = "Read the request again, and decide about what it asks for now."},
    [EVENT_HOLD] = {.name = "hold",
                    .severity = SEVERITY_ERR,
                    .fields = "policy guard counts reason release",
                    .meaning = "A guard stopped the writing of this policy's requests, because there are too many, too "
                               "few subjects are seen, or the clock is wrong.  Exit code 3.",
                    .advice = "Find out why first: a wrong policy, a filter, lost rights, a clock.  If the numbers are "
                              "right, add the value that release names to the policy's dircertRelease."},
    [EVENT_HOLD_ENDED] = {.name = "hold-ended",
                          .severity = SEVERITY_NOTICE,
                          .fields = "policy guard",
                          .meaning = "A guard that held this policy does so no longer.",
                          .advice = "None."},
    [EVENT_PAUSE] = {.name = "pause",
                     .severity = SEVERITY_WARNING,
                     .fields = "dn",
                     .meaning = "dircertPause is TRUE on the base entry: everything is judged, no request is written.",
                     .advice = "Set it to FALSE or remove it when the reason is gone."},
    [EVENT_LOOK] = {.name = "look",
                    .severity = SEVERITY_DEBUG,
                    .fields = "subjects requests-read operations escalation duration_ms",
                    .meaning = "Between full passes a few subjects were looked at.  What escalation names could not be "
                               "settled so: a full pass follows at once.",
                    .advice = "None."},
    [EVENT_DRIFT] = {.name = "drift",
                     .severity = SEVERITY_ERR,
                     .fields = "dn id what policy",
                     .meaning = "A full pass found what should have been found between full passes.  It was done now; "
                                "the fault is ours.",
                     .advice = "Report it with the log since the full pass before.  A shorter full_interval_s bounds "
                               "how late such a change can be."},
    [EVENT_AUTHORITY_NONCOMPLIANT] = {.name = "authority-noncompliant",
                                      .severity = SEVERITY_ERR,
                                      .fields = "id dn policy checks certificate attempt next",
                                      .meaning = "The authority answered a reissue request with a certificate that "
                                                 "violates the same policy.  It is asked again at the time of next, "
                                                 "later each time.",
                                      .advice = "See to the authority's configuration: it issues what policy forbids.  "
                                                "The request goes on by itself once it issues what policy allows."},
    [EVENT_LOG_LOST] = {.name = "log-lost",
                        .severity = SEVERITY_WARNING,
                        .fields = "lines since",
                        .meaning = "That many lines could not be written to the log since that time; it works again.",
                        .advice = "Look at what reads the log, or at the space on its disk.  What was lost is not "
                                  "told again, but requests and status in the directory are whole."},
    [EVENT_CONNECTED] = {.name = "connected",
                         .severity = SEVERITY_INFO,
                         .fields = "uri server secure transactions",
                         .meaning = "The daemon reached a server of the directory and is bound to it.",
                         .advice = "None.  With another uri than the first one, look at why the first can't be used.  "
                                   "With transactions=missing the server has none, and writes_per_transaction has no "
                                   "effect there.  With transactions=unwatched let the daemon read the server's "
                                   "monitor (see Many requests at once), or turn them off."},
    [EVENT_DISCONNECTED] = {.name = "disconnected",
                            .severity = SEVERITY_WARNING,
                            .fields = "uri detail retry_s",
                            .meaning = "With uri: that server of the directory can't be used, and another one is.  "
                                       "Without: none can be used.  The daemon goes on trying, more and more rarely, "
                                       "and returns to the first server that can be used, which connected tells.  It "
                                       "is told again only for another reason.",
                            .advice = "Remove the cause that detail names for each server."},
    [EVENT_INSECURE] = {.name = "insecure",
                        .severity = SEVERITY_WARNING,
                        .fields = "uri reason",
                        .meaning = "The password crosses the network readable, because allow_plaintext is true.",
                        .advice = "Use ldaps, or set directory.tls.start_tls to required."},
    [EVENT_LEASE] = {.name = "lease",
                     .severity = SEVERITY_NOTICE,
                     .fields = "state dn holder until reason",
                     .meaning = "Which daemon is the active one for this base: state is held (this one is, from now "
                                "on), standby (the holder is, and this one waits), lost or released.",
                     .advice = "None, unless two daemons change places often: then look at heartbeat_s, at the clocks "
                               "and at the connections."},
    [EVENT_SYNC] = {.name = "sync",
                    .severity = SEVERITY_NOTICE,
                    .fields = "state uri reason",
                    .meaning = "How the active daemon learns of changes between full passes, told when it is another "
                               "way: state is following (as they happen), fallback (by a search every interval_s where "
                               "full_interval_s is longer, otherwise by full passes alone) or lost (it was following, "
                               "and tries to again).",
                    .advice = "With state=fallback, do what reason says if changes should count at once.  None "
                              "otherwise: after lost, nothing is missed."},
    [EVENT_RELOAD] = {.name = "reload",
                      .severity = SEVERITY_NOTICE,
                      .fields = "file result",
                      .meaning = "SIGHUP was received: the configuration was read again and the log file reopened.  "
                                 "With result=refused the former configuration stays in force.",
                      .advice = "With result=refused, mend what the config events before it name."},
    [EVENT_PROGRESS] = {.name = "progress",
                        .severity = SEVERITY_INFO,
                        .fields = "entries rate findings duration_ms",
                        .meaning = "A long pass goes on.",
                        .advice = "None."},
    [EVENT_SUMMARY] = {.name = "summary",
                       .severity = SEVERITY_INFO,
                       .fields =
                           "policy mode subjects with-certificate compliant findings waived requests oldest-open holds",
                       .meaning = "Once a day, and one line for each policy: how things stand.",
                       .advice = "Read it over coffee.  See to the oldest open request, and to holds."},
    [EVENT_STOP] = {.name = "stop",
                    .severity = SEVERITY_INFO,
                    .fields = "reason",
                    .meaning = "The daemon ends: it finished the operation in flight and gave its lease back.",
                    .advice = "None."},
};

static const struct event_field fields[] = {
    {"action", "what policy asks for on this finding: report, reissue, revoke or reissue-then-revoke"},
    {"attempt", "how often the authority was asked for this generation of the request, from 1"},
    {"attribute", "the attribute type that the value belongs to"},
    {"base", "the DN of the daemon's own subtree"},
    {"bytes", "the size of what could not be allocated"},
    {"capabilities", "the capabilities that are left, or why they could not be dropped"},
    {"certificate", "the SHA-256 digest of the certificate, in hexadecimal"},
    {"check", "the name of the check"},
    {"checks", "the names of the checks, between commas"},
    {"column", "the character in that line, from 1"},
    {"compliant", "governed entries with certificates, all of which meet policy"},
    {"counts", "the figures that the guard compared"},
    {"created", "requests that this pass made"},
    {"detail", "what exactly was found, or what exactly failed"},
    {"dn", "the DN of the entry concerned"},
    {"duration_ms", "how long it took, in milliseconds"},
    {"entries", "entries read so far"},
    {"escalation", "why a full pass has to come at once, or none"},
    {"failed", "writes that the directory refused"},
    {"file", "the path of the file"},
    {"findings",
     "certificates and entries that do not meet policy, each check counted; in a summary check:number, between commas"},
    {"from", "the request's state before"},
    {"generation", "the number that a decision must bear; it grows with each change of what is asked for"},
    {"guard", "the name of the guard"},
    {"held", "operations that a guard held back"},
    {"holder", "the host that holds the lease"},
    {"holds", "the guards that hold this policy, between commas; - for none"},
    {"id", "the request's dircertRequestId"},
    {"key", "the configuration key, with its sections"},
    {"landlock",
     "whether writing, making and executing files is restricted: on with the kernel's version, or why it is off"},
    {"line", "the line in that file, from 1"},
    {"lines", "how many lines"},
    {"message", "what the request's dircertStateMessage says"},
    {"mode", "of a policy: off, audit or enforce; of a start: pass, dry-run or daemon"},
    {"moved", "requests whose state this pass changed"},
    {"next", "when the authority is asked again"},
    {"oldest-open", "when the oldest request that is not finished was opened; - for none"},
    {"operations", "requests that were written"},
    {"policy", "the DN of the policy; - for all of them"},
    {"problems", "malformed values and entries"},
    {"purged", "finished requests that this pass deleted"},
    {"rate", "entries read each second"},
    {"reason", "why"},
    {"release", "the dircertRelease value that would lift the hold"},
    {"reopened", "finished or rejected requests that this pass opened again"},
    {"repaired", "requests that were edited by hand and are as they should be again"},
    {"requests", "how many requests are in each state that has any: state:number, between commas; - for none"},
    {"requests-open", "requests that are not finished, after this pass"},
    {"requests-read", "requests that were read for it"},
    {"result", "of a pass: complete, incomplete, held, paused or interrupted; of a reload: taken or refused"},
    {"retry_s", "seconds until the next try; left out by --once, which makes none"},
    {"revised", "open requests whose content this pass changed"},
    {"revision", "the policy's revision, a digest of its attributes"},
    {"seccomp", "whether system calls are restricted: on, or why it is off"},
    {"secure", "yes over TLS or a socket of this machine, no otherwise"},
    {"server", "what kind of directory answered"},
    {"since", "the time of the first of them"},
    {"state", "the request's state now, that of the lease, or how changes are learnt of"},
    {"subjects", "entries that the policy governs; of a look, those it was about"},
    {"suffixes", "the directory's naming contexts"},
    {"transactions", "on, off by writes_per_transaction, missing: the server has none, or unwatched: its monitor does "
                     "not tell when one can be ended safely"},
    {"type", "reissue or revoke"},
    {"undecided", "checks that could come to no answer"},
    {"until", "when the lease runs out unless it is renewed"},
    {"uri", "the server, as the configuration names it"},
    {"user", "the user that the program runs as"},
    {"value", "the value, escaped and cut where it is long"},
    {"verb", "create, reopen, revise, move, repair or purge"},
    {"version", "the program's version"},
    {"waived", "findings that a waiver covers; they are not among the others"},
    {"waiver", "the DN of the waiver that covers the finding"},
    {"what", "the work that could not be done; of drift, the operation or the check"},
    {"why", "which fact they read differently, and how"},
    {"with-certificate", "governed entries that show a certificate"},
};

static const char *const severities[] = {
    [SEVERITY_ERR] = "err",   [SEVERITY_WARNING] = "warning", [SEVERITY_NOTICE] = "notice",
    [SEVERITY_INFO] = "info", [SEVERITY_DEBUG] = "debug",
};

const struct event_row *event_row(enum event event)
{
    return &rows[event];
}

const struct event_field *event_fields(size_t *count)
{
    *count = sizeof fields / sizeof fields[0];
    return fields;
}

bool event_carries(enum event event, const char *key)
{
    struct slice rest = slice_of(rows[event].fields), field;
    while (slice_split(&rest, ' ', &field))
        if (slice_eq(field, slice_of(key)))
            return true;
    return false;
}

const char *severity_name(enum severity severity)
{
    return severities[severity];
}

bool severity_read(struct slice name, enum severity *severity)
{
    for (unsigned i = SEVERITY_ERR; i <= SEVERITY_DEBUG; i++)
        if (slice_eq(name, slice_of(severities[i]))) {
            *severity = (enum severity)i;
            return true;
        }
    return false;
}
