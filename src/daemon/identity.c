/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/identity.h"

#include "base/nocore.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

bool identity_is_root(void)
{
    return geteuid() == 0;
}

void identity_name(char out[IDENTITY_ROOM])
{
    const struct passwd *account = getpwuid(geteuid());
    if (account)
        snprintf(out, IDENTITY_ROOM, "%s", account->pw_name);
    else
        snprintf(out, IDENTITY_ROOM, "%lu", (unsigned long)geteuid());
}

/* What no program that is executed can get any more; only who may set capabilities may do that. */
static void drop_bounding_set(void)
{
    for (unsigned i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
        (void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

/* Real, effective and saved: nothing is left to return to. */
static bool is_only(uid_t user, gid_t group)
{
    uid_t u[3];
    gid_t g[3];
    if (getresuid(&u[0], &u[1], &u[2]) != 0 || getresgid(&g[0], &g[1], &g[2]) != 0)
        return false;
    for (int i = 0; i < 3; i++)
        if (u[i] != user || g[i] != group)
            return false;
    return true;
}

enum rc identity_take(const char *user, struct fault *fault)
{
    if (!identity_is_root())
        return RC_OK;
    errno = 0;
    const struct passwd *account = getpwnam(user);
    if (!account)
        return fault_set(fault, RC_INVALID, "there is no account %.64s on this machine%s%s", user, errno ? ": " : "",
                         errno ? strerror(errno) : "");
    if (account->pw_uid == 0)
        return fault_set(fault, RC_INVALID, "%.64s is root; leave the key out to stay root", user);
    const uid_t uid = account->pw_uid;
    const gid_t gid = account->pw_gid;
    drop_bounding_set(); /* afterwards it may not */
    if (initgroups(user, gid) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
        return fault_set(fault, RC_FAULT, "can't become %.64s: %s", user, strerror(errno));
    if (!is_only(uid, gid) || setuid(0) == 0)
        return fault_set(fault, RC_FAULT, "can't become %.64s for good: the system lets it return to root", user);
    nocore_set(); /* the kernel forgets it with the user */
    return RC_OK;
}

struct capabilities {
    struct __user_cap_header_struct head;
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
};

static bool capabilities_read(struct capabilities *c)
{
    *c = (struct capabilities){.head = {.version = _LINUX_CAPABILITY_VERSION_3}};
    return syscall(SYS_capget, &c->head, c->sets) == 0;
}

static bool holds_any(const struct capabilities *c)
{
    for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        if (c->sets[i].effective | c->sets[i].permitted | c->sets[i].inheritable)
            return true;
    return false;
}

void identity_drop_capabilities(char out[IDENTITY_ROOM])
{
    const unsigned bit = CAP_DAC_OVERRIDE % 32, word = CAP_DAC_OVERRIDE / 32;
    struct capabilities c;
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    drop_bounding_set(); /* where it fails, nobody here could gain one anyway */
    /* A service manager may have taken them all, and the call with them. */
    if (capabilities_read(&c) && !holds_any(&c)) {
        snprintf(out, IDENTITY_ROOM, "none");
        return;
    }
    uint32_t kept = identity_is_root() ? c.sets[word].permitted & (1u << bit) : 0;
    memset(c.sets, 0, sizeof c.sets);
    c.sets[word].effective = c.sets[word].permitted = kept;
    if (syscall(SYS_capset, &c.head, c.sets) != 0)
        snprintf(out, IDENTITY_ROOM, "all that were there: %s", strerror(errno));
    else
        snprintf(out, IDENTITY_ROOM, "%s", kept ? "dac_override" : "none");
}
