/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_CAP = 160 };

static enum rc first_line(const char *what, const char *path, int fd, uint8_t *out, size_t *length, struct fault *fault)
{
    size_t n = 0;
    ssize_t got = 0;
    while (n < LDAP_PASSWORD_ROOM && (got = read(fd, out + n, LDAP_PASSWORD_ROOM - n)) > 0)
        n += (size_t)got;
    if (got < 0)
        return fault_set(fault, RC_INVALID, "%s %.*s: %s", what, PATH_CAP, path, strerror(errno));
    const uint8_t *end = memchr(out, '\n', n);
    if (!end && n == LDAP_PASSWORD_ROOM)
        return fault_set(fault, RC_INVALID, "%s %.*s: its first line is over %d octets", what, PATH_CAP, path,
                         LDAP_PASSWORD_ROOM - 1);
    *length = end ? (size_t)(end - out) : n;
    if (*length && out[*length - 1] == '\r')
        --*length;
    if (*length == 0)
        return fault_set(fault, RC_INVALID,
                         "%s %.*s: its first line is empty; a bind without a password would succeed as nobody", what,
                         PATH_CAP, path);
    return RC_OK;
}

static enum rc read_file(const char *what, const char *path, uint8_t *out, size_t *length, struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return fault_set(fault, RC_INVALID, "%s %.*s: %s; it must be readable by the account that runs this program",
                         what, PATH_CAP, path, strerror(errno));
    enum rc rc = ldap_secret_check(what, path, fd, fault);
    if (rc == RC_OK)
        rc = first_line(what, path, fd, out, length, fault);
    close(fd);
    return rc;
}

static enum rc read_credential(const char *folder, const char *name, uint8_t *out, size_t *length, struct fault *fault)
{
    char path[PATH_MAX];
    if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return fault_set(fault, RC_INVALID,
                         "the credential \"%.*s\" is not a file's name; bind.password_credential names a file in "
                         "$CREDENTIALS_DIRECTORY",
                         PATH_CAP, name);
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return fault_set(fault, RC_INVALID, "$CREDENTIALS_DIRECTORY is too long");
    struct fault why = {0};
    enum rc rc = read_file("credential", path, out, length, &why);
    return rc == RC_OK ? rc
                       : fault_set(fault, rc,
                                   "%s; bind.password_credential names it, and the service manager provides it "
                                   "(LoadCredential=%s:FILE)",
                                   why.text, name);
}

static enum rc copy(struct slice given, uint8_t *out, size_t *length, struct fault *fault)
{
    if (given.n >= LDAP_PASSWORD_ROOM)
        return fault_set(fault, RC_INVALID, "the password is over %d octets", LDAP_PASSWORD_ROOM - 1);
    memcpy(out, given.p, given.n);
    *length = given.n;
    return RC_OK;
}

enum rc ldap_password_read(const struct dir_settings *settings, uint8_t out[LDAP_PASSWORD_ROOM], size_t *length,
                           struct fault *fault)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (settings->password.n)
        return copy(settings->password, out, length, fault);
    if (settings->password_credential && folder && *folder)
        return read_credential(folder, settings->password_credential, out, length, fault);
    if (settings->password_file && *settings->password_file)
        return read_file("password file", settings->password_file, out, length, fault);
    if (settings->password_credential)
        return fault_set(fault, RC_INVALID,
                         "the password is to be the credential \"%.*s\", but $CREDENTIALS_DIRECTORY is not set: start "
                         "the program as a systemd service with LoadCredential=, or set bind.password_file",
                         PATH_CAP, settings->password_credential);
    return fault_set(fault, RC_INVALID,
                     "a simple bind needs a password: set bind.password_file or bind.password_credential");
}
