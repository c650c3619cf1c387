/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the log goes: a stream to the journal, a syslog that comes and goes, files that are renamed, that must not grow
 * or can't be opened, a disk that is full.  What was lost is told of each time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run/log.h"

enum { PATH_ROOM = 100, TEXT_ROOM = 64 * 1024, NOBODY = 65534 };

#define STAMP "time=2026-01-02T03:04:05Z instance=one "
#define PAUSE STAMP "event=pause severity=warning\n"
#define STOP  STAMP "event=stop severity=info\n"
#define LOST  STAMP "event=log-lost severity=warning lines=%u since=2026-01-02T03:04:05Z\n"

static int64_t steady(void *context)
{
    (void)context;
    return 1767323045; /* 2026-01-02T03:04:05Z */
}

/* A folder of its own for each test; short, because the name of a socket is. */
struct folder {
    char path[PATH_ROOM], file[PATH_ROOM + 16], other[PATH_ROOM + 16];
};

static int folder_make(void **state)
{
    struct folder *f = calloc(1, sizeof *f);
    const char *below = getenv("TMPDIR");
    if (!f)
        return -1;
    snprintf(f->path, sizeof f->path, "%s/log-XXXXXX", below && strlen(below) < 70 ? below : "/tmp");
    if (!mkdtemp(f->path))
        return -1;
    snprintf(f->file, sizeof f->file, "%s/log", f->path);
    snprintf(f->other, sizeof f->other, "%s/other", f->path);
    *state = f;
    return 0;
}

static int folder_remove(void **state)
{
    struct folder *f = *state;
    unlink(f->file);
    unlink(f->other);
    rmdir(f->file);
    rmdir(f->path);
    free(f);
    return 0;
}

static struct log_settings settings_to(enum log_target target, const char *path)
{
    return (struct log_settings){
        .target = target, .fd = -1, .path = path, .least = SEVERITY_INFO, .instance = "one", .clock = steady};
}

static struct log *open_log(enum log_target target, const char *path)
{
    const struct log_settings s = settings_to(target, path);
    struct log *log;
    struct fault fault = {{0}};
    if (log_open_to(&s, &log, &fault) != RC_OK)
        fail_msg("%s", fault.text);
    return log;
}

static void tell(struct log *log, enum event event)
{
    log_event(log, event, NULL, 0);
}

/* Static; ended by a NUL. */
static const char *text_of(const char *path)
{
    static char text[TEXT_ROOM];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t n = read(fd, text, sizeof text - 1);
    assert_true(n >= 0);
    text[n] = '\0';
    close(fd);
    return text;
}

static void expect_file(const char *path, const char *wanted)
{
    assert_string_equal(text_of(path), wanted);
}

static void expect_refused(enum log_target target, const char *path, enum rc wanted, const char *word)
{
    const struct log_settings s = settings_to(target, path);
    struct log *log;
    struct fault fault = {{0}};
    enum rc rc = log_open_to(&s, &log, &fault);
    print_message("  %s\n", fault.text);
    assert_int_equal(rc, wanted);
    assert_null(log);
    assert_non_null(strstr(fault.text, path));
    assert_non_null(strstr(fault.text, word));
}

/* ---- a descriptor ---- */

static const char *line_through_a_socket(bool as_journal, bool other_inode)
{
    static char text[1000];
    int ends[2];
    struct stat s;
    char stream[64];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(fstat(ends[1], &s), 0);
    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)s.st_dev, (uintmax_t)s.st_ino + other_inode);
    if (as_journal)
        setenv("JOURNAL_STREAM", stream, 1);
    else
        unsetenv("JOURNAL_STREAM");
    struct log_settings settings = settings_to(LOG_TO_FD, NULL);
    settings.fd = ends[1];
    struct log *log = log_open(&settings);
    tell(log, EVENT_PAUSE);
    log_event_as(log, EVENT_FINDING, SEVERITY_ERR, NULL, 0);
    log_close(log);
    unsetenv("JOURNAL_STREAM");
    close(ends[1]);
    ssize_t n = read(ends[0], text, sizeof text - 1);
    assert_true(n >= 0);
    text[n] = '\0';
    close(ends[0]);
    return text;
}

static void the_journal_gets_priorities(void **state)
{
    (void)state;
    assert_string_equal(line_through_a_socket(true, false), "<4>" PAUSE "<3>" STAMP "event=finding severity=err\n");
    /* Inherited by a shell whose standard error went elsewhere: the variable is there, and is not about this one. */
    assert_string_equal(line_through_a_socket(true, true), PAUSE STAMP "event=finding severity=err\n");
    assert_string_equal(line_through_a_socket(false, false), PAUSE STAMP "event=finding severity=err\n");
}

/* ---- syslog ---- */

static int listen_at(const char *path, int type)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    if (type == SOCK_STREAM)
        assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void expect_datagram(int fd, unsigned priority, const char *wanted)
{
    static char text[TEXT_ROOM];
    char head[100], stamp[32];
    time_t now = (time_t)steady(NULL);
    struct tm local;
    ssize_t n = recv(fd, text, sizeof text - 1, 0);
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(localtime_r(&now, &local));
    strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", &local); /* no setlocale here: in English */
    snprintf(head, sizeof head, "<%u>%s dircertd[%ld]: ", priority, stamp, (long)getpid());
    size_t line = strlen(wanted) - 1; /* without its newline */
    assert_memory_equal(text, head, strlen(head));
    assert_int_equal(strlen(text), strlen(head) + line);
    assert_memory_equal(text + strlen(head), wanted, line);
}

static void expect_silence(int fd)
{
    char c;
    assert_int_equal(recv(fd, &c, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
}

static void syslog_gets_a_datagram_for_each_line(void **state)
{
    struct folder *f = *state;
    int fd = listen_at(f->file, SOCK_DGRAM);
    struct log *log = open_log(LOG_TO_SYSLOG, f->file);
    tell(log, EVENT_PAUSE);
    tell(log, EVENT_STOP);
    expect_datagram(fd, 3 * 8 + SEVERITY_WARNING, PAUSE);
    expect_datagram(fd, 3 * 8 + SEVERITY_INFO, STOP);
    expect_silence(fd);
    assert_int_equal(log_lost(log), 0);
    log_close(log);
    close(fd);
}

/* Not there yet; there; ended and begun anew; ended, and somebody else's socket in its place. */
static void syslog_may_come_and_go(void **state)
{
    struct folder *f = *state;
    char lost[200];
    struct log *log = open_log(LOG_TO_SYSLOG, f->file);
    tell(log, EVENT_PAUSE);
    tell(log, EVENT_PAUSE);
    assert_int_equal(log_lost(log), 2);
    int fd = listen_at(f->file, SOCK_DGRAM);
    tell(log, EVENT_STOP);
    snprintf(lost, sizeof lost, LOST, 2u);
    expect_datagram(fd, 3 * 8 + SEVERITY_WARNING, lost);
    expect_datagram(fd, 3 * 8 + SEVERITY_INFO, STOP);
    assert_int_equal(log_lost(log), 0);

    close(fd);
    unlink(f->file);
    fd = listen_at(f->file, SOCK_DGRAM);
    tell(log, EVENT_STOP); /* reaches the new one, and nothing was lost between */
    expect_datagram(fd, 3 * 8 + SEVERITY_INFO, STOP);
    expect_silence(fd);

    close(fd); /* its name stays, and refuses */
    tell(log, EVENT_PAUSE);
    unlink(f->file);
    tell(log, EVENT_PAUSE);
    assert_int_equal(log_lost(log), 2);
    fd = listen_at(f->file, SOCK_DGRAM);
    tell(log, EVENT_PAUSE);
    expect_datagram(fd, 3 * 8 + SEVERITY_WARNING, lost);
    expect_datagram(fd, 3 * 8 + SEVERITY_WARNING, PAUSE);
    log_close(log);
    close(fd);
}

/* Does not read: it is waited for once, the rest counts as lost at once; when it reads again, that is told. */
static void syslog_that_does_not_read_holds_nobody_up(void **state)
{
    enum { MOST = 20000 };
    struct folder *f = *state;
    static char text[TEXT_ROOM];
    int fd = listen_at(f->file, SOCK_DGRAM);
    struct log *log = open_log(LOG_TO_SYSLOG, f->file);
    for (unsigned i = 0; i < MOST && log_lost(log) < 50; i++)
        tell(log, EVENT_PAUSE);
    assert_int_equal(log_lost(log), 50);
    while (recv(fd, text, sizeof text, 0) > 0)
        continue;
    tell(log, EVENT_STOP);
    char lost[200];
    snprintf(lost, sizeof lost, LOST, 50u);
    expect_datagram(fd, 3 * 8 + SEVERITY_WARNING, lost);
    expect_datagram(fd, 3 * 8 + SEVERITY_INFO, STOP);
    log_close(log);
    close(fd);
}

/* The longest line that there can be is one datagram. */
static void syslog_takes_the_longest_line(void **state)
{
    struct folder *f = *state;
    static char text[4 * TEXT_ROOM], value[LOG_VALUE_MAX];
    memset(value, '"', sizeof value);
    const struct slice v = slice_make(value, sizeof value);
    int fd = listen_at(f->file, SOCK_DGRAM);
    struct log *log = open_log(LOG_TO_SYSLOG, f->file);
    LOG_EVENT(log, EVENT_REQUEST, log_slice("id", v), log_slice("type", v), log_slice("from", v), log_slice("state", v),
              log_slice("verb", v), log_slice("dn", v), log_slice("policy", v), log_slice("generation", v),
              log_slice("attempt", v), log_slice("checks", v), log_slice("message", v));
    assert_int_equal(log_lost(log), 0);
    assert_true(recv(fd, text, sizeof text, 0) > 11 * 2 * LOG_VALUE_MAX);
    log_close(log);
    close(fd);
}

static void what_can_be_no_syslog_is_refused(void **state)
{
    struct folder *f = *state;
    char longer[300];
    memset(longer, 'x', sizeof longer);
    memcpy(longer, "/tmp/", 5);
    longer[sizeof longer - 1] = '\0';
    expect_refused(LOG_TO_SYSLOG, longer, RC_INVALID, "syslog");
    int fd = listen_at(f->file, SOCK_STREAM);
    expect_refused(LOG_TO_SYSLOG, f->file, RC_INVALID, "no datagram socket");
    close(fd);
}

/* ---- a file ---- */

static void a_file_is_made_and_appended_to(void **state)
{
    struct folder *f = *state;
    struct stat s;
    mode_t mask = umask(0);
    struct log *log = open_log(LOG_TO_FILE, f->file);
    umask(mask);
    tell(log, EVENT_PAUSE);
    log_close(log);
    assert_int_equal(stat(f->file, &s), 0);
    assert_int_equal(s.st_mode & 07777, 0640);
    log = open_log(LOG_TO_FILE, f->file);
    tell(log, EVENT_STOP);
    log_close(log);
    expect_file(f->file, PAUSE STOP);
}

static void a_renamed_file_is_opened_anew(void **state)
{
    struct folder *f = *state;
    struct fault fault = {{0}};
    struct log *log = open_log(LOG_TO_FILE, f->file);
    tell(log, EVENT_PAUSE);
    assert_int_equal(rename(f->file, f->other), 0);
    tell(log, EVENT_PAUSE); /* until it is told, it writes where it wrote */
    assert_int_equal(log_reopen(log, &fault), RC_OK);
    tell(log, EVENT_STOP);
    log_close(log);
    expect_file(f->other, PAUSE PAUSE);
    expect_file(f->file, STOP);
}

static void what_can_not_be_opened_anew_leaves_the_old_one(void **state)
{
    struct folder *f = *state;
    struct fault fault = {{0}};
    struct log *log = open_log(LOG_TO_FILE, f->file);
    assert_int_equal(rename(f->file, f->other), 0);
    assert_int_equal(mkdir(f->file, 0700), 0);
    assert_int_equal(log_reopen(log, &fault), RC_INVALID);
    assert_non_null(strstr(fault.text, f->file));
    const char *text = text_of(f->other);
    assert_non_null(strstr(text, "event=fault severity=err what=\"open the log\" detail="));
    assert_non_null(strstr(text, f->file));
    tell(log, EVENT_STOP);
    assert_non_null(strstr(text_of(f->other), "\n" STOP));
    assert_int_equal(log_lost(log), 0);
    log_close(log);
}

/* Other settings: target, format and level change, and what was lost before is told in the new place. */
static void settings_may_change(void **state)
{
    struct folder *f = *state;
    char wanted[300];
    struct fault fault = {{0}};
    struct log *log = open_log(LOG_TO_SYSLOG, f->other); /* nobody listens */
    tell(log, EVENT_PAUSE);
    struct log_settings s = settings_to(LOG_TO_FILE, f->file);
    s.least = SEVERITY_WARNING;
    assert_int_equal(log_move(log, &s, &fault), RC_OK);
    tell(log, EVENT_STOP); /* not severe enough any more */
    tell(log, EVENT_PAUSE);
    snprintf(wanted, sizeof wanted, LOST PAUSE, 1u);
    expect_file(f->file, wanted);
    s.path = f->path; /* a folder: nothing changes, not even the level */
    s.least = SEVERITY_DEBUG;
    assert_int_equal(log_move(log, &s, &fault), RC_INVALID);
    assert_false(log_wants(log, SEVERITY_INFO));
    log_close(log);
}

static void half_a_line_at_the_end_is_ended(void **state)
{
    struct folder *f = *state;
    FILE *file = fopen(f->file, "w");
    assert_non_null(file);
    fputs("time=2026", file);
    fclose(file);
    struct log *log = open_log(LOG_TO_FILE, f->file);
    tell(log, EVENT_PAUSE);
    tell(log, EVENT_PAUSE);
    log_close(log);
    expect_file(f->file, "time=2026\n" PAUSE PAUSE);
}

static void what_can_be_no_log_file_is_refused(void **state)
{
    struct folder *f = *state;
    char inside[PATH_ROOM + 32];
    struct log *log;
    expect_refused(LOG_TO_FILE, f->path, RC_INVALID, "directory");
    snprintf(inside, sizeof inside, "%s/none/log", f->path);
    expect_refused(LOG_TO_FILE, inside, RC_INVALID, "No such file");
    assert_int_equal(symlink(f->other, f->file), 0);
    expect_refused(LOG_TO_FILE, f->file, RC_INVALID, "symbolic link");
    assert_int_equal(access(f->other, F_OK), -1); /* and nothing was made where it points to */
    unlink(f->file);
    assert_int_equal(mkfifo(f->file, 0600), 0);
    expect_refused(LOG_TO_FILE, f->file, RC_INVALID, "neither a file nor a device");
    int reader = open(f->file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    expect_refused(LOG_TO_FILE, f->file, RC_INVALID, "neither a file nor a device");
    close(reader);
    unlink(f->file);
    int listener = listen_at(f->file, SOCK_STREAM);
    expect_refused(LOG_TO_FILE, f->file, RC_INVALID, "neither a file nor a device");
    close(listener);
    log = open_log(LOG_TO_FILE, "/dev/null"); /* a device is fine */
    tell(log, EVENT_PAUSE);
    assert_int_equal(log_lost(log), 0);
    log_close(log);
}

/* ---- in a process of its own, because rights, limits and mounts are a process's ---- */

enum { SKIP_CODE = 250 }; /* no line of a NEED */

static void in_a_child(int (*body)(const struct folder *), const struct folder *f)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        _exit(body(f));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIP_CODE) {
        print_message("skipped: this machine doesn't let a test make a mount of its own\n");
        skip();
    }
    if (WEXITSTATUS(status) != 0)
        fail_msg("it failed at line %d", WEXITSTATUS(status) + 400);
}

/* The line where a child gave up; lines begin after 400. */
#define NEED(condition)                                                                                                \
    do                                                                                                                 \
        if (!(condition))                                                                                              \
            return __LINE__ - 400;                                                                                     \
    while (0)

static int try_without_rights(const struct folder *f)
{
    if (geteuid() == 0)
        NEED(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    const struct log_settings s = settings_to(LOG_TO_FILE, f->file);
    struct log *log;
    struct fault fault = {{0}};
    NEED(log_open_to(&s, &log, &fault) == RC_INVALID && !log);
    NEED(strstr(fault.text, f->file) && strstr(fault.text, "Permission denied"));
    return 0;
}

static void a_folder_without_the_right_to_write_is_refused(void **state)
{
    struct folder *f = *state;
    assert_int_equal(chmod(f->path, 0555), 0);
    in_a_child(try_without_rights, f);
    assert_int_equal(chmod(f->path, 0700), 0);
}

/* ulimit -f: the line is cut at the limit, SIGXFSZ ends nobody, and it goes on when the limit is raised. */
static int try_a_file_that_must_not_grow(const struct folder *f)
{
    struct rlimit limit;
    struct log *log;
    struct fault fault = {{0}};
    const struct log_settings s = settings_to(LOG_TO_FILE, f->file);
    signal(SIGXFSZ, SIG_DFL);
    NEED(log_open_to(&s, &log, &fault) == RC_OK);
    NEED(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = sizeof PAUSE - 1 + 10;
    NEED(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    for (unsigned i = 0; i < 4; i++)
        tell(log, EVENT_PAUSE);
    NEED(log_lost(log) == 3);
    limit.rlim_cur = before;
    NEED(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    tell(log, EVENT_STOP);
    NEED(log_lost(log) == 0);
    log_close(log);
    return 0;
}

static void a_file_that_must_not_grow_ends_nobody(void **state)
{
    struct folder *f = *state;
    char wanted[500];
    in_a_child(try_a_file_that_must_not_grow, f);
    snprintf(wanted, sizeof wanted, PAUSE "%.10s\n" LOST STOP, PAUSE, 3u);
    expect_file(f->file, wanted);
}

static bool write_once(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return written;
}

/* A normal user may mount as the root of a name space of its own. */
static bool become_root_here(uid_t user, gid_t group)
{
    char users[32], groups[32];
    snprintf(users, sizeof users, "0 %u 1", (unsigned)user);
    snprintf(groups, sizeof groups, "0 %u 1", (unsigned)group);
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_once("/proc/self/setgroups", "deny") &&
           write_once("/proc/self/uid_map", users) && write_once("/proc/self/gid_map", groups);
}

static bool mount_small_disk(const char *at, const char *size)
{
    if (geteuid() == 0 ? unshare(CLONE_NEWNS) != 0 : !become_root_here(geteuid(), getegid()))
        return false;
    (void)mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    return mount("none", at, "tmpfs", 0, size) == 0;
}

static bool fill_disk(const char *path)
{
    static const char block[4096];
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (fd >= 0 && write(fd, block, sizeof block) > 0)
        continue;
    bool full = fd >= 0 && errno == ENOSPC;
    if (fd >= 0)
        close(fd);
    return full;
}

static int try_a_full_disk(const struct folder *f)
{
    char wanted[300];
    struct log *log;
    struct fault fault = {{0}};
    const struct log_settings s = settings_to(LOG_TO_FILE, f->file);
    if (!mount_small_disk(f->path, "size=64k"))
        return SKIP_CODE;
    NEED(log_open_to(&s, &log, &fault) == RC_OK);
    NEED(fill_disk(f->other));
    tell(log, EVENT_PAUSE);
    tell(log, EVENT_PAUSE);
    NEED(log_lost(log) == 2);
    NEED(unlink(f->other) == 0);
    tell(log, EVENT_STOP);
    NEED(log_lost(log) == 0);
    snprintf(wanted, sizeof wanted, LOST STOP, 2u);
    NEED(strcmp(text_of(f->file), wanted) == 0);
    log_close(log);
    return 0;
}

/* No room even for the new file: the log begins all the same, and the file is there as soon as there is room. */
static int try_to_begin_on_a_full_disk(const struct folder *f)
{
    char wanted[300];
    struct log *log;
    struct fault fault = {{0}};
    const struct log_settings s = settings_to(LOG_TO_FILE, f->file);
    if (!mount_small_disk(f->path, "size=64k,nr_inodes=2"))
        return SKIP_CODE;
    int fd = open(f->other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600); /* the folder is the other inode */
    NEED(fd >= 0 && close(fd) == 0);
    NEED(log_open_to(&s, &log, &fault) == RC_OK);
    tell(log, EVENT_PAUSE);
    NEED(log_lost(log) == 1);
    NEED(unlink(f->other) == 0);
    tell(log, EVENT_STOP);
    NEED(log_lost(log) == 0);
    snprintf(wanted, sizeof wanted, LOST STOP, 1u);
    NEED(strcmp(text_of(f->file), wanted) == 0);
    log_close(log);
    return 0;
}

static void a_full_disk_loses_lines_and_says_so(void **state)
{
    in_a_child(try_a_full_disk, *state);
}

static void a_full_disk_is_no_reason_not_to_begin(void **state)
{
    in_a_child(try_to_begin_on_a_full_disk, *state);
}

static void a_full_device_loses_lines(void **state)
{
    struct folder *f = *state;
    struct fault fault = {{0}};
    char wanted[300];
    if (access("/dev/full", W_OK) != 0) {
        print_message("skipped: this system has no /dev/full\n");
        skip();
    }
    struct log *log = open_log(LOG_TO_FILE, "/dev/full");
    tell(log, EVENT_PAUSE);
    tell(log, EVENT_PAUSE);
    assert_int_equal(log_lost(log), 2);
    const struct log_settings s = settings_to(LOG_TO_FILE, f->file);
    assert_int_equal(log_move(log, &s, &fault), RC_OK);
    tell(log, EVENT_STOP);
    log_close(log);
    snprintf(wanted, sizeof wanted, LOST STOP, 2u);
    expect_file(f->file, wanted);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_journal_gets_priorities),
        TEST(syslog_gets_a_datagram_for_each_line),
        TEST(syslog_may_come_and_go),
        TEST(syslog_that_does_not_read_holds_nobody_up),
        TEST(syslog_takes_the_longest_line),
        TEST(what_can_be_no_syslog_is_refused),
        TEST(a_file_is_made_and_appended_to),
        TEST(a_renamed_file_is_opened_anew),
        TEST(what_can_not_be_opened_anew_leaves_the_old_one),
        TEST(settings_may_change),
        TEST(half_a_line_at_the_end_is_ended),
        TEST(what_can_be_no_log_file_is_refused),
        TEST(a_folder_without_the_right_to_write_is_refused),
        TEST(a_file_that_must_not_grow_ends_nobody),
        TEST(a_full_disk_loses_lines_and_says_so),
        TEST(a_full_disk_is_no_reason_not_to_begin),
        TEST(a_full_device_loses_lines),
    };
    return cmocka_run_group_tests_name("log_sink", tests, NULL, NULL);
}
