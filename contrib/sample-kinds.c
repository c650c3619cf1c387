/* SPDX-License-Identifier: Apache-2.0 */
#include "sample-kinds.h"

/* The authority that is configured for version 3 and does not look at its configuration. */
#define LEGACY "Example Legacy CA"

#define CNS(...)                                                                                                       \
    .common_names = {__VA_ARGS__},                                                                                     \
    .common_name_count = sizeof((struct cert_text[]){__VA_ARGS__}) / sizeof(struct cert_text)
#define SANS(...)                                                                                                      \
    .names = {__VA_ARGS__}, .name_count = sizeof((struct cert_name[]){__VA_ARGS__}) / sizeof(struct cert_name)
#define EXTENSIONS(table) .extensions = (table), .extension_count = sizeof(table) / sizeof *(table)

#define GOOD_SERVER    {.there = true, CNS(CERT_CN("^")), SANS(CERT_DNS("^"))}
#define GOOD_PERSON    {.there = true, CNS(CERT_CN("%")), SANS(CERT_EMAIL("~"))}
#define VERSION_1(...) {.there = true, .version = 1, .issuer = LEGACY, __VA_ARGS__}

/* A SEQUENCE that says it is longer than it is. */
static const struct cert_extension undecodable_san[] = {
    {.oid = "2.5.29.17", .value = CERT_OCTETS("\x30\x20\x82\x03www")},
};
/* Beside the one from SANS(). */
static const struct cert_extension second_san[] = {
    {.oid = "2.5.29.17", .value = CERT_OCTETS("\x30\x11\x82\x0fwww.example.org")},
};

const struct sample_kind sample_kinds[] = {
    /* Servers as they should be. */
    {.unit = UNIT_SERVERS, .count = 12, .words = "good: right name in Common Name and subjectAltName",
     .certificates = {GOOD_SERVER}},
    {.unit = UNIT_SERVERS, .count = 3, .words = "good: right name in the Common Name, no subjectAltName",
     .certificates = {{.there = true, CNS(CERT_CN("^"))}}},
    {.unit = UNIT_SERVERS, .count = 2, .words = "good: right name in the subjectAltName, empty subject",
     .certificates = {{.there = true, SANS(CERT_DNS("^"))}}},
    {.unit = UNIT_SERVERS, .count = 2, .words = "good: RSA key",
     .certificates = {{.there = true, .key = CERT_RSA_2048, CNS(CERT_CN("^")), SANS(CERT_DNS("^"))}}},
    {.unit = UNIT_SERVERS, .count = 2, .words = "good: Ed25519 key",
     .certificates = {{.there = true, .key = CERT_ED25519, CNS(CERT_CN("^")), SANS(CERT_DNS("^"))}}},

    /* Odd, but valid. */
    {.unit = UNIT_SERVERS, .count = 2, .words = "odd but valid: host name with a U-label",
     .host = CERT_OCTETS("$.b\xc3\xbc" "cher.example.com"), .right_name = CERT_OCTETS("$.xn--bcher-kva.example.com"),
     .certificates = {GOOD_SERVER}},
    {.unit = UNIT_SERVERS, .count = 2, .words = "odd but valid: IP address as host name", .is_address = true,
     .host = CERT_OCTETS("192.0.2.#"), .certificates = {{.there = true, SANS(CERT_IP("\xc0\x00\x02!"))}}},
    {.unit = UNIT_SERVERS, .count = 1, .words = "odd but valid: host name with a trailing dot",
     .host = CERT_OCTETS("$.example.com."), .certificates = {GOOD_SERVER}},
    {.unit = UNIT_SERVERS, .count = 2, .words = "odd but valid: mixed case",
     .host = CERT_OCTETS("$.Example.COM"), .certificates = {{.there = true, CNS(CERT_CN("$.EXAMPLE.com")),
     SANS(CERT_DNS("$.exAMPLE.com"))}}},
    {.unit = UNIT_SERVERS, .count = 1, .words = "odd but valid: several Common Names, right subjectAltName",
     .certificates = {{.there = true, CNS(CERT_CN("^"), CERT_CN("Mail gateway"), CERT_CN("$")), SANS(CERT_DNS("^"))}}},
    {.unit = UNIT_SERVERS, .count = 1, .words = "odd but valid: Common Name as BMPString, no subjectAltName",
     .right_name = CERT_OCTETS("directory.example.com"), .host = CERT_OCTETS("directory.example.com"),
     .certificates = {{.there = true, CNS({DER_BMP_STRING, CERT_OCTETS("\0d\0i\0r\0e\0c\0t\0o\0r\0y\0.\0e\0x\0a\0m\0p"
                                                                        "\0l\0e\0.\0c\0o\0m")})}}},
    {.unit = UNIT_SERVERS, .count = 1, .words = "odd but valid: serial number of 20 octets",
     .certificates = {{.there = true, .serial = SERIAL_20, CNS(CERT_CN("^")), SANS(CERT_DNS("^"))}}},
    {.unit = UNIT_SERVERS, .count = 1, .words = "odd but valid: subjectAltName of several kinds",
     .certificates = {{.there = true, CNS(CERT_CN("^")), SANS(CERT_EMAIL("hostmaster@example.com"),
     CERT_URI("ldap://^/"), CERT_IP("\xc0\x00\x02!"), CERT_DNS("^"))}}},
    {.unit = UNIT_SERVERS, .count = 1, .words = "odd but valid: a wildcard beside the right name",
     .certificates = {{.there = true, CNS(CERT_CN("^")), SANS(CERT_DNS("*.example.com"), CERT_DNS("^"))}}},
    {.unit = UNIT_SERVERS, .count = 1, .words = "good: first of two hosts, one certificate names both",
     .certificates = {{.there = true, CNS(CERT_CN("^")), SANS(CERT_DNS("^"), CERT_DNS(">"))}}},
    {.unit = UNIT_SERVERS, .count = 1, .words = "good: second of two hosts, one certificate names both",
     .certificates = {{.there = true, .repeat = true}}},
    {.unit = UNIT_SERVERS, .count = 1, .words = "good: an expired certificate beside its successor",
     .certificates = {GOOD_SERVER, {.there = true, .period = PERIOD_OVER, CNS(CERT_CN("^")), SANS(CERT_DNS("^"))}},
     .checks = "expired"},

    /* The authority's fault. */
    {.unit = UNIT_SERVERS, .count = 4, .words = "wrong: version 1, right Common Name",
     .certificates = {VERSION_1(CNS(CERT_CN("^")))}, .checks = "version", .wanted = "reissue-then-revoke"},
    {.unit = UNIT_SERVERS, .count = 1, .words = "wrong: version 1 and the Common Name of another host",
     .certificates = {VERSION_1(CNS(CERT_CN("mail.example.org")))}, .checks = "cn-mismatch,version",
     .wanted = "reissue-then-revoke"},
    {.unit = UNIT_SERVERS, .count = 1, .words = "wrong: version 1, its successor is in place beside it",
     .certificates = {GOOD_SERVER, VERSION_1(CNS(CERT_CN("^")))}, .checks = "version", .wanted = "revoke"},
    {.unit = UNIT_SERVERS, .count = 1, .words = "wrong: the subjectAltName does not decode",
     .certificates = {{.there = true, CNS(CERT_CN("^")), EXTENSIONS(undecodable_san)}},
     .checks = "malformed,san-mismatch", .wanted = "reissue-then-revoke"},
    {.unit = UNIT_SERVERS, .count = 1, .words = "wrong: two subjectAltName extensions",
     .certificates = {{.there = true, CNS(CERT_CN("^")), SANS(CERT_DNS("^")), EXTENSIONS(second_san)}},
     .checks = "malformed,san-mismatch", .wanted = "reissue-then-revoke"},

    /* The name is wrong. */
    {.unit = UNIT_SERVERS, .count = 3, .words = "wrong: the Common Name is not the host name, no subjectAltName",
     .certificates = {{.there = true, CNS(CERT_CN("Mail server of the south branch"))}}, .checks = "cn-mismatch",
     .wanted = "reissue-then-revoke"},
    {.unit = UNIT_SERVERS, .count = 2, .words = "wrong: the host was renamed, the certificate has the old name",
     .certificates = {{.there = true, CNS(CERT_CN("old-$.example.com")), SANS(CERT_DNS("old-$.example.com"))}},
     .checks = "san-mismatch", .wanted = "reissue-then-revoke"},
    {.unit = UNIT_SERVERS, .count = 2, .words = "wrong: right Common Name, the subjectAltName misses the host name",
     .certificates = {{.there = true, CNS(CERT_CN("^")), SANS(CERT_DNS("www.example.com"), CERT_DNS("example.com"))}},
     .checks = "san-mismatch", .wanted = "reissue-then-revoke"},
    {.unit = UNIT_SERVERS, .count = 2, .words = "wrong: only a wildcard names the host, and policy refuses wildcards",
     .certificates = {{.there = true, CNS(CERT_CN("*.example.com")), SANS(CERT_DNS("*.example.com"))}},
     .checks = "san-mismatch", .wanted = "reissue-then-revoke"},
    {.unit = UNIT_SERVERS, .count = 1, .words = "wrong: IP address as host name, written as a dNSName",
     .is_address = true, .host = CERT_OCTETS("192.0.2.#"),
     .certificates = {{.there = true, CNS(CERT_CN("192.0.2.#")), SANS(CERT_DNS("192.0.2.#"))}},
     .checks = "san-mismatch", .wanted = "reissue-then-revoke"},
    {.unit = UNIT_SERVERS, .count = 1, .words = "wrong: IP address as host name, only in the Common Name",
     .is_address = true, .host = CERT_OCTETS("192.0.2.#"),
     .certificates = {{.there = true, CNS(CERT_CN("192.0.2.#"))}}, .checks = "cn-mismatch",
     .wanted = "reissue-then-revoke"},
    {.unit = UNIT_SERVERS, .count = 1, .words = "wrong: a NUL in the Common Name hides another domain",
     .certificates = {{.there = true, CNS(CERT_CN("^\0.evil.example.org"))}}, .checks = "cn-mismatch",
     .wanted = "reissue-then-revoke"},
    {.unit = UNIT_SERVERS, .count = 1, .words = "wrong: a NUL in the dNSName hides another domain",
     .certificates = {{.there = true, CNS(CERT_CN("^")), SANS(CERT_DNS("^\0.evil.example.org"))}},
     .checks = "san-mismatch", .wanted = "reissue-then-revoke"},
    {.unit = UNIT_SERVERS, .count = 1, .words = "wrong: the old name's certificate beside its successor",
     .certificates = {GOOD_SERVER, {.there = true, CNS(CERT_CN("old-$.example.com"))}}, .checks = "cn-mismatch",
     .wanted = "revoke"},
    {.unit = UNIT_SERVERS, .count = 1, .words = "good: a host whose certificate was copied to its neighbour",
     .certificates = {GOOD_SERVER}},
    {.unit = UNIT_SERVERS, .count = 1, .words = "wrong: the certificate of its neighbour",
     .certificates = {{.there = true, .repeat = true}}, .checks = "san-mismatch", .wanted = "reissue-then-revoke"},

    /* Time, and nothing at all. */
    {.unit = UNIT_SERVERS, .count = 3, .words = "wrong: expired",
     .certificates = {{.there = true, .period = PERIOD_OVER, CNS(CERT_CN("^")), SANS(CERT_DNS("^"))}},
     .checks = "expired", .wanted = "reissue"},
    {.unit = UNIT_SERVERS, .count = 1, .words = "wrong: not yet valid",
     .certificates = {{.there = true, .period = PERIOD_TO_COME, CNS(CERT_CN("^")), SANS(CERT_DNS("^"))}},
     .checks = "not-yet-valid"},
    {.unit = UNIT_SERVERS, .count = 2, .words = "wrong: no certificate", .checks = "missing"},

    /* People. */
    {.unit = UNIT_PEOPLE, .count = 150, .words = "good: version 3", .certificates = {GOOD_PERSON}},
    {.unit = UNIT_PEOPLE, .count = 2, .words = "good: RSA key",
     .certificates = {{.there = true, .key = CERT_RSA_2048, CNS(CERT_CN("%")), SANS(CERT_EMAIL("~"))}}},
    {.unit = UNIT_PEOPLE, .count = 8, .words = "good: two certificates", .certificates = {GOOD_PERSON, GOOD_PERSON}},
    {.unit = UNIT_PEOPLE, .count = 10, .words = "good: no certificate, and policy asks for none"},
    {.unit = UNIT_PEOPLE, .count = 12, .words = "wrong: version 1", .certificates = {VERSION_1(CNS(CERT_CN("%")))},
     .checks = "version", .wanted = "reissue"},
    {.unit = UNIT_PEOPLE, .count = 2, .words = "wrong: version 2",
     .certificates = {{.there = true, .version = 2, .issuer = LEGACY, CNS(CERT_CN("%"))}}, .checks = "version",
     .wanted = "reissue"},
    {.unit = UNIT_PEOPLE, .count = 2, .words = "wrong: version 1 and expired",
     .certificates = {VERSION_1(.period = PERIOD_OVER, CNS(CERT_CN("%")))}, .checks = "expired,version",
     .wanted = "reissue"},
    {.unit = UNIT_PEOPLE, .count = 4, .words = "wrong: version 1, its successor is in place beside it",
     .certificates = {GOOD_PERSON, VERSION_1(CNS(CERT_CN("%")))}, .checks = "version"},
    {.unit = UNIT_PEOPLE, .count = 8, .words = "wrong: expired",
     .certificates = {{.there = true, .period = PERIOD_OVER, CNS(CERT_CN("%")), SANS(CERT_EMAIL("~"))}},
     .checks = "expired"},
    {.unit = UNIT_PEOPLE, .count = 4, .words = "good: an expired certificate beside its successor",
     .certificates = {GOOD_PERSON, {.there = true, .period = PERIOD_OVER, CNS(CERT_CN("%")), SANS(CERT_EMAIL("~"))}},
     .checks = "expired"},

    /* Partners: the audit policy looks at them and nothing is written. */
    {.unit = UNIT_PARTNERS, .count = 5, .words = "good: version 3", .certificates = {GOOD_PERSON}},
    {.unit = UNIT_PARTNERS, .count = 3, .words = "wrong: version 1", .certificates = {VERSION_1(CNS(CERT_CN("%")))},
     .checks = "version"},
};

const size_t sample_kind_count = sizeof sample_kinds / sizeof *sample_kinds;
