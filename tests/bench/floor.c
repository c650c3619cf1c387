/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: bench_floor URI BIND-DN PASSWORD-FILE
 * Asks for the requests and then for the servers, as a pass does, and throws away what comes without looking at it: the
 * server's own time, below which nothing gets that makes these two searches one after the other.  It rests between
 * reads, so that the server is not woken for each entry.  Prints how many messages came.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include <lber.h>
#include <ldap.h>

enum { ROOM = 256 * 1024, REST_US = 300, HEAD_MOST = 6, SEARCH_RESULT_DONE = 0x65 };

static void must(int code, const char *what)
{
    if (code == LDAP_SUCCESS)
        return;
    fprintf(stderr, "bench_floor: %s: %s\n", what, ldap_err2string(code));
    exit(1);
}

static LDAP *connect_as(const char *uri, const char *dn, const char *password_file)
{
    char password[256] = "";
    FILE *file = fopen(password_file, "r");
    if (!file || !fgets(password, sizeof password, file)) {
        perror(password_file);
        exit(1);
    }
    fclose(file);
    LDAP *ld = NULL;
    const int version = LDAP_VERSION3;
    struct berval secret = {.bv_len = strcspn(password, "\n"), .bv_val = password};
    must(ldap_initialize(&ld, uri), "connect");
    ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
    must(ldap_sasl_bind_s(ld, dn, LDAP_SASL_SIMPLE, &secret, NULL, NULL, NULL), "bind");
    return ld;
}

/* The whole length of the message that begins there; 0: more of it is needed to say. */
static size_t message_length(const uint8_t *p, size_t n)
{
    if (n < HEAD_MOST)
        return 0;
    size_t octets = p[1] & 0x80 ? p[1] & 0x7f : 0, length = octets ? 0 : p[1];
    for (size_t i = 0; i < octets && i < HEAD_MOST - 2; i++)
        length = length << 8 | p[2 + i];
    return 2 + octets + length;
}

/* Its operation's tag stands behind its own head and the message id. */
static bool is_done(const uint8_t *p)
{
    const uint8_t *id = p + 2 + (p[1] & 0x80 ? p[1] & 0x7f : 0);
    return id[2 + id[1]] == SEARCH_RESULT_DONE;
}

/* Reads to the end of one search; what libldap would read is taken from under it. */
static unsigned long throw_away(int fd)
{
    static uint8_t octets[ROOM];
    unsigned long messages = 0;
    size_t end = 0;
    for (;;) {
        ssize_t got = recv(fd, octets + end, ROOM - end, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            fprintf(stderr, "bench_floor: the connection broke\n");
            exit(1);
        }
        bool is_short = got < (ssize_t)(ROOM - end);
        end += got > 0 ? (size_t)got : 0;
        size_t at = 0, length;
        while ((length = message_length(octets + at, end - at)) && length <= end - at) {
            messages++;
            if (is_done(octets + at))
                return messages;
            at += length;
        }
        memmove(octets, octets + at, end - at);
        end -= at;
        if (is_short)
            nanosleep(&(struct timespec){.tv_nsec = REST_US * 1000}, NULL);
    }
}

static unsigned long search(LDAP *ld, const char *base, const char *filter, char **attributes)
{
    int id, fd = -1;
    must(ldap_search_ext(ld, base, LDAP_SCOPE_SUBTREE, filter, attributes, 0, NULL, NULL, NULL, -1, &id), "search");
    ldap_get_option(ld, LDAP_OPT_DESC, &fd);
    return throw_away(fd);
}

int main(int argc, char **argv)
{
    char id[] = "entryUUID", certificate[] = "userCertificate", host[] = "dNSHostName";
    char *of_server[] = {id, certificate, host, NULL};
    if (argc != 4) {
        fprintf(stderr, "usage: bench_floor URI BIND-DN PASSWORD-FILE\n");
        return 2;
    }
    prctl(PR_SET_TIMERSLACK, 1);
    LDAP *ld = connect_as(argv[1], argv[2], argv[3]);
    unsigned long messages =
        search(ld, "ou=requests,ou=dircertd,dc=example,dc=com", "(objectClass=dircertRequest)", NULL);
    messages += search(ld, "ou=servers,dc=example,dc=com", "(objectClass=dircertHost)", of_server);
    printf("messages %lu\n", messages);
    return 0;
}
