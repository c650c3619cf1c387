/* SPDX-License-Identifier: Apache-2.0 */
/*
 * harden_probe CONF OUTSIDE: hardens itself as dircertd does with that configuration, then tries things and prints what
 * came of each, a line "<what> <ok or the errno's name>".  OUTSIDE is a folder that the configuration does not name.
 * It is built without sanitizers, in whose builds there is no filter.
 */
#include "base/nocore.h"
#include "base/wholefile.h"
#include "daemon/harden.h"
#include "daemon/identity.h"
#include "daemon/setup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void tell(const char *what, bool done)
{
    printf("%s %s\n", what, done ? "ok" : strerrorname_np(errno));
}

/* Programs and processes. */

static void try_processes(void)
{
    char name[] = "true";
    char *const argv[] = {name, NULL};
    pid_t pid;
    tell("execve", execv("/bin/true", argv) == 0);
    tell("execveat", syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, environ, 0) == 0);
    fflush(stdout);
    pid = fork();
    if (pid == 0)
        _exit(0);
    tell("fork", pid > 0);
    errno = posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ);
    tell("spawn", errno == 0);
    tell("clone3", syscall(SYS_clone3, NULL, 0) >= 0);
    tell("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
    tell("look-for-process", kill(getppid(), 0) == 0);
    tell("signal-process", kill(getppid(), SIGCONT) == 0);
}

static void *thread(void *context)
{
    return context;
}

static void note(int number)
{
    (void)number;
}

static void try_itself(void)
{
    pthread_t t;
    const struct rlimit more = {.rlim_cur = 0, .rlim_max = 0};
    struct rlimit core;
    errno = pthread_create(&t, NULL, thread, NULL);
    tell("thread", errno == 0 && pthread_join(t, NULL) == 0);
    signal(SIGUSR1, note);
    tell("raise", raise(SIGUSR1) == 0);
    tell("setuid", setresuid(0, 0, 0) == 0);
    tell("setgroups", syscall(SYS_setgroups, 0, NULL) == 0);
    tell("setrlimit", setrlimit(RLIMIT_NOFILE, &more) == 0);
    tell("getrlimit", getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0);
    tell("dumpable", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
    tell("is-dumpable", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1);
    tell("unshare", syscall(SYS_unshare, 0) == 0);
    tell("mount", mount("none", "/proc", "tmpfs", 0, NULL) == 0);
    tell("keyctl", syscall(SYS_keyctl, 0, -3, 0) >= 0);
    tell("bpf", syscall(SYS_bpf, 0, NULL, 0) >= 0);
    tell("io_uring", syscall(SYS_io_uring_setup, 1, NULL) >= 0);
    tell("of-the-future", syscall(4000) >= 0);
}

static void try_memory(void)
{
    const size_t n = 4096;
    void *plain = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    tell("memory", plain != MAP_FAILED);
    tell("memory-turns-executable", mprotect(plain, n, PROT_READ | PROT_EXEC) == 0);
    tell("memory-write-and-execute",
         mmap(NULL, n, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    int library = open("/bin/true", O_RDONLY | O_CLOEXEC);
    tell("memory-of-a-library",
         library >= 0 && mmap(NULL, n, PROT_READ | PROT_EXEC, MAP_PRIVATE, library, 0) != MAP_FAILED);
    tell("memfd", memfd_create("x", MFD_CLOEXEC) >= 0);
}

/* Files. */

static bool can_open(const char *folder, const char *name, int flags)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* `folder` is that of a file. */
static void folder_of(const char *file, char folder[256])
{
    snprintf(folder, 256, "%.*s", (int)(strrchr(file, '/') - file), file);
}

static void try_files(const struct conf *conf, const char *outside)
{
    char logs[256], path[512];
    struct fault fault = {{0}};
    folder_of(conf->log.to, logs);
    tell("read-outside", can_open("/etc", "passwd", O_RDONLY));
    tell("write-outside", can_open(outside, "there", O_WRONLY));
    tell("make-outside", can_open(outside, "fresh", O_WRONLY | O_CREAT));
    snprintf(path, sizeof path, "%s/there", outside);
    tell("remove-outside", unlink(path) == 0);
    snprintf(path, sizeof path, "%s/folder", outside);
    tell("mkdir", mkdir(path, 0700) == 0);
    tell("append-to-log", can_open(logs, "next.log", O_WRONLY | O_CREAT | O_APPEND));
    snprintf(path, sizeof path, "%s/next.log", logs);
    tell("remove-log", unlink(path) == 0);
    bool written = wholefile_write(conf->metrics.textfile, slice_of("x 1\n"), 0644, &fault) == RC_OK;
    tell("replace-metrics", written);
    tell("remove-pid-file", unlink(conf->pid_file) == 0);
    tell("null", can_open("/dev", "null", O_RDWR));
}

/* The network. */

static void try_network(void)
{
    struct addrinfo *found = NULL;
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    tell("lookup", getaddrinfo("localhost", "389", &wanted, &found) == 0);
    if (found)
        freeaddrinfo(found);
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    tell("tcp", tcp >= 0);
    tell("bind", bind(tcp, (struct sockaddr *)&here, sizeof here) == 0);
    tell("listen", listen(tcp, 1) == 0);
    tell("unix", socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0);
    tell("packet", socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0);
}

static void tell_status(void)
{
    static const char *const names[] = {
        "Uid:", "Gid:", "Groups:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:", "NoNewPrivs:", "Seccomp:"};
    char line[256];
    FILE *f = fopen("/proc/self/status", "re");
    while (f && fgets(line, sizeof line, f))
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strncmp(line, names[i], strlen(names[i])) == 0)
                fputs(line, stdout);
    if (f)
        fclose(f);
}

int main(int argc, char **argv)
{
    struct setup setup;
    struct fault fault = {{0}};
    const struct log_settings to_stderr = setup_log(NULL);
    if (argc != 3)
        return 2;
    struct log *log = log_open(&to_stderr);
    if (setup_read(argv[1], log, &setup) != RC_OK)
        return 2;
    nocore_set();
    if (setup.conf.user && identity_take(setup.conf.user, &fault) != RC_OK) {
        fprintf(stderr, "%s\n", fault.text);
        return 1;
    }
    struct harden *h = harden_begin(&setup.conf, log);
    try_processes();
    try_itself();
    try_memory();
    try_files(&setup.conf, argv[2]);
    try_network();
    tell_status();
    harden_free(h);
    setup_free(&setup);
    log_close(log);
    return 0;
}
