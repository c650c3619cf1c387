/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rc check_file(const char *path, int fd, struct fault *fault)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return fault_set(fault, RC_INVALID, "password file %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fault_set(fault, RC_INVALID,
                         "password file %s: is %s; name a file that holds the password in its "
                         "first line",
                         path, S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return fault_set(fault, RC_INVALID,
                         "password file %s: others than its owner may open it (mode %04o); "
                         "chmod 0600 it",
                         path, (unsigned)st.st_mode & 07777);
    return RC_OK;
}

static enum rc first_line(const char *path, int fd, uint8_t *out, size_t *length, struct fault *fault)
{
    size_t n = 0;
    ssize_t got = 0;
    while (n < LDAP_PASSWORD_ROOM && (got = read(fd, out + n, LDAP_PASSWORD_ROOM - n)) > 0)
        n += (size_t)got;
    if (got < 0)
        return fault_set(fault, RC_INVALID, "password file %s: %s", path, strerror(errno));
    const uint8_t *end = memchr(out, '\n', n);
    if (!end && n == LDAP_PASSWORD_ROOM)
        return fault_set(fault, RC_INVALID, "password file %s: its first line is over %d octets", path,
                         LDAP_PASSWORD_ROOM - 1);
    *length = end ? (size_t)(end - out) : n;
    if (*length && out[*length - 1] == '\r')
        --*length;
    if (*length == 0)
        return fault_set(fault, RC_INVALID,
                         "password file %s: its first line is empty; a bind without a password "
                         "would succeed as nobody",
                         path);
    return RC_OK;
}

enum rc ldap_password_read(const char *path, uint8_t out[LDAP_PASSWORD_ROOM], size_t *length, struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return fault_set(fault, RC_INVALID,
                         "password file %s: %s; it must be readable by the account that runs this "
                         "program",
                         path, strerror(errno));
    enum rc rc = check_file(path, fd, fault);
    if (rc == RC_OK)
        rc = first_line(path, fd, out, length, fault);
    close(fd);
    return rc;
}
