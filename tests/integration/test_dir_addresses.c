/* SPDX-License-Identifier: Apache-2.0 */
/* A host with several addresses: one that drops packets, as IPv6 without a way does, leaves time for the others. */
#include "support/dirtest.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { HOSTS_MOST = 3, CALLERS = 8, SETTLE_MS = 200 };

/* What the linker's --wrap makes of the resolver: every host has these addresses, in this order. */
static struct {
    struct sockaddr_in addresses[HOSTS_MOST];
    struct addrinfo list[HOSTS_MOST];
    size_t count;
} resolved;

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **list);
void __wrap_freeaddrinfo(struct addrinfo *list);

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    (void)host, (void)service, (void)hints;
    for (size_t i = 0; i < resolved.count; i++)
        resolved.list[i] = (struct addrinfo){.ai_family = AF_INET,
                                             .ai_socktype = SOCK_STREAM,
                                             .ai_addr = (struct sockaddr *)&resolved.addresses[i],
                                             .ai_addrlen = sizeof resolved.addresses[i],
                                             .ai_next = i + 1 < resolved.count ? &resolved.list[i + 1] : NULL};
    *list = resolved.list;
    return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
    assert_ptr_equal(list, resolved.list);
}

static int call(const struct sockaddr_in *a)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_true(connect(fd, (const struct sockaddr *)a, sizeof *a) == 0 || errno == EINPROGRESS);
    return fd;
}

/* A listener that nobody serves and whose queue is full: the kernel drops what else is sent to begin a connection. */
struct hole {
    struct sockaddr_in address;
    int listener, callers[CALLERS];
};

static void hole_open(struct hole *h)
{
    socklen_t n = sizeof h->address;
    struct pollfd last = {.events = POLLOUT};
    h->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    h->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(h->listener >= 0 && bind(h->listener, (const struct sockaddr *)&h->address, n) == 0 &&
                listen(h->listener, 0) == 0 && getsockname(h->listener, (struct sockaddr *)&h->address, &n) == 0);
    for (size_t i = 0; i < CALLERS; i++)
        last.fd = h->callers[i] = call(&h->address);
    assert_int_equal(poll(&last, 1, SETTLE_MS), 0); /* otherwise this is no hole */
}

static void hole_close(const struct hole *h)
{
    for (size_t i = 0; i < CALLERS; i++)
        close(h->callers[i]);
    close(h->listener);
}

static enum rc outcome(unsigned timeout_s, struct fault *fault)
{
    struct dir *d = NULL;
    const struct dir_settings settings = {.uris = (const char *const[]){"ldap://two.example", NULL},
                                          .bind_dn = SLAPD_ADMIN,
                                          .password = SLICE_LITERAL(SLAPD_PASSWORD),
                                          .allow_plaintext = true,
                                          .timeout_s = timeout_s};
    enum rc rc = dir_open(&settings, &d, fault);
    dir_close(d);
    return rc;
}

static void the_address_behind_a_dead_one_is_reached(void **state)
{
    (void)state;
    struct slapd *server = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN, .tcp = true});
    struct fault fault = {0};
    struct hole h;
    assert_non_null(server);
    hole_open(&h);
    resolved.addresses[0] = resolved.addresses[1] = resolved.addresses[2] = h.address;
    resolved.addresses[2].sin_port = htons((uint16_t)atoi(strrchr(slapd_tcp_uri(server), ':') + 1));
    resolved.count = HOSTS_MOST;
    if (outcome(6, &fault) != RC_OK)
        fail_msg("%s", fault.text);
    hole_close(&h);
    slapd_stop(server);
}

static void dead_addresses_take_the_time_of_one(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct hole h;
    hole_open(&h);
    resolved.addresses[0] = resolved.addresses[1] = h.address;
    resolved.count = 2;
    double begin_s = seconds_now();
    assert_int_equal(outcome(1, &fault), RC_FAULT);
    double took_s = seconds_now() - begin_s;
    assert_non_null(strstr(fault.text, "timed out"));
    assert_true(took_s > 0.9 && took_s < 10);
    hole_close(&h);
}

int main(void)
{
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_address_behind_a_dead_one_is_reached),
        cmocka_unit_test(dead_addresses_take_the_time_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
