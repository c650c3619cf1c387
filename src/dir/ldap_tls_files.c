/* SPDX-License-Identifier: Apache-2.0 */
/* What directory.tls names is looked at before anybody is connected to: libldap would only say that it failed. */
#include "dir/ldap_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_CAP = 160, MODE_BITS = 07777 };

const char *ldap_tls_system_authorities(void)
{
    static const char *const known[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                        "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (access(known[i], R_OK) == 0)
            return known[i];
    return NULL;
}

bool ldap_is_credential(const char *path)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    size_t n = folder ? strlen(folder) : 0;
    return n && strncmp(path, folder, n) == 0 && path[n] == '/' && !strstr(path + n, "/..");
}

/* Whose the credentials are is systemd's to say. */
static bool is_owner_trusted(const char *path, const struct stat *st)
{
    return st->st_uid == 0 || st->st_uid == geteuid() || ldap_is_credential(path);
}

enum rc ldap_secret_check(const char *what, const char *path, int fd, struct fault *fault)
{
    struct stat st;
    /* systemd grants the service its credentials by an access control list, whose mask stands where the group's bits do
     */
    mode_t refused = ldap_is_credential(path) ? S_IRWXO : S_IRWXG | S_IRWXO;
    if (fstat(fd, &st) != 0)
        return fault_set(fault, RC_INVALID, "%s %.*s: %s", what, PATH_CAP, path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fault_set(fault, RC_INVALID, "%s %.*s: is %s; name a file", what, PATH_CAP, path,
                         S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
    if (st.st_mode & refused)
        return fault_set(fault, RC_INVALID, "%s %.*s: others than its owner may open it (mode %04o); chmod 0600 it",
                         what, PATH_CAP, path, (unsigned)st.st_mode & MODE_BITS);
    if (!is_owner_trusted(path, &st)) /* by number: names may be asked of the directory that this is to reach */
        return fault_set(fault, RC_INVALID,
                         "%s %.*s: belongs to user %lu, who may read and change it; it must be root's or that of user "
                         "%lu, who runs this program: chown it",
                         what, PATH_CAP, path, (unsigned long)st.st_uid, (unsigned long)geteuid());
    return RC_OK;
}

/* The octets are looked through line by line; a bundle of authorities is some 200 kB. */
static bool has_line(FILE *f, const char *begin)
{
    char line[256];
    while (fgets(line, sizeof line, f))
        if (strncmp(line, begin, strlen(begin)) == 0)
            return true;
    return false;
}

static enum rc check_pem(const char *key, const char *path, const char *begin, bool is_secret, struct fault *fault)
{
    enum rc rc = RC_OK;
    char what[64];
    snprintf(what, sizeof what, "directory.tls.%s", key);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (!f)
        rc = fault_set(fault, RC_INVALID,
                       "%s %.*s: %s; it must be there, and readable by the account that runs this program", what,
                       PATH_CAP, path, strerror(errno));
    if (rc == RC_OK && is_secret)
        rc = ldap_secret_check(what, path, fd, fault);
    if (rc == RC_OK && !has_line(f, begin))
        rc = fault_set(fault, RC_INVALID, "%s %.*s: no line begins with \"%s\"; it must be in PEM", what, PATH_CAP,
                       path, begin);
    if (f)
        fclose(f);
    else if (fd >= 0)
        close(fd);
    return rc;
}

static enum rc check_directory(const char *path, struct fault *fault)
{
    DIR *folder = opendir(path);
    if (!folder)
        return fault_set(fault, RC_INVALID,
                         "directory.tls.ca_directory %.*s: %s; it must be a directory that the account that runs this "
                         "program may read",
                         PATH_CAP, path, strerror(errno));
    closedir(folder);
    return RC_OK;
}

enum rc ldap_tls_check_files(const struct dir_tls *tls, struct fault *fault)
{
    static const char certificate[] = "-----BEGIN CERTIFICATE-----", any[] = "-----BEGIN ";
    enum rc rc = RC_OK;
    if (!tls->cert_file != !tls->key_file)
        return fault_set(fault, RC_INVALID, "directory.tls: cert_file and key_file come together");
    if (!tls->ca_file && !tls->ca_directory && !ldap_tls_system_authorities())
        return fault_set(fault, RC_INVALID,
                         "this system has no file of authorities where one is known to be; set directory.tls.ca_file");
    if (tls->ca_file)
        rc = check_pem("ca_file", tls->ca_file, certificate, false, fault);
    if (rc == RC_OK && tls->ca_directory)
        rc = check_directory(tls->ca_directory, fault);
    if (rc == RC_OK && tls->cert_file)
        rc = check_pem("cert_file", tls->cert_file, certificate, false, fault);
    if (rc == RC_OK && tls->key_file)
        rc = check_pem("key_file", tls->key_file, any, true, fault);
    return rc;
}
