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
    assert_in_range(ldap_ahead_pace(pair[0]).rest_us, 1, 1000);
    assert_in_range(ldap_ahead_pace(pair[0]).long_rest_us, 1, 1000);
    close(pair[0]);
    close(pair[1]);
}

static void nobody_at_all(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(ldap_ahead_pace(fd).rest_us, 0);
    assert_int_equal(ldap_ahead_pace(fd).long_rest_us, 0);
    assert_int_equal(ldap_ahead_pace(-1).rest_us, 0);
    close(fd);
}

/* A datagram socket has a peer without a word to it; false where there is no way there. */
static bool rest_for(const struct sockaddr *address, socklen_t size, unsigned *us)
{
    int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool connected = fd >= 0 && connect(fd, address, size) == 0;
    if (connected)
        *us = ldap_ahead_pace(fd).rest_us;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_of_this_machine),
        cmocka_unit_test(nobody_at_all),
        cmocka_unit_test(by_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
