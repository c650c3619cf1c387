/* SPDX-License-Identifier: Apache-2.0 */
/* The filter of system calls, made by libseccomp, which knows their numbers on every machine. */
#include "daemon/harden_private.h"

#include "base/slice.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* The sanitizers' leak check makes a process that traces this one, at its very end. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/*
 * What this program, libldap, GnuTLS, OpenSSL's digests and the C library's name services need, also where the C
 * library is older or newer, or the machine has 32 bits.
 */
static const char *const allowed[] = {
    /* files */
    "read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 open openat close close_range stat "
    "stat64 fstat fstat64 lstat lstat64 newfstatat fstatat64 statx statfs statfs64 fstatfs fstatfs64 lseek "
    "_llseek access faccessat faccessat2 readlink readlinkat getdents getdents64 fcntl fcntl64 dup dup2 dup3 "
    "rename renameat renameat2 unlink unlinkat fchmod fsync fdatasync umask getcwd fadvise64 fadvise64_64 pipe "
    "pipe2 eventfd2",
    /* the network */
    "connect bind send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64 getsockname "
    "getpeername setsockopt getsockopt shutdown",
    /* waiting */
    "poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl "
    "epoll_wait epoll_pwait epoll_pwait2 nanosleep clock_nanosleep clock_nanosleep_time64 futex futex_time64 "
    "futex_waitv wait4 waitid waitpid sched_yield timerfd_create timerfd_settime timerfd_settime64 "
    "restart_syscall",
    /* time and chance */
    "clock_gettime clock_gettime64 clock_getres clock_getres_time64 gettimeofday time times getrandom",
    /* memory */
    "brk munmap mremap madvise membarrier mlock mlock2 munlock mincore",
    /* itself, its threads and its signals */
    "exit exit_group getpid gettid getppid getpgrp getpgid getsid getuid getuid32 geteuid geteuid32 getgid "
    "getgid32 getegid getegid32 getresuid getresuid32 getresgid getresgid32 getgroups getgroups32 capget uname "
    "sysinfo getrusage getrlimit ugetrlimit getpriority sched_getaffinity sched_getparam sched_getscheduler "
    "getcpu set_robust_list get_robust_list rseq rt_sigaction rt_sigprocmask rt_sigpending rt_sigreturn "
    "rt_sigtimedwait rt_sigtimedwait_time64 rt_sigsuspend sigaction sigprocmask sigreturn sigaltstack signalfd4",
};

/* EPERM says more than that they are not there. */
static const char *const refused[] = {
    "execve execveat fork vfork ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd mount umount2 "
    "pivot_root chroot unshare setns init_module finit_module delete_module kexec_load reboot bpf perf_event_open "
    "userfaultfd io_uring_setup keyctl add_key request_key setuid setgid setreuid setregid setresuid setresgid "
    "setfsuid setfsgid setgroups capset setrlimit seccomp personality listen accept accept4 socketpair chmod "
    "fchmodat chown lchown fchown fchownat link linkat symlink symlinkat mkdir mkdirat rmdir mknod mknodat "
    "truncate ftruncate creat memfd_create memfd_secret open_by_handle_at fanotify_init quotactl acct "
    "settimeofday clock_settime adjtimex sethostname",
};

/* By one argument. */
struct narrow {
    int call;
    unsigned argument;
    uint64_t mask, value; /* allowed where argument & mask is value */
};

#if defined(__s390__)
enum { CLONE_FLAGS_AT = 1 };
#else
enum { CLONE_FLAGS_AT = 0 };
#endif

static const struct narrow narrow[] = {
    /* Name services ask the kernel for the machine's addresses. */
    {SCMP_SYS(socket), 0, UINT32_MAX, AF_UNIX},
    {SCMP_SYS(socket), 0, UINT32_MAX, AF_INET},
    {SCMP_SYS(socket), 0, UINT32_MAX, AF_INET6},
    {SCMP_SYS(socket), 0, UINT32_MAX, AF_NETLINK},
    {SCMP_SYS(ioctl), 1, UINT32_MAX, FIONBIO},
    {SCMP_SYS(ioctl), 1, UINT32_MAX, FIONREAD},
    {SCMP_SYS(ioctl), 1, UINT32_MAX, TCGETS},
    {SCMP_SYS(ioctl), 1, UINT32_MAX, TIOCGWINSZ},
    {SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_TIMERSLACK},
    {SCMP_SYS(prctl), 0, UINT32_MAX, PR_GET_TIMERSLACK},
    {SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_NAME},
    {SCMP_SYS(prctl), 0, UINT32_MAX, PR_GET_NAME},
    {SCMP_SYS(prctl), 0, UINT32_MAX, PR_GET_DUMPABLE},
    /* To ask whether a process is there; not to signal it. */
    {SCMP_SYS(kill), 1, UINT32_MAX, 0},
    /* To ask for a limit; not to set one. */
    {SCMP_SYS(prlimit64), 2, UINT64_MAX, 0},
    {SCMP_SYS(clone), CLONE_FLAGS_AT, CLONE_THREAD, CLONE_THREAD},
};

static int add_narrow(scmp_filter_ctx filter, const struct narrow *n)
{
    const struct scmp_arg_cmp match = {
        .arg = n->argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = n->mask, .datum_b = n->value};
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, n->call, 1, &match);
}

/* A call that only other machines have is no fault, nor one that this libseccomp is too old to know. */
static int add_words(scmp_filter_ctx filter, uint32_t action, const char *words)
{
    struct slice rest = slice_of(words), word;
    int failed = 0;
    while (!failed && slice_word(&rest, &word)) {
        char name[32];
        snprintf(name, sizeof name, "%.*s", SLICE_ARGS(word));
        int call = seccomp_syscall_resolve_name(name);
        failed = call == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, action, call, 0);
    }
    return failed;
}

/* To raise a signal in itself, as abort(3) does. */
static int add_own_signals(scmp_filter_ctx filter)
{
    const struct narrow own = {SCMP_SYS(tgkill), 0, UINT32_MAX, (uint64_t)getpid()};
    return add_narrow(filter, &own);
}

/* A program that has such memory already needs it, as one that runs under valgrind. */
static bool has_memory_to_write_and_execute(void)
{
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && !found && getline(&line, &room, maps) > 0)
        found = strstr(line, " rwx") != NULL;
    if (maps)
        fclose(maps);
    free(line);
    return found;
}

/* What was written is not executed; a library that is loaded later, for a name service, is read to be executed. */
static int add_memory(scmp_filter_ctx filter)
{
    static const struct narrow any[] = {
        {SCMP_SYS(mmap), 2, 0, 0},
        {SCMP_SYS(mmap2), 2, 0, 0},
        {SCMP_SYS(mprotect), 2, 0, 0},
    };
    static const struct narrow strict[] = {
        {SCMP_SYS(mmap), 2, PROT_EXEC, 0},     {SCMP_SYS(mmap), 2, PROT_WRITE | PROT_EXEC, PROT_EXEC},
        {SCMP_SYS(mmap2), 2, PROT_EXEC, 0},    {SCMP_SYS(mmap2), 2, PROT_WRITE | PROT_EXEC, PROT_EXEC},
        {SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
    };
    bool loose = has_memory_to_write_and_execute();
    const struct narrow *rows = loose ? any : strict;
    int failed = 0;
    for (size_t i = 0; i < (loose ? COUNT(any) : COUNT(strict)) && !failed; i++)
        failed = loose ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, rows[i].call, 0) : add_narrow(filter, &rows[i]);
    return failed;
}

static int add_refused(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp process = {.arg = CLONE_FLAGS_AT, .op = SCMP_CMP_MASKED_EQ, .datum_a = CLONE_THREAD};
    const struct scmp_arg_cmp signal = {.arg = 1, .op = SCMP_CMP_NE};
    int failed = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, &process);
    if (!failed)
        failed = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(kill), 1, &signal);
    for (size_t i = 0; i < COUNT(refused) && !failed; i++)
        failed = add_words(filter, SCMP_ACT_ERRNO(EPERM), refused[i]);
    return failed;
}

static int fill(scmp_filter_ctx filter)
{
    int failed = add_own_signals(filter);
    for (size_t i = 0; i < COUNT(allowed) && !failed; i++)
        failed = add_words(filter, SCMP_ACT_ALLOW, allowed[i]);
    for (size_t i = 0; i < COUNT(narrow) && !failed; i++)
        failed = add_narrow(filter, &narrow[i]);
    if (!failed)
        failed = add_memory(filter);
    return failed ? failed : add_refused(filter);
}

/* Wishes: a kernel or library that does not know one goes without it. */
static void tune(scmp_filter_ctx filter)
{
    (void)seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1); /* the kernel's own word when it fails */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);      /* the audit log names what was refused */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);      /* no slower than without a filter: here nobody runs */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* foreign code; and found by halves, not in turn */
}

bool harden_calls_begin(char text[HARDEN_TEXT_ROOM])
{
    if (SANITIZED) {
        snprintf(text, HARDEN_TEXT_ROOM, "off: sanitizer build");
        return true;
    }
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int failed = filter ? 0 : -ENOMEM;
    if (!failed)
        tune(filter);
    if (!failed)
        failed = fill(filter);
    if (!failed)
        failed = seccomp_load(filter);
    if (filter)
        seccomp_release(filter);
    if (failed)
        snprintf(text, HARDEN_TEXT_ROOM, "off: %s", strerror(-failed));
    else
        snprintf(text, HARDEN_TEXT_ROOM, "on");
    return !failed;
}
