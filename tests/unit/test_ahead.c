/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the short rest before a read is for: a server on this machine, and no other. */
#include "dir/ldap_private.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void a_socket_of_this_machine(void **state)
{
    (void)state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_in_range(ldap_ahead_pace(pair[0]).least_us, 1, 1000);
    assert_in_range(ldap_ahead_pace(pair[0]).most_us, 1, 1000);
    close(pair[0]);
    close(pair[1]);
}

static void nobody_at_all(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(ldap_ahead_pace(fd).least_us, 0);
    assert_int_equal(ldap_ahead_pace(fd).most_us, 0);
    assert_int_equal(ldap_ahead_pace(-1).least_us, 0);
    close(fd);
}

/* A datagram socket has a peer without a word to it; false where there is no way there. */
static bool rest_for(const struct sockaddr *address, socklen_t size, unsigned *us)
{
    int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool connected = fd >= 0 && connect(fd, address, size) == 0;
    if (connected)
        *us = ldap_ahead_pace(fd).least_us;
    if (fd >= 0)
        close(fd);
    return connected;
}

static void by_address(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool rests;
    } rows[] = {
        {"127.0.0.1", true}, {"127.200.0.7", true},  {"192.0.2.1", false},        {"10.127.0.1", false},
        {"::1", true},       {"2001:db8::1", false}, {"::ffff:192.0.2.1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(9)};
        struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
        bool is_four = inet_pton(AF_INET, rows[i].address, &four.sin_addr) == 1;
        unsigned us = 0;
        assert_true(is_four || inet_pton(AF_INET6, rows[i].address, &six.sin6_addr) == 1);
        bool there = is_four ? rest_for((const struct sockaddr *)&four, sizeof four, &us)
                             : rest_for((const struct sockaddr *)&six, sizeof six, &us);
        print_message("%s: %s\n", rows[i].address, there ? us ? "rests" : "does not rest" : "no way there");
        if (there)
            assert_int_equal(us > 0, rows[i].rests);
    }
}

/* Only what comes over the loopback interface waits with the server. */
static void the_window_of_a_connection(void **state)
{
    (void)state;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    struct ldap_dir d = {.fd = -1, .timeout_s = 5};
    struct fault fault = {{0}};
    char uri[64];
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), octets = 0, usual = 0;
    assert_int_equal(bind(listener, (const struct sockaddr *)&here, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&here, &size), 0);
    snprintf(uri, sizeof uri, "ldap://127.0.0.1:%d", ntohs(here.sin_port));
    assert_int_equal(ldap_open_handle(&d, uri, monotonic_ms() + 5000, &fault), RC_OK);
    assert_int_equal(getsockopt(listener, SOL_SOCKET, SO_RCVBUF, &usual, &(socklen_t){sizeof usual}), 0);
    assert_int_equal(getsockopt(d.fd, SOL_SOCKET, SO_RCVBUF, &octets, &(socklen_t){sizeof octets}), 0);
    print_message("%d octets, usually %d\n", octets, usual);
    assert_int_equal(octets, 2 * LDAP_WINDOW_OCTETS); /* of which the kernel takes half for its own */
    assert_int_equal(d.pace.least_us, ldap_ahead_pace(d.fd).least_us);
    ldap_unbind_ext(d.ld, NULL, NULL);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_of_this_machine),
        cmocka_unit_test(nobody_at_all),
        cmocka_unit_test(the_window_of_a_connection),
        cmocka_unit_test(by_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
