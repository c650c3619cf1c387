/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/cage_private.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_SANITIZER 1
#endif
#endif
#ifndef WITH_SANITIZER
#define WITH_SANITIZER 0
#endif

bool jail_keep_only(int fd)
{
    if (fd != CAGE_FD && dup2(fd, CAGE_FD) != CAGE_FD)
        return false;
    for (int i = 0; i < CAGE_FD; i++)
        close(i);
    closefrom(CAGE_FD + 1);
    return true;
}

static bool limit(__rlimit_resource_t what, rlim_t to, const char *name, struct fault *fault)
{
    const struct rlimit l = {.rlim_cur = to, .rlim_max = to};
    if (setrlimit(what, &l) == 0)
        return true;
    fault_set(fault, RC_FAULT, "setrlimit %s: %s", name, strerrorname_np(errno));
    return false;
}

bool jail_limit(size_t address_octets, unsigned cpu_s, struct fault *fault)
{
    return limit(RLIMIT_CORE, 0, "RLIMIT_CORE", fault) && limit(RLIMIT_FSIZE, 0, "RLIMIT_FSIZE", fault) &&
           limit(RLIMIT_NOFILE, 0, "RLIMIT_NOFILE", fault) && limit(RLIMIT_NPROC, 0, "RLIMIT_NPROC", fault) &&
           limit(RLIMIT_CPU, cpu_s, "RLIMIT_CPU", fault) &&
           /* AddressSanitizer reserves terabytes */
           (WITH_SANITIZER || limit(RLIMIT_AS, address_octets, "RLIMIT_AS", fault));
}

/* What takes any arguments.  Exiting, and what malloc and the vDSO's fallbacks do. */
static const int allowed[] = {
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(futex),
    SCMP_SYS(getrandom),
    SCMP_SYS(munmap),
    SCMP_SYS(brk),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(getpid),  /* OpenSSL's random numbers, which notice a fork by it; curves without a fast path blind */
    SCMP_SYS(sysinfo), /* qsort(3), which wants to know how much memory there is */
#if WITH_SANITIZER
    /* AddressSanitizer's allocator and reports. */
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(rt_sigprocmask),
#endif
};

static int allow_calls(scmp_filter_ctx f)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof allowed / sizeof *allowed; i++)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
    if (rc == 0)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, SCMP_A0(SCMP_CMP_EQ, CAGE_FD, 0));
    if (rc == 0)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, CAGE_FD, 0));
    /* Memory without a file behind it, and never such that can be run. */
    if (rc == 0)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                              SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
    if (rc == 0)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return rc;
}

bool jail_filter(struct fault *fault)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int rc = f ? seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) : -ENOMEM;
    if (rc == 0)
        rc = allow_calls(f);
    if (rc == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0))
        rc = -errno;
    if (rc == 0)
        rc = seccomp_load(f);
    if (rc != 0)
        fault_set(fault, RC_FAULT, "seccomp: %s", strerrorname_np(-rc));
    else
        seccomp_release(f);
    return rc == 0;
}
