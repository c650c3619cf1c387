/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/lease.h"

#include "base/dn.h"
#include "base/escape.h"
#include "core/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORD_ROOM = 256 };

/* The inode of the first process id namespace, a constant of the kernel's. */
static const uintmax_t first_pid_space = 0xEFFFFFFC;

void lease_place_find(struct arena *a, const char *base, const char *instance, struct lease_place *out)
{
    out->status_dn = arena_format(a, "ou=status,%s", base);
    out->instance = (const char *)arena_copy(a, slice_of(instance)).p;
    out->dn = dn_child(a, "cn", slice_of(instance), out->status_dn);
}

/* Who we are. */

static struct slice word_or(struct arena *a, struct slice text, const char *otherwise)
{
    struct slice trimmed = slice_trim(text);
    if (trimmed.n == 0)
        return slice_of(otherwise);
    uint8_t out[WORD_ROOM];
    return arena_copy(a, slice_make(out, escape_write(trimmed, " ", out, sizeof out)));
}

static struct slice boot_id(struct arena *a)
{
    char text[WORD_ROOM];
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (fd >= 0)
        close(fd);
    struct slice boot = word_or(a, slice_make(text, n > 0 ? (size_t)n : 0), LEASE_BOOT_UNKNOWN);
    struct stat space;
    if (stat("/proc/self/ns/pid", &space) != 0 || (uintmax_t)space.st_ino == first_pid_space)
        return boot;
    return arena_format(a, "%.*s/%ju", SLICE_ARGS(boot), (uintmax_t)space.st_ino);
}

void lease_owner_self(struct arena *a, struct lease_owner *out)
{
    char host[WORD_ROOM] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    out->host = word_or(a, slice_of(host), "-");
    out->boot_id = boot_id(a);
    out->pid = getpid();
}

/* Whoever may not be sent a signal is alive too. */
static bool is_alive(int64_t pid)
{
    return kill((pid_t)pid, 0) == 0 || errno != ESRCH;
}

/* Reading. */

struct looking {
    struct arena *a;
    const struct lease_owner *self;
    int64_t now_utc;
    struct slice own_rdn;
    struct lease_view *view;
};

static void see_value(const struct looking *l, const struct entry *e, struct slice value)
{
    struct lease_seen *seen = LIST_ADD(l->a, &l->view->entries);
    seen->dn = arena_copy(l->a, e->dn);
    seen->is_own = slice_eq_nocase(dn_first_rdn(e->dn), l->own_rdn);
    if (!value.p)
        return;
    seen->value = arena_copy(l->a, value);
    seen->is_readable = lease_read(seen->value, &seen->lease);
    seen->standing = !seen->is_readable
                         ? LEASE_HELD
                         : lease_judge(&seen->lease, l->self, is_alive(seen->lease.owner.pid), l->now_utc);
}

static void see_entry(void *context, const struct entry *e)
{
    struct slice value;
    size_t count = 0;
    for (struct entry_cursor at = {0}; entry_next_value(e, ATTR_LEASE, &at, &value); count++)
        see_value(context, e, value.p ? value : SLICE_LITERAL(""));
    if (count == 0)
        see_value(context, e, (struct slice){NULL, 0});
}

static void forget_entries(void *context)
{
    ((struct looking *)context)->view->entries.count = 0;
}

static void count_entry(void *context, const struct entry *e)
{
    (void)e;
    ++*(size_t *)context;
}

static void forget_count(void *context)
{
    *(size_t *)context = 0;
}

const struct lease_seen *lease_view_own(const struct lease_view *view)
{
    for (size_t i = 0; i < view->entries.count; i++)
        if (view->entries.items[i].is_own)
            return &view->entries.items[i];
    return NULL;
}

const struct lease_seen *lease_view_holder(const struct lease_view *view)
{
    for (size_t i = 0; i < view->entries.count; i++)
        if (view->entries.items[i].standing == LEASE_HELD)
            return &view->entries.items[i];
    return NULL;
}

/* A value that is hidden from us matches neither the one nor the other, and would pass for none. */
static enum rc look_for_hidden(struct dir *d, const struct lease_place *place, size_t there, struct fault *fault)
{
    static const char *const none[] = {"1.1", NULL};
    size_t shown = 0;
    struct dir_search search = {
        .base = place->status_dn,
        .scope = DIR_ONE,
        .filter = SLICE_LITERAL("(&(objectClass=dircertInstance)(|(" ATTR_LEASE "=*)(!(" ATTR_LEASE "=*))))"),
        .attributes = none};
    struct dir_sink sink = {.restart = forget_count, .entry = count_entry, .context = &shown};
    enum rc rc = dir_search(d, &search, &sink, fault);
    if (rc != RC_OK || shown >= there)
        return rc;
    return fault_set(fault, RC_DENIED,
                     "\"%.*s\": this account may not read " ATTR_LEASE
                     " in every entry there, so another daemon may be "
                     "at work: grant it that right",
                     SLICE_ARGS(place->status_dn));
}

enum rc lease_look(struct arena *a, struct dir *d, const struct lease_place *place, const struct lease_owner *self,
                   int64_t now_utc, struct lease_view *out, struct fault *fault)
{
    static const char *const attributes[] = {ATTR_LEASE, NULL};
    *out = (struct lease_view){{0}};
    if (!dir_knows_attribute(d, SLICE_LITERAL(ATTR_LEASE)))
        return fault_set(fault, RC_INVALID, "the directory does not know " ATTR_LEASE ": load schema/dircertd.schema");
    struct looking looking = {
        .a = a, .self = self, .now_utc = now_utc, .own_rdn = dn_first_rdn(place->dn), .view = out};
    struct dir_search search = {.base = place->status_dn,
                                .scope = DIR_ONE,
                                .filter = SLICE_LITERAL("(objectClass=dircertInstance)"),
                                .attributes = attributes};
    struct dir_sink sink = {.restart = forget_entries, .entry = see_entry, .context = &looking};
    enum rc rc = dir_search(d, &search, &sink, fault);
    return rc == RC_OK ? look_for_hidden(d, place, out->entries.count, fault) : rc;
}

/* Writing. */

struct answer {
    enum rc rc;
    struct fault fault;
};

static void keep_answer(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    (void)index;
    struct answer *answer = context;
    answer->rc = rc;
    answer->fault = *fault;
}

static enum rc apply_one(struct dir *d, const struct dir_change *change, struct fault *fault)
{
    struct answer answer = {.rc = RC_FAULT};
    enum rc rc = dir_apply(d, change, 1, keep_answer, &answer, fault);
    if (rc == RC_OK)
        rc = answer.rc;
    return rc == RC_OK ? RC_OK : fault_set(fault, rc, "%s", answer.fault.text);
}

enum rc lease_swap(struct dir *d, const struct lease_place *place, const struct lease_swap *swap, struct fault *fault)
{
    const struct slice class = SLICE_LITERAL(CLASS_INSTANCE), cn = slice_of(place->instance),
                       version = slice_of(DIRCERTD_VERSION);
    struct dir_mod mods[7];
    size_t count = 0;
    enum dir_mod_verb set = swap->exists ? DIR_MOD_REPLACE : DIR_MOD_ADD;
    if (!swap->exists) {
        mods[count++] = (struct dir_mod){DIR_MOD_ADD, "objectClass", &class, 1};
        mods[count++] = (struct dir_mod){DIR_MOD_ADD, "cn", &cn, 1};
        mods[count++] = (struct dir_mod){DIR_MOD_ADD, ATTR_VERSION, &version, 1};
    } else if (swap->before.p) {
        mods[count++] = (struct dir_mod){DIR_MOD_DELETE, ATTR_LEASE, &swap->before, 1};
    }
    if (swap->exists && swap->with_version)
        mods[count++] = (struct dir_mod){DIR_MOD_REPLACE, ATTR_VERSION, &version, 1};
    mods[count++] = (struct dir_mod){DIR_MOD_ADD, ATTR_LEASE, &swap->after, 1};
    mods[count++] = (struct dir_mod){set, ATTR_HEARTBEAT, &swap->heartbeat, 1};
    if (swap->pass_result.p)
        mods[count++] = (struct dir_mod){set, ATTR_PASS_RESULT, &swap->pass_result, 1};
    struct dir_change change = {
        .verb = swap->exists ? DIR_MODIFY : DIR_ADD, .dn = place->dn, .mods = mods, .count = count};
    return apply_one(d, &change, fault);
}

enum rc lease_drop(struct dir *d, struct slice dn, struct slice value, struct fault *fault)
{
    const struct dir_mod mod = {DIR_MOD_DELETE, ATTR_LEASE, &value, 1};
    struct dir_change change = {.verb = DIR_MODIFY, .dn = dn, .mods = &mod, .count = 1};
    return apply_one(d, &change, fault);
}
