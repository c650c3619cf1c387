/* SPDX-License-Identifier: Apache-2.0 */
/* Checks: one named row for each outcome that is documented, and OpenSSL's answers where its rules are the same. */
#include "base/gentime.h"
#include "core/policy.h"
#include "support/derbuild.h"
#include "x509/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/x509v3.h>

#include <cmocka.h>

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))

enum san_form { SAN_AS_LISTED, SAN_BROKEN, SAN_TWICE, SAN_EMPTY };
enum { TAG_EMAIL = 0x81, TAG_DNS = 0x82, TAG_URI = 0x86, TAG_IP = 0x87 };

struct name {
    uint8_t tag; /* of a Common Name: its string type; of an alternative name: its context tag; 0: no more */
    struct slice octets;
};
#define CN(text)  {DER_UTF8_STRING, SLICE_LITERAL(text)}
#define DNS(text) {TAG_DNS, SLICE_LITERAL(text)}

struct row {
    const char *name;
    struct policy policy;
    const char *hosts[3];
    uint8_t version; /* 0: 3 */
    bool with_extensions; /* also in version 1 or 2 */
    struct name cns[3];
    struct name sans[4]; /* none: no such extension */
    enum san_form form;
    const char *now;      /* NULL: in the middle of its life, which is 2024-01-01 to 2034-01-01 */
    const char *findings; /* "!" behind a name: only reported; "?": undecided */
    const char *detail;   /* of the last finding; NULL: not looked at */
};

#define V(v)       (1U << (v))
#define ALLOW(v)   .policy = {.allowed_versions = (v)}
#define RULE(r)    .policy = {.name_match = (r)}
#define RULE_W(r)  .policy = {.name_match = (r), .wildcard = true}
#define H1         .hosts = {"h1.example.com"}
#define ADDRESS    .hosts = {"192.0.2.1"}
#define IPV4       {TAG_IP, SLICE_LITERAL("\xc0\x00\x02\x01")}

static const struct row rows[] = {
    /* What is always on, and what is not. */
    {"nothing stated: a good certificate", .hosts = {"h1.example.com"}, .cns = {CN("h1.example.com")}, .findings = ""},
    {"nothing stated: a wrong name is nobody's concern", H1, .cns = {CN("other.example")}, .findings = ""},
    {"nothing stated: version 1 is nobody's concern", H1, .version = 1, .cns = {CN("x")}, .findings = ""},
    {"nothing stated: no host name is nobody's concern", .cns = {CN("x")}, .findings = ""},
    {"nothing stated: malformed", H1, .cns = {CN("x")}, .form = SAN_BROKEN, .findings = "malformed",
     .detail = "RFC 5280"},
    {"name rule none: a wrong name", RULE(MATCH_NONE), H1, .cns = {CN("x")}, .sans = {DNS("y")}, .findings = ""},

    /* Validity. */
    {"one second before notBefore", H1, .cns = {CN("x")}, .now = "20231231235959Z", .findings = "not-yet-valid",
     .detail = "notBefore 20240101000000Z"},
    {"at notBefore", H1, .cns = {CN("x")}, .now = "20240101000000Z", .findings = ""},
    {"at notAfter, which still is within", H1, .cns = {CN("x")}, .now = "20340101000000Z", .findings = ""},
    {"one second after notAfter", H1, .cns = {CN("x")}, .now = "20340101000001Z", .findings = "expired",
     .detail = "notAfter 20340101000000Z"},
    {"long after notAfter", H1, .cns = {CN("x")}, .now = "20990101000000Z", .findings = "expired"},

    /* Versions. */
    {"version 3 where 3 is allowed", ALLOW(V(3)), H1, .cns = {CN("x")}, .findings = ""},
    {"version 1 where 3 is allowed", ALLOW(V(3)), H1, .version = 1, .cns = {CN("x")}, .findings = "version",
     .detail = "version 1, policy allows 3"},
    {"version 2 where 3 is allowed", ALLOW(V(3)), H1, .version = 2, .cns = {CN("x")}, .findings = "version",
     .detail = "version 2, policy allows 3"},
    {"version 1 where 1 and 3 are allowed", ALLOW(V(1) | V(3)), H1, .version = 1, .cns = {CN("x")}, .findings = ""},
    {"version 2 where 1 and 3 are allowed", ALLOW(V(1) | V(3)), H1, .version = 2, .cns = {CN("x")},
     .findings = "version", .detail = "version 2, policy allows 1, 3"},
    {"version 2 where 2 is allowed", ALLOW(V(2)), H1, .version = 2, .cns = {CN("x")}, .findings = ""},
    {"version 3 where 1 is allowed", ALLOW(V(1)), H1, .cns = {CN("x")}, .findings = "version",
     .detail = "version 3, policy allows 1"},
    {"version 4, which does not exist", ALLOW(V(3)), H1, .version = 4, .cns = {CN("x")}, .findings = "malformed"},
    {"version 1 with extensions", ALLOW(V(3)), H1, .version = 1, .with_extensions = true, .cns = {CN("x")},
     .sans = {DNS("h1.example.com")}, .findings = "malformed version"},
    {"version 1, expired", ALLOW(V(3)), H1, .version = 1, .cns = {CN("x")}, .now = "20400101000000Z",
     .findings = "version expired"},
    {"version 1 hides that there is no SAN",
     .policy = {.allowed_versions = V(3), .name_match = MATCH_SAN}, H1, .version = 1, .cns = {CN("h1.example.com")},
     .findings = "version"},
    {"version 1 does not hide a wrong Common Name",
     .policy = {.allowed_versions = V(3), .name_match = MATCH_CN_OR_SAN}, H1, .version = 1, .cns = {CN("x")},
     .findings = "version cn-mismatch"},
    {"version 1 that is allowed hides nothing",
     .policy = {.allowed_versions = V(1), .name_match = MATCH_SAN}, H1, .version = 1, .cns = {CN("h1.example.com")},
     .findings = "san-mismatch"},

    /* The Common Name. */
    {"cn: the host name", RULE(MATCH_CN), H1, .cns = {CN("h1.example.com")}, .findings = ""},
    {"cn: in another case", RULE(MATCH_CN), H1, .cns = {CN("H1.EXAMPLE.com")}, .findings = ""},
    {"cn: another name", RULE(MATCH_CN), H1, .cns = {CN("h2.example.com")}, .findings = "cn-mismatch",
     .detail = "Common Name \"h2.example.com\" is not a host name of the entry (h1.example.com)"},
    {"cn: the first label alone", RULE(MATCH_CN), H1, .cns = {CN("h1")}, .findings = "cn-mismatch"},
    {"cn: the SAN is not looked at", RULE(MATCH_CN), H1, .cns = {CN("h1.example.com")}, .sans = {DNS("x.example")},
     .findings = ""},
    {"cn: a right SAN does not help", RULE(MATCH_CN), H1, .cns = {CN("x")}, .sans = {DNS("h1.example.com")},
     .findings = "cn-mismatch"},
    {"cn: none", RULE(MATCH_CN), H1, .sans = {DNS("h1.example.com")}, .findings = "cn-mismatch",
     .detail = "no Common Name"},
    {"cn: one of two host names", RULE(MATCH_CN), .hosts = {"h0.example.com", "h1.example.com"},
     .cns = {CN("h1.example.com")}, .findings = ""},
    {"cn: twice the host name", RULE(MATCH_CN), H1, .cns = {CN("h1.example.com"), CN("h1.example.com")},
     .findings = ""},
    {"cn: two, both host names", RULE(MATCH_CN), .hosts = {"h1.example.com", "h2.example.com"},
     .cns = {CN("h2.example.com"), CN("h1.example.com")}, .findings = ""},
    {"cn: two, the first wrong", RULE(MATCH_CN), H1, .cns = {CN("x.example"), CN("h1.example.com")},
     .findings = "cn-mismatch", .detail = "\"x.example\""},
    {"cn: two, the last wrong", RULE(MATCH_CN), H1, .cns = {CN("h1.example.com"), CN("x.example")},
     .findings = "cn-mismatch", .detail = "\"x.example\""},
    {"cn: NUL and more", RULE(MATCH_CN), H1, .cns = {CN("h1.example.com\0.evil.example")}, .findings = "cn-mismatch",
     .detail = "h1.example.com\\00.evil.example"},
    {"cn: NUL at the end", RULE(MATCH_CN), H1, .cns = {CN("h1.example.com\0")}, .findings = "cn-mismatch"},
    {"cn: a newline at the end", RULE(MATCH_CN), H1, .cns = {CN("h1.example.com\n")}, .findings = "cn-mismatch",
     .detail = "h1.example.com\\0a"},
    {"cn: an escape sequence", RULE(MATCH_CN), H1, .cns = {CN("\x1b[2Jh1.example.com")}, .findings = "cn-mismatch",
     .detail = "\\1b[2J"},
    {"cn: a blank at the end", RULE(MATCH_CN), H1, .cns = {CN("h1.example.com ")}, .findings = "cn-mismatch"},
    {"cn: empty", RULE(MATCH_CN), H1, .cns = {CN("")}, .findings = "cn-mismatch"},
    {"cn: a trailing dot", RULE(MATCH_CN), H1, .cns = {CN("h1.example.com.")}, .findings = "cn-mismatch"},
    {"cn: a trailing dot of the host name", RULE(MATCH_CN), .hosts = {"h1.example.com."}, .cns = {CN("h1.example.com")},
     .findings = ""},
    {"cn: a PrintableString", RULE(MATCH_CN), H1, .cns = {{DER_PRINTABLE_STRING, S("h1.example.com")}}, .findings = ""},
    {"cn: a TeletexString", RULE(MATCH_CN), H1, .cns = {{DER_TELETEX_STRING, S("h1.example.com")}}, .findings = ""},
    {"cn: an IA5String", RULE(MATCH_CN), H1, .cns = {{DER_IA5_STRING, S("h1.example.com")}}, .findings = ""},
    {"cn: a BMPString", RULE(MATCH_CN), .hosts = {"h1.x"}, .cns = {{DER_BMP_STRING, S("\0h\0" "1\0.\0x")}},
     .findings = ""},
    {"cn: a BMPString of another name", RULE(MATCH_CN), .hosts = {"h1.x"},
     .cns = {{DER_BMP_STRING, S("\0h\0" "2\0.\0x")}}, .findings = "cn-mismatch"},
    {"cn: a BMPString whose octets look right", RULE(MATCH_CN), H1, .cns = {{DER_BMP_STRING, S("h1.example.com")}},
     .findings = "cn-mismatch"},
    {"cn: a BMPString of odd length", RULE(MATCH_CN), .hosts = {"h1.x"},
     .cns = {{DER_BMP_STRING, S("\0h\0" "1\0.\0x\0")}}, .findings = "malformed", .detail = "not a Name"},
    {"cn: broken UTF-8", RULE(MATCH_CN), H1, .cns = {CN("h1.example.com\xff")}, .findings = "malformed cn-mismatch"},
    {"cn: U-labels", RULE(MATCH_CN), .hosts = {"b\xc3\xbc" "cher.example"}, .cns = {CN("b\xc3\xbc" "cher.example")},
     .findings = ""},
    {"cn: A-labels for U-labels", RULE(MATCH_CN), .hosts = {"b\xc3\xbc" "cher.example"},
     .cns = {CN("xn--bcher-kva.example")}, .findings = ""},
    {"cn: U-labels for A-labels", RULE(MATCH_CN), .hosts = {"xn--bcher-kva.example"},
     .cns = {CN("B\xc3\x9c" "CHER.example")}, .findings = ""},
    {"cn: other U-labels", RULE(MATCH_CN), .hosts = {"b\xc3\xbc" "cher.example"},
     .cns = {CN("b\xc3\xb6" "cher.example")},
     .findings = "cn-mismatch"},
    {"cn: U-labels and NUL", RULE(MATCH_CN), .hosts = {"b\xc3\xbc" "cher.example"},
     .cns = {CN("b\xc3\xbc" "cher.example\0.evil")}, .findings = "cn-mismatch"},
    {"cn: a wildcard where refused", RULE(MATCH_CN), H1, .cns = {CN("*.example.com")}, .findings = "cn-mismatch"},
    {"cn: a wildcard where allowed", RULE_W(MATCH_CN), H1, .cns = {CN("*.example.com")}, .findings = ""},
    {"cn: a partial wildcard where allowed", RULE_W(MATCH_CN), H1, .cns = {CN("h*.example.com")},
     .findings = "cn-mismatch"},
    {"cn: no host name", RULE(MATCH_CN), .cns = {CN("h1.example.com")}, .findings = "cn-mismatch?",
     .detail = "may not read it"},
    {"cn: an address as text", RULE(MATCH_CN), ADDRESS, .cns = {CN("192.0.2.1")}, .findings = "cn-mismatch"},
    {"cn: a host name that is none", RULE(MATCH_CN), .hosts = {"not a host"}, .cns = {CN("not a host")},
     .findings = "cn-mismatch!"},
    {"cn: a right and an invalid host name", RULE(MATCH_CN), .hosts = {"not a host", "h1.example.com"},
     .cns = {CN("h1.example.com")}, .findings = ""},
    {"cn: a wrong name beside an invalid host name", RULE(MATCH_CN), .hosts = {"not a host", "h1.example.com"},
     .cns = {CN("x.example")}, .findings = "cn-mismatch!"},

    /* The subjectAltName. */
    {"san: the host name", RULE(MATCH_SAN), H1, .cns = {CN("x")}, .sans = {DNS("h1.example.com")}, .findings = ""},
    {"san: in another case", RULE(MATCH_SAN), H1, .sans = {DNS("H1.Example.COM")}, .findings = ""},
    {"san: the last of three", RULE(MATCH_SAN), H1, .sans = {DNS("a.example"), DNS("b.example"), DNS("h1.example.com")},
     .findings = ""},
    {"san: another name", RULE(MATCH_SAN), H1, .cns = {CN("h1.example.com")}, .sans = {DNS("h2.example.com")},
     .findings = "san-mismatch", .detail = "no dNSName covers h1.example.com (presented: h2.example.com)"},
    {"san: absent", RULE(MATCH_SAN), H1, .cns = {CN("h1.example.com")}, .findings = "san-mismatch",
     .detail = "no subjectAltName"},
    {"san: only an e-mail address", RULE(MATCH_SAN), H1, .cns = {CN("h1.example.com")},
     .sans = {{TAG_EMAIL, S("h1.example.com")}}, .findings = "san-mismatch", .detail = "(presented: none)"},
    {"san: only a URI", RULE(MATCH_SAN), H1, .sans = {{TAG_URI, S("https://h1.example.com/")}},
     .findings = "san-mismatch"},
    {"san: both host names", RULE(MATCH_SAN), .hosts = {"h1.example.com", "h2.example.com"},
     .sans = {DNS("h2.example.com"), DNS("h1.example.com")}, .findings = ""},
    {"san: one of two host names", RULE(MATCH_SAN), .hosts = {"h1.example.com", "h2.example.com"},
     .sans = {DNS("h1.example.com")}, .findings = "san-mismatch", .detail = "covers h2.example.com"},
    {"san: NUL and more", RULE(MATCH_SAN), H1, .sans = {DNS("h1.example.com\0.evil.example")},
     .findings = "san-mismatch", .detail = "h1.example.com\\00.evil.example"},
    {"san: NUL at the end", RULE(MATCH_SAN), H1, .sans = {DNS("h1.example.com\0")}, .findings = "san-mismatch"},
    {"san: a newline", RULE(MATCH_SAN), H1, .sans = {DNS("h1.example.com\n")}, .findings = "san-mismatch",
     .detail = "\\0a"},
    {"san: a trailing dot", RULE(MATCH_SAN), H1, .sans = {DNS("h1.example.com.")}, .findings = "san-mismatch"},
    {"san: a trailing dot of the host name", RULE(MATCH_SAN), .hosts = {"h1.example.com."},
     .sans = {DNS("h1.example.com")},
     .findings = ""},
    {"san: empty dNSName", RULE(MATCH_SAN), H1, .sans = {DNS("")}, .findings = "san-mismatch"},
    {"san: does not decode", RULE(MATCH_SAN), H1, .cns = {CN("h1.example.com")}, .form = SAN_BROKEN,
     .findings = "malformed san-mismatch", .detail = "does not decode"},
    {"san: twice", RULE(MATCH_SAN), H1, .cns = {CN("h1.example.com")}, .sans = {DNS("h1.example.com")},
     .form = SAN_TWICE,
     .findings = "malformed san-mismatch", .detail = "two subjectAltName extensions"},
    {"san: no names in it", RULE(MATCH_SAN), H1, .cns = {CN("h1.example.com")}, .form = SAN_EMPTY,
     .findings = "malformed san-mismatch"},
    {"san: A-labels for U-labels", RULE(MATCH_SAN), .hosts = {"b\xc3\xbc" "cher.example"},
     .sans = {DNS("xn--bcher-kva.example")}, .findings = ""},
    {"san: U-labels as octets", RULE(MATCH_SAN), .hosts = {"b\xc3\xbc" "cher.example"},
     .sans = {DNS("b\xc3\xbc" "cher.example")}, .findings = "malformed san-mismatch"},
    {"san: a wildcard where refused", RULE(MATCH_SAN), H1, .sans = {DNS("*.example.com")}, .findings = "san-mismatch"},
    {"san: a wildcard where allowed", RULE_W(MATCH_SAN), H1, .sans = {DNS("*.example.com")}, .findings = ""},
    {"san: a wildcard over two labels", RULE_W(MATCH_SAN), .hosts = {"a.h1.example.com"},
     .sans = {DNS("*.example.com")},
     .findings = "san-mismatch"},
    {"san: a wildcard over no label", RULE_W(MATCH_SAN), .hosts = {"example.com"}, .sans = {DNS("*.example.com")},
     .findings = "san-mismatch"},
    {"san: a partial wildcard", RULE_W(MATCH_SAN), H1, .sans = {DNS("h*.example.com")}, .findings = "san-mismatch"},
    {"san: a wildcard not left-most", RULE_W(MATCH_SAN), H1, .sans = {DNS("h1.*.com")}, .findings = "san-mismatch"},
    {"san: a wildcard alone", RULE_W(MATCH_SAN), .hosts = {"localhost"}, .sans = {DNS("*")},
     .findings = "san-mismatch"},
    {"san: no host name", RULE(MATCH_SAN), .sans = {DNS("h1.example.com")}, .findings = "san-mismatch?",
     .detail = "may not read it"},
    {"san: no host name and broken", RULE(MATCH_SAN), .form = SAN_BROKEN, .findings = "malformed san-mismatch?"},
    {"san: an address as iPAddress", RULE(MATCH_SAN), ADDRESS, .sans = {IPV4}, .findings = ""},
    {"san: an address as dNSName", RULE(MATCH_SAN), ADDRESS, .sans = {DNS("192.0.2.1")}, .findings = "san-mismatch",
     .detail = "no iPAddress covers 192.0.2.1"},
    {"san: another address", RULE(MATCH_SAN), .hosts = {"192.0.2.2"}, .sans = {IPV4}, .findings = "san-mismatch"},
    {"san: an address of 16 octets", RULE(MATCH_SAN), .hosts = {"2001:db8::1"},
     .sans = {{TAG_IP, S("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01")}}, .findings = ""},
    {"san: an address with its mask", RULE(MATCH_SAN), ADDRESS, .sans = {{TAG_IP,
     S("\xc0\x00\x02\x01\xff\xff\xff\xff")}},
     .findings = "san-mismatch"},
    {"san: an address and a wildcard", RULE_W(MATCH_SAN), ADDRESS, .sans = {DNS("*.0.2.1")},
     .findings = "san-mismatch"},
    {"san: a name and an address", RULE(MATCH_SAN), .hosts = {"h1.example.com", "192.0.2.1"},
     .sans = {DNS("h1.example.com"), IPV4}, .findings = ""},
    {"san: a host name that is none", RULE(MATCH_SAN), .hosts = {"not a host"}, .sans = {DNS("h1.example.com")},
     .findings = "san-mismatch!"},
    {"san: a right and an invalid host name", RULE(MATCH_SAN), .hosts = {"h1.example.com", "a..b"},
     .sans = {DNS("h1.example.com")}, .findings = "san-mismatch!"},

    /* Both. */
    {"cn-and-san: both right", RULE(MATCH_CN_AND_SAN), H1, .cns = {CN("h1.example.com")},
     .sans = {DNS("h1.example.com")}, .findings = ""},
    {"cn-and-san: no Common Name", RULE(MATCH_CN_AND_SAN), H1, .sans = {DNS("h1.example.com")}, .findings = ""},
    {"cn-and-san: a wrong Common Name", RULE(MATCH_CN_AND_SAN), H1, .cns = {CN("x")}, .sans = {DNS("h1.example.com")},
     .findings = "cn-mismatch"},
    {"cn-and-san: a wrong SAN", RULE(MATCH_CN_AND_SAN), H1, .cns = {CN("h1.example.com")}, .sans = {DNS("x.example")},
     .findings = "san-mismatch"},
    {"cn-and-san: no SAN", RULE(MATCH_CN_AND_SAN), H1, .cns = {CN("h1.example.com")}, .findings = "san-mismatch"},
    {"cn-and-san: both wrong", RULE(MATCH_CN_AND_SAN), H1, .cns = {CN("x")}, .sans = {DNS("x.example")},
     .findings = "cn-mismatch san-mismatch"},
    {"cn-and-san: a SAN that does not decode", RULE(MATCH_CN_AND_SAN), H1, .cns = {CN("h1.example.com")},
     .form = SAN_BROKEN, .findings = "malformed san-mismatch"},
    {"cn-and-san: no host name", RULE(MATCH_CN_AND_SAN), .cns = {CN("x")}, .sans = {DNS("x.example")},
     .findings = "cn-mismatch? san-mismatch?"},

    /* Either. */
    {"cn-or-san: a right SAN and a wrong Common Name", RULE(MATCH_CN_OR_SAN), H1, .cns = {CN("x")},
     .sans = {DNS("h1.example.com")}, .findings = ""},
    {"cn-or-san: a wrong SAN and a right Common Name", RULE(MATCH_CN_OR_SAN), H1, .cns = {CN("h1.example.com")},
     .sans = {DNS("x.example")}, .findings = "san-mismatch"},
    {"cn-or-san: no SAN and a right Common Name", RULE(MATCH_CN_OR_SAN), H1, .cns = {CN("h1.example.com")},
     .findings = ""},
    {"cn-or-san: no SAN and a wrong Common Name", RULE(MATCH_CN_OR_SAN), H1, .cns = {CN("x")},
     .findings = "cn-mismatch"},
    {"cn-or-san: neither", RULE(MATCH_CN_OR_SAN), H1, .findings = "cn-mismatch", .detail = "no Common Name"},
    {"cn-or-san: an e-mail address does not decide", RULE(MATCH_CN_OR_SAN), H1, .cns = {CN("h1.example.com")},
     .sans = {{TAG_EMAIL, S("a@example.com")}}, .findings = ""},
    {"cn-or-san: an iPAddress decides", RULE(MATCH_CN_OR_SAN), H1, .cns = {CN("h1.example.com")}, .sans = {IPV4},
     .findings = "san-mismatch"},
    {"cn-or-san: a URI decides", RULE(MATCH_CN_OR_SAN), H1, .cns = {CN("h1.example.com")},
     .sans = {{TAG_URI, S("https://x/")}}, .findings = "san-mismatch"},
    {"cn-or-san: a SAN that does not decode never yields", RULE(MATCH_CN_OR_SAN), H1, .cns = {CN("h1.example.com")},
     .form = SAN_BROKEN, .findings = "malformed san-mismatch"},
    {"cn-or-san: a SAN that does not decode leaves the Common Name aside", RULE(MATCH_CN_OR_SAN), H1, .cns = {CN("x")},
     .form = SAN_BROKEN, .findings = "malformed san-mismatch"},
    {"cn-or-san: a SAN that is there twice never yields", RULE(MATCH_CN_OR_SAN), H1, .cns = {CN("h1.example.com")},
     .sans = {{TAG_EMAIL, S("a@example.com")}}, .form = SAN_TWICE, .findings = "malformed san-mismatch"},
    {"cn-or-san: an address in the Common Name", RULE(MATCH_CN_OR_SAN), ADDRESS, .cns = {CN("192.0.2.1")},
     .findings = "cn-mismatch"},
    {"cn-or-san: no host name, no SAN", RULE(MATCH_CN_OR_SAN), .cns = {CN("x")}, .findings = "cn-mismatch?"},
    {"cn-or-san: no host name, a SAN", RULE(MATCH_CN_OR_SAN), .sans = {DNS("x.example")}, .findings = "san-mismatch?"},
};

/* Certificates. */

static struct slice subject_of(struct arena *a, const struct name cns[3])
{
    struct slice rdns[3], organisation = der_attribute(a, 10, DER_UTF8_STRING, S("Example"));
    size_t n = 0;
    for (; n < 3 && cns[n].tag; n++)
        rdns[n] = DER(a, DER_SET, der_attribute(a, 3, cns[n].tag, cns[n].octets));
    return n ? der_build(a, DER_SEQUENCE, n, rdns) : DER(a, DER_SEQUENCE, DER(a, DER_SET, organisation));
}

static struct slice extensions_of(struct arena *a, const struct row *row)
{
    struct slice names[4], none = {NULL, 0};
    size_t n = 0;
    for (; n < COUNT(names) && row->sans[n].tag; n++)
        names[n] = DER(a, row->sans[n].tag, row->sans[n].octets);
    if (row->form == SAN_BROKEN)
        return der_extension(a, 17, none, DER(a, DER_SEQUENCE, DER_TEXT(a, TAG_DNS, "h1.example.com"), S("\x82\x7f")));
    if (row->form == SAN_EMPTY)
        return der_extension(a, 17, none, DER_EMPTY(a, DER_SEQUENCE));
    if (n == 0)
        return der_extension(a, 15, none, DER(a, DER_BIT_STRING, S("\x05\xa0")));
    struct slice san = der_extension(a, 17, none, der_build(a, DER_SEQUENCE, n, names));
    return row->form == SAN_TWICE ? DER_JOIN(a, san, san) : san;
}

static struct slice certificate_of(struct arena *a, const struct row *row)
{
    struct recipe r;
    recipe_everyday(a, &r);
    uint8_t version = row->version ? row->version : 3;
    r.version = version == 1 ? (struct slice){NULL, 0} : DER(a, 0xa0, DER(a, DER_INTEGER,
        DER_OCTETS((uint8_t)(version - 1))));
    r.subject = subject_of(a, row->cns);
    r.extensions = version >= 3 || row->with_extensions ? extensions_of(a, row) : (struct slice){NULL, 0};
    return recipe_build(a, &r);
}

static int64_t now_of(const char *text)
{
    int64_t at_utc = 0;
    assert_true(gentime_read(slice_of(text ? text : "20290615120000Z"), &at_utc));
    return at_utc;
}

static struct slice show(struct arena *a, const struct finding *findings, size_t count)
{
    struct slice all = S("");
    for (size_t i = 0; i < count; i++)
        all = arena_format(a, "%.*s%s%s%s", SLICE_ARGS(all), i ? " " : "", check_get(findings[i].check)->name,
                           findings[i].undecided ? "?" : findings[i].report_only ? "!" : "");
    return all;
}

static void assert_printable(const struct finding *f)
{
    assert_true(f->detail.n > 0);
    for (size_t i = 0; i < f->detail.n; i++)
        assert_true(f->detail.p[i] >= 0x20 && f->detail.p[i] != 0x7f);
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct arena a = {0};
    struct host hosts[3];
    struct facts f;
    struct check_input in = {.policy = &row->policy, .hosts = hosts, .facts = &f, .now_utc = now_of(row->now)};
    while (in.host_count < 3 && row->hosts[in.host_count]) {
        hosts[in.host_count] = host_compile(&a, slice_of(row->hosts[in.host_count]));
        in.host_count++;
    }
    in.der = certificate_of(&a, row);
    facts_read(in.der, &f);
    struct finding findings[FINDINGS_MAX], again[FINDINGS_MAX];
    size_t count = check_run(&a, &in, findings);
    struct slice shown = show(&a, findings, count);
    if (!slice_eq(shown, slice_of(row->findings)))
        fail_msg("found \"%.*s\" (%s)", SLICE_ARGS(shown), f.malformed ? f.malformed : "well-formed");
    if (row->detail && !memmem(findings[count - 1].detail.p, findings[count - 1].detail.n, row->detail,
        strlen(row->detail)))
        fail_msg("%.*s", SLICE_ARGS(findings[count - 1].detail));
    in.now_utc++; /* no running quantities: a second later the details are the same */
    size_t later = check_run(&a, &in, again);
    for (size_t i = 0; i < count; i++) {
        assert_printable(&findings[i]);
        if (later == count)
            assert_true(slice_eq(findings[i].detail, again[i].detail));
    }
    arena_free(&a);
}

/* What is no certificate at all. */
static void not_readable(void **state)
{
    (void)state;
    static const struct slice values[] = {S(""), S("x"), S("\x30\x80\0\0"), S("-----BEGIN CERTIFICATE-----\n")};
    const struct policy p = {.allowed_versions = V(3), .name_match = MATCH_CN_AND_SAN};
    for (size_t i = 0; i < COUNT(values); i++) {
        struct arena a = {0};
        struct facts f;
        facts_read(values[i], &f);
        struct check_input in = {.policy = &p, .der = values[i], .facts = &f, .now_utc = now_of(NULL)};
        struct finding findings[FINDINGS_MAX];
        size_t count = check_run(&a, &in, findings);
        struct slice shown = show(&a, findings, count);
        assert_true(slice_eq(shown, S("malformed")));
        arena_free(&a);
    }
}

/* An entry without a certificate: only with evidence, and only where policy names the check. */
static void missing_needs_evidence(void **state)
{
    (void)state;
    struct arena a = {0};
    struct policy silent = {.mode = MODE_ENFORCE, .allowed_versions = V(3)}, asks = silent;
    asks.on_finding[CHECK_MISSING].stated = true;
    struct finding findings[FINDINGS_MAX];
    struct check_input in = {.policy = &asks, .shows_no_certificate = false};
    assert_int_equal(check_run(&a, &in, findings), 0);
    in.shows_no_certificate = true;
    assert_int_equal(check_run(&a, &in, findings), 1);
    assert_int_equal(findings[0].check, CHECK_MISSING);
    assert_printable(&findings[0]);
    in.policy = &silent;
    assert_int_equal(check_run(&a, &in, findings), 0);
    arena_free(&a);
}

/* Names against OpenSSL, over all that both judge by the same rules: dNSNames alone, or one Common Name alone. */

static const char *const oracle_hosts[] = {"h1.example.com", "H1.Example.Com", "example.com", "a.h1.example.com", "h1",
                                           "xn--bcher-kva.example.com", "h_1.example.com", "h1.example.org"};
static const struct slice oracle_names[] = {
    S("h1.example.com"),  S("H1.EXAMPLE.COM"),   S("*.example.com"),    S("*.EXAMPLE.com"),     S("*.h1.example.com"),
    S("h*.example.com"),  S("*1.example.com"),   S("h1.*.com"),         S("*.*.com"),           S("*"),
    S("h1.example.com."), S(".example.com"),     S("h1.example.com\0"), S("h1.example.com\0.x"), S("h1.example.comx"),
    S("example.com"),     S("h1"),               S("xn--bcher-kva.example.com"), S("xn--*.example.com"), S(""),
    S("h_1.example.com"), S("*.example.com\0"),  S("**.example.com"),   S("*.example.org"),     S("h1.example.co"),
};

static bool ours(struct arena *a, const struct facts *f, struct slice der, const char *host, enum name_match rule,
    bool wildcard)
{
    const struct policy p = {.name_match = rule, .wildcard = wildcard};
    struct host h = host_compile(a, slice_of(host));
    struct check_input in = {.policy = &p, .hosts = &h, .host_count = 1, .der = der, .facts = f,
        .now_utc = now_of(NULL)};
    struct finding findings[FINDINGS_MAX];
    size_t count = check_run(a, &in, findings);
    for (size_t i = 0; i < count; i++)
        if (findings[i].check != CHECK_MALFORMED)
            return false;
    return true;
}

static unsigned compare_with_openssl(struct slice name, bool in_san)
{
    struct arena a = {0};
    struct row row = {.cns = {{DER_UTF8_STRING, in_san ? S("elsewhere.example.net") : name}}};
    row.sans[0] = in_san ? (struct name){TAG_DNS, name} : (struct name){0, S("")};
    struct slice der = certificate_of(&a, &row);
    const uint8_t *p = der.p;
    struct facts f;
    facts_read(der, &f);
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    assert_non_null(x);
    unsigned differences = 0;
    for (size_t i = 0; i < 2 * COUNT(oracle_hosts); i++) {
        const char *host = oracle_hosts[i / 2];
        bool wildcard = i % 2;
        if (wildcard && strchr(host, '_')) /* "*" for a label with an underscore: only we let it */
            continue;
        unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | (wildcard ? 0 : X509_CHECK_FLAG_NO_WILDCARDS);
        bool theirs = X509_check_host(x, host, 0, flags, NULL) == 1;
        bool strict = ours(&a, &f, der, host, in_san ? MATCH_SAN : MATCH_CN, wildcard);
        bool either = ours(&a, &f, der, host, MATCH_CN_OR_SAN, wildcard);
        if (strict != theirs || either != theirs) {
            differences++;
            print_message("  \"%.*s\" for %s, wildcards %d: OpenSSL %d, we %d and %d\n", SLICE_ARGS(name), host,
                wildcard,
                          theirs, strict, either);
        }
    }
    X509_free(x);
    arena_free(&a);
    return differences;
}

static void agrees_with_openssl(void **state)
{
    (void)state;
    unsigned differences = 0;
    for (size_t i = 0; i < COUNT(oracle_names); i++)
        differences += compare_with_openssl(oracle_names[i], true) + compare_with_openssl(oracle_names[i], false);
    assert_int_equal(differences, 0);
}

/* What a replacement must name where policy has no rule of its own. */

static const struct {
    const char *name;
    struct row row;
    bool covers;
} cover_rows[] = {
    {"by SAN", {H1, .cns = {CN("x")}, .sans = {DNS("h1.example.com")}}, true},
    {"by Common Name", {H1, .cns = {CN("x"), CN("h1.example.com")}}, true},
    {"by Common Name beside an e-mail address", {H1, .cns = {CN("h1.example.com")}, .sans = {{TAG_EMAIL, S("a@b")}}},
     true},
    {"not by Common Name beside a dNSName", {H1, .cns = {CN("h1.example.com")}, .sans = {DNS("x.example")}}, false},
    {"not by a broken SAN", {H1, .cns = {CN("h1.example.com")}, .form = SAN_BROKEN}, false},
    {"not by two SANs", {H1, .cns = {CN("h1.example.com")}, .sans = {DNS("h1.example.com")}, .form = SAN_TWICE}, false},
    {"an address", {ADDRESS, .sans = {IPV4}}, true},
    {"not an address as text", {ADDRESS, .cns = {CN("192.0.2.1")}}, false},
    {"not a wildcard where refused", {H1, .sans = {DNS("*.example.com")}}, false},
    {"a wildcard where allowed", {RULE_W(MATCH_NONE), H1, .sans = {DNS("*.example.com")}}, true},
};

static void replacements_cover(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cover_rows); i++) {
        struct arena a = {0};
        struct facts f;
        const struct row *row = &cover_rows[i].row;
        struct host h = host_compile(&a, slice_of(row->hosts[0]));
        struct check_input in = {.policy = &row->policy, .der = certificate_of(&a, row), .facts = &f};
        facts_read(in.der, &f);
        if (check_covers(&in, &h) != cover_rows[i].covers)
            fail_msg("%s", cover_rows[i].name);
        arena_free(&a);
    }
}

/* The registry. */

static bool is_policy_attribute(struct slice word)
{
    size_t count;
    const struct policy_attribute *rows_of_policy = policy_attributes(&count);
    for (size_t i = 0; i < count; i++)
        if (slice_eq(word, slice_of(rows_of_policy[i].name)))
            return true;
    return false;
}

/* check_run asks a certificate the first, and an entry the others. */
static void checks_of_entries_come_last(void **state)
{
    (void)state;
    for (int id = 0; id < CHECK_COUNT; id++)
        assert_int_equal(check_get((enum check_id)id)->of_subject, id >= CHECK_FIRST_OF_SUBJECT);
}

static void records_are_whole(void **state)
{
    (void)state;
    for (unsigned id = 0; id < CHECK_COUNT; id++) {
        const struct check *c = check_get((enum check_id)id);
        assert_int_equal(c->id, id);
        assert_int_equal(check_find(slice_of(c->name)), id);
        assert_true(strlen(c->title) > 10 && strlen(c->fix) > 10);
        assert_non_null(strstr(c->citation, "RFC "));
        assert_int_equal(c->hidden_by >> id, 0); /* a cause stands before what it hides */
        struct slice rest = slice_of(c->policy_attributes), word;
        while (strcmp(c->policy_attributes, "-") != 0 && slice_word(&rest, &word))
            assert_true(is_policy_attribute(word));
        const struct policy silent = {0};
        assert_int_equal(c->is_on(&silent), strcmp(c->policy_attributes, "-") == 0);
        assert_non_null(c->compared);
    }
    assert_false(check_get(CHECK_MALFORMED)->may_revoke || check_get(CHECK_MISSING)->may_revoke ||
                 check_get(CHECK_EXPIRED)->may_revoke);
    assert_int_equal(check_find(S("VERSION")), CHECK_VERSION);
    assert_int_equal(check_find(S("")), CHECK_COUNT);
    assert_int_equal(check_find(S("versio")), CHECK_COUNT);
    assert_int_equal(check_find(S("weak")), CHECK_COUNT);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(not_readable),
        cmocka_unit_test(missing_needs_evidence),
        cmocka_unit_test(agrees_with_openssl),
        cmocka_unit_test(replacements_cover),
        cmocka_unit_test(checks_of_entries_come_last),
        cmocka_unit_test(records_are_whole),
    };
    struct CMUnitTest tests[COUNT(rows) + COUNT(others)];
    for (size_t i = 0; i < COUNT(rows); i++)
        tests[i] = (struct CMUnitTest){rows[i].name, test_row, NULL, NULL, (void *)(uintptr_t)&rows[i]};
    memcpy(tests + COUNT(rows), others, sizeof others);
    return cmocka_run_group_tests_name("checks", tests, NULL, NULL);
}
