/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every malformation and oddity as a named row: an everyday certificate, one part of it replaced, what the first reader
 * says, and that the second agrees.
 */
#include "support/derbuild.h"
#include "x509/reader.h"
#include "x509/second.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define O(...)      DER_OCTETS(__VA_ARGS__)
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct slice nothing;
static struct second_reader *second;

/* Spoilers: each makes one thing wrong. */

static void set_version(struct arena *a, struct recipe *r, uint8_t value)
{
    r->version = DER(a, 0xa0, DER(a, DER_INTEGER, O(value)));
}

static void as_it_is(struct arena *a, struct recipe *r)
{
    (void)a;
    (void)r;
}

static void version_1(struct arena *a, struct recipe *r)
{
    (void)a;
    r->version = r->extensions = nothing;
}

static void version_2(struct arena *a, struct recipe *r)
{
    set_version(a, r, 1);
    r->extensions = nothing;
}

static void version_1_encoded(struct arena *a, struct recipe *r)
{
    set_version(a, r, 0);
    r->extensions = nothing;
}

static void version_4(struct arena *a, struct recipe *r)
{
    set_version(a, r, 3);
}

static void version_negative(struct arena *a, struct recipe *r)
{
    set_version(a, r, 0xff);
}

static void version_long(struct arena *a, struct recipe *r)
{
    r->version = DER(a, 0xa0, DER(a, DER_INTEGER, O(1), der_fill(a, 0, 40)));
}

static void version_padded(struct arena *a, struct recipe *r)
{
    r->version = DER(a, 0xa0, DER(a, DER_INTEGER, O(0, 2)));
}

static void version_string(struct arena *a, struct recipe *r)
{
    r->version = DER(a, 0xa0, DER(a, DER_OCTET_STRING, O(2)));
}

static void version_primitive(struct arena *a, struct recipe *r)
{
    r->version = DER(a, 0x80, O(2));
}

/* As a request for a certificate begins, which has a version and a name at first. */
static void version_of_request(struct arena *a, struct recipe *r)
{
    (void)a;
    r->version = r->inner_algorithm = r->extensions = nothing;
}

static void version_1_bad_time(struct arena *a, struct recipe *r)
{
    version_1(a, r);
    r->validity = DER(a, DER_SEQUENCE, DER_TEXT(a, DER_UTC_TIME, "240101000000Z"));
}

static void version_twice(struct arena *a, struct recipe *r)
{
    r->version = DER(a, 0xa0, DER(a, DER_INTEGER, O(2)), DER(a, DER_INTEGER, O(2)));
}

static void v1_extensions(struct arena *a, struct recipe *r)
{
    (void)a;
    r->version = nothing;
}

static void v2_extensions(struct arena *a, struct recipe *r)
{
    set_version(a, r, 1);
}

static void v1_unique_id(struct arena *a, struct recipe *r)
{
    version_1(a, r);
    r->subject_id = DER(a, 0x82, O(0, 0x55));
}

static void v2_unique_ids(struct arena *a, struct recipe *r)
{
    version_2(a, r);
    r->issuer_id = DER(a, 0x81, O(4, 0xf0));
    r->subject_id = DER(a, 0x82, O(0, 0x55));
}

static void unique_id_padding(struct arena *a, struct recipe *r)
{
    r->issuer_id = DER(a, 0x81, O(4, 0xff));
}

static void unique_id_empty(struct arena *a, struct recipe *r)
{
    r->issuer_id = DER_EMPTY(a, 0x81);
}

static void unique_ids_swapped(struct arena *a, struct recipe *r)
{
    r->issuer_id = DER(a, 0x82, O(0, 1));
    r->subject_id = DER(a, 0x81, O(0, 1));
}

static void serial_zero(struct arena *a, struct recipe *r)
{
    r->serial = DER(a, DER_INTEGER, O(0));
}

static void serial_negative(struct arena *a, struct recipe *r)
{
    r->serial = DER(a, DER_INTEGER, O(0xfb));
}

static void serial_20(struct arena *a, struct recipe *r)
{
    r->serial = DER(a, DER_INTEGER, der_fill(a, 0x7f, 20));
}

static void serial_21(struct arena *a, struct recipe *r)
{
    r->serial = DER(a, DER_INTEGER, O(0), der_fill(a, 0xff, 20));
}

static void serial_padded(struct arena *a, struct recipe *r)
{
    r->serial = DER(a, DER_INTEGER, O(0, 1));
}

static void serial_empty(struct arena *a, struct recipe *r)
{
    r->serial = DER_EMPTY(a, DER_INTEGER);
}

static void serial_string(struct arena *a, struct recipe *r)
{
    r->serial = DER(a, DER_OCTET_STRING, O(1));
}

static void algorithms_differ(struct arena *a, struct recipe *r)
{
    struct slice oid = DER(a, DER_OID, O(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c));
    r->outer_algorithm = DER(a, DER_SEQUENCE, oid, DER_EMPTY(a, DER_NULL));
}

static void parameters_differ(struct arena *a, struct recipe *r)
{
    struct slice oid = DER(a, DER_OID, O(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b));
    r->outer_algorithm = DER(a, DER_SEQUENCE, oid);
}

static void algorithm_two_parameters(struct arena *a, struct recipe *r)
{
    struct slice oid = DER(a, DER_OID, O(0x2a, 0x03));
    r->inner_algorithm = r->outer_algorithm = DER(a, DER_SEQUENCE, oid, DER_EMPTY(a, DER_NULL), DER_EMPTY(a, DER_NULL));
}

static void algorithm_bad_oid(struct arena *a, struct recipe *r)
{
    r->inner_algorithm = r->outer_algorithm = DER(a, DER_SEQUENCE, DER(a, DER_OID, O(0x2a, 0x80, 0x01)));
}

static void algorithm_bad_null(struct arena *a, struct recipe *r)
{
    struct slice oid = DER(a, DER_OID, O(0x2a, 0x03));
    r->inner_algorithm = r->outer_algorithm = DER(a, DER_SEQUENCE, oid, DER(a, DER_NULL, O(0)));
}

static void issuer_string(struct arena *a, struct recipe *r)
{
    r->issuer = DER_TEXT(a, DER_UTF8_STRING, "Example CA");
}

static void issuer_empty_rdn(struct arena *a, struct recipe *r)
{
    r->issuer = DER(a, DER_SEQUENCE, DER(a, DER_SET, der_attribute(a, 10, DER_UTF8_STRING, SLICE_LITERAL("Example"))),
                    DER_EMPTY(a, DER_SET));
}

static void subject_empty(struct arena *a, struct recipe *r)
{
    r->subject = DER_EMPTY(a, DER_SEQUENCE);
}

static void subject_empty_rdn(struct arena *a, struct recipe *r)
{
    r->subject = DER(a, DER_SEQUENCE, DER_EMPTY(a, DER_SET));
}

static struct slice text_attribute(struct arena *a, uint8_t arc, const char *text)
{
    return der_attribute(a, arc, DER_UTF8_STRING, slice_of(text));
}

static void subject_two_in_rdn(struct arena *a, struct recipe *r)
{
    struct slice rdn = DER(a, DER_SET, text_attribute(a, 3, "h1"), text_attribute(a, 10, "aa"));
    r->subject = DER(a, DER_SEQUENCE, DER(a, DER_SET, text_attribute(a, 6, "US")), rdn);
}

static void subject_unordered(struct arena *a, struct recipe *r)
{
    r->subject = DER(a, DER_SEQUENCE, DER(a, DER_SET, text_attribute(a, 10, "aa"), text_attribute(a, 3, "h1")));
}

static void subject_two_common_names(struct arena *a, struct recipe *r)
{
    r->subject = DER(a, DER_SEQUENCE, DER(a, DER_SET, text_attribute(a, 3, "h1.example.com")),
                     DER(a, DER_SET, text_attribute(a, 3, "h2.example.com")));
}

static void subject_nul(struct arena *a, struct recipe *r)
{
    r->subject = der_common_name(a, DER_UTF8_STRING, SLICE_LITERAL("good.example\0.evil"));
}

static void subject_bad_utf8(struct arena *a, struct recipe *r)
{
    r->subject = der_common_name(a, DER_UTF8_STRING, O('h', 0xff, 0xfe));
}

static void subject_surrogate(struct arena *a, struct recipe *r)
{
    r->subject = der_common_name(a, DER_BMP_STRING, O(0xd8, 0x00, 0xdc, 0x00));
}

static void subject_odd_bmp(struct arena *a, struct recipe *r)
{
    r->subject = der_common_name(a, DER_BMP_STRING, O(0, 'h', 0));
}

static void subject_bmp(struct arena *a, struct recipe *r)
{
    r->subject = der_common_name(a, DER_BMP_STRING, O(0, 'h', 0, '1'));
}

static void subject_teletex(struct arena *a, struct recipe *r)
{
    r->subject = der_common_name(a, DER_TELETEX_STRING, SLICE_LITERAL("h1"));
}

static void subject_universal(struct arena *a, struct recipe *r)
{
    r->subject = der_common_name(a, DER_UNIVERSAL_STRING, O(0, 0, 0, 'h'));
}

static void subject_universal_large(struct arena *a, struct recipe *r)
{
    r->subject = der_common_name(a, DER_UNIVERSAL_STRING, O(0, 0x11, 0, 0));
}

static void subject_underscore(struct arena *a, struct recipe *r)
{
    r->subject = der_common_name(a, DER_PRINTABLE_STRING, SLICE_LITERAL("h_1"));
}

static void subject_ampersand(struct arena *a, struct recipe *r)
{
    r->subject =
        DER(a, DER_SEQUENCE, DER(a, DER_SET, der_attribute(a, 10, DER_PRINTABLE_STRING, SLICE_LITERAL("A & B"))));
}

static void issuer_at_sign(struct arena *a, struct recipe *r)
{
    r->issuer =
        DER(a, DER_SEQUENCE, DER(a, DER_SET, der_attribute(a, 10, DER_PRINTABLE_STRING, SLICE_LITERAL("ca@example"))));
}

static void subject_ia5_umlaut(struct arena *a, struct recipe *r)
{
    r->subject = DER(a, DER_SEQUENCE, DER(a, DER_SET, der_attribute(a, 10, DER_IA5_STRING, SLICE_LITERAL("b\xfc"))));
}

static void subject_printable_nul(struct arena *a, struct recipe *r)
{
    r->subject = der_common_name(a, DER_PRINTABLE_STRING, SLICE_LITERAL("h1\0"));
}

static void subject_numeric(struct arena *a, struct recipe *r)
{
    r->subject = DER(a, DER_SEQUENCE, DER(a, DER_SET, der_attribute(a, 5, 0x12, SLICE_LITERAL("4711 0"))));
}

static void subject_numeric_letter(struct arena *a, struct recipe *r)
{
    r->subject = DER(a, DER_SEQUENCE, DER(a, DER_SET, der_attribute(a, 5, 0x12, SLICE_LITERAL("47a"))));
}

static void subject_constructed(struct arena *a, struct recipe *r)
{
    r->subject = der_common_name(a, DER_UTF8_STRING | DER_CONSTRUCTED, DER_TEXT(a, DER_UTF8_STRING, "h1"));
}

static void subject_three(struct arena *a, struct recipe *r)
{
    struct slice type = DER(a, DER_OID, O(0x55, 0x04, 0x03)), value = DER_TEXT(a, DER_UTF8_STRING, "h1");
    r->subject = DER(a, DER_SEQUENCE, DER(a, DER_SET, DER(a, DER_SEQUENCE, type, value, value)));
}

static void subject_umlaut(struct arena *a, struct recipe *r)
{
    r->subject = der_common_name(a, DER_UTF8_STRING,
                                 SLICE_LITERAL("b\xc3\xbc"
                                               "cher"));
}

static void set_not_after(struct arena *a, struct recipe *r, uint8_t tag, const char *text)
{
    r->validity = DER(a, DER_SEQUENCE, DER_TEXT(a, DER_UTC_TIME, "240101000000Z"), DER(a, tag, slice_of(text)));
}

#define NOT_AFTER(name, tag, text)                                                                                     \
    static void name(struct arena *a, struct recipe *r)                                                                \
    {                                                                                                                  \
        set_not_after(a, r, tag, text);                                                                                \
    }
NOT_AFTER(time_no_seconds, DER_UTC_TIME, "3401010000Z")
NOT_AFTER(time_no_z, DER_UTC_TIME, "340101000000")
NOT_AFTER(time_offset, DER_UTC_TIME, "340101000000+0100")
NOT_AFTER(time_letters, DER_UTC_TIME, "34010100000xZ")
NOT_AFTER(time_no_day, DER_UTC_TIME, "330229000000Z")
NOT_AFTER(time_leap_day, DER_UTC_TIME, "320229000000Z")
NOT_AFTER(time_fraction, DER_GENERALIZED_TIME, "203401010000.1Z")
NOT_AFTER(time_seconds_fraction, DER_GENERALIZED_TIME, "20340101000000.5Z")
NOT_AFTER(time_general, DER_GENERALIZED_TIME, "20340101000000Z")
NOT_AFTER(time_9999, DER_GENERALIZED_TIME, "99991231235959Z")
NOT_AFTER(time_1950, DER_UTC_TIME, "500101000000Z")
NOT_AFTER(time_2049, DER_UTC_TIME, "491231235959Z")
NOT_AFTER(time_wrong_tag, DER_UTC_TIME, "20340101000000Z")
NOT_AFTER(time_utf8, DER_UTF8_STRING, "340101000000Z")
NOT_AFTER(time_hour_24, DER_UTC_TIME, "340101240000Z")

static void time_one(struct arena *a, struct recipe *r)
{
    r->validity = DER(a, DER_SEQUENCE, DER_TEXT(a, DER_UTC_TIME, "240101000000Z"));
}

static void time_three(struct arena *a, struct recipe *r)
{
    struct slice t = DER_TEXT(a, DER_UTC_TIME, "240101000000Z");
    r->validity = DER(a, DER_SEQUENCE, t, t, t);
}

static void key_padding(struct arena *a, struct recipe *r)
{
    struct slice oid = DER(a, DER_OID, O(0x2b, 0x65, 0x70));
    r->spki = DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, oid), DER(a, DER_BIT_STRING, O(3), der_fill(a, 0xff, 32)));
}

static void key_no_bits(struct arena *a, struct recipe *r)
{
    struct slice oid = DER(a, DER_OID, O(0x2b, 0x65, 0x70));
    r->spki = DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, oid), DER(a, DER_OCTET_STRING, der_fill(a, 1, 32)));
}

static void key_unknown(struct arena *a, struct recipe *r)
{
    struct slice oid = DER(a, DER_OID, O(0x2a, 0x03, 0x04));
    r->spki = DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, oid), DER(a, DER_BIT_STRING, O(0), der_fill(a, 1, 32)));
}

static void add_extension(struct arena *a, struct recipe *r, uint8_t arc, struct slice critical, struct slice value)
{
    r->extensions = DER_JOIN(a, r->extensions, der_extension(a, arc, critical, value));
}

static void extensions_empty(struct arena *a, struct recipe *r)
{
    r->extension_list = DER_EMPTY(a, DER_SEQUENCE);
}

static void extensions_two_lists(struct arena *a, struct recipe *r)
{
    struct slice list = DER(a, DER_SEQUENCE, r->extensions);
    r->extension_wrapper = DER(a, 0xa3, list, list);
}

static void extension_no_value(struct arena *a, struct recipe *r)
{
    r->extensions = DER(a, DER_SEQUENCE, DER(a, DER_OID, O(0x2a, 0x03)));
}

static void extension_constructed_value(struct arena *a, struct recipe *r)
{
    r->extensions = DER(a, DER_SEQUENCE, DER(a, DER_OID, O(0x2a, 0x03)),
                        DER(a, DER_OCTET_STRING | DER_CONSTRUCTED, DER(a, DER_OCTET_STRING, O(1))));
}

static void extension_tail(struct arena *a, struct recipe *r)
{
    r->extensions =
        DER(a, DER_SEQUENCE, DER(a, DER_OID, O(0x2a, 0x03)), DER(a, DER_OCTET_STRING, O(1)), DER_EMPTY(a, DER_NULL));
}

static void critical_false(struct arena *a, struct recipe *r)
{
    add_extension(a, r, 14, DER(a, DER_BOOLEAN, O(0)), DER(a, DER_OCTET_STRING, O(1)));
}

static void critical_three(struct arena *a, struct recipe *r)
{
    add_extension(a, r, 14, DER(a, DER_BOOLEAN, O(3)), DER(a, DER_OCTET_STRING, O(1)));
}

static void critical_long(struct arena *a, struct recipe *r)
{
    add_extension(a, r, 14, DER(a, DER_BOOLEAN, O(0xff, 0xff)), DER(a, DER_OCTET_STRING, O(1)));
}

static void unknown_critical(struct arena *a, struct recipe *r)
{
    add_extension(a, r, 99, DER(a, DER_BOOLEAN, O(0xff)), O(1));
}

static void unknown_extension(struct arena *a, struct recipe *r)
{
    add_extension(a, r, 99, nothing, O(1));
}

static void unknown_twice(struct arena *a, struct recipe *r)
{
    add_extension(a, r, 99, nothing, O(1));
    add_extension(a, r, 99, nothing, O(2));
}

static void extensions_64(struct arena *a, struct recipe *r)
{
    for (uint8_t arc = 64; arc < 64 + 61; arc++)
        add_extension(a, r, arc, nothing, O(1));
}

static void extensions_65(struct arena *a, struct recipe *r)
{
    extensions_64(a, r);
    add_extension(a, r, 126, nothing, O(1));
}

static void san_65th_twice(struct arena *a, struct recipe *r)
{
    extensions_64(a, r);
    add_extension(a, r, 17, nothing, DER(a, DER_SEQUENCE, DER_TEXT(a, 0x82, "late.example.com")));
}

static void san_twice(struct arena *a, struct recipe *r)
{
    add_extension(a, r, 17, nothing, DER(a, DER_SEQUENCE, DER_TEXT(a, 0x82, "h2.example.com")));
}

static void eku_twice(struct arena *a, struct recipe *r)
{
    add_extension(a, r, 37, nothing, DER(a, DER_SEQUENCE, DER(a, DER_OID, O(0x2a, 0x03))));
}

static void only_extension(struct arena *a, struct recipe *r, uint8_t arc, struct slice value)
{
    r->extensions = der_extension(a, arc, nothing, value);
}

#define EXTENSION(name, arc, ...)                                                                                      \
    static void name(struct arena *a, struct recipe *r)                                                                \
    {                                                                                                                  \
        only_extension(a, r, arc, __VA_ARGS__);                                                                        \
    }
#define SAN(name, ...) EXTENSION(name, 17, DER(a, DER_SEQUENCE, __VA_ARGS__))
EXTENSION(san_garbage, 17, O(1, 2, 3))
EXTENSION(san_empty, 17, DER_EMPTY(a, DER_SEQUENCE))
EXTENSION(san_no_octets, 17, nothing)
EXTENSION(san_tail, 17, DER_JOIN(a, DER(a, DER_SEQUENCE, DER_TEXT(a, 0x82, "h1")), O(5, 0)))
EXTENSION(san_set, 17, DER(a, DER_SET, DER_TEXT(a, 0x82, "h1")))
SAN(san_tag_9, DER_TEXT(a, 0x89, "h1"))
SAN(san_cut, O(0x82, 0x10, 'h'))
SAN(san_not_ascii, DER_TEXT(a, 0x82,
                            "b\xc3\xbc"
                            "cher.example"))
SAN(san_nul, DER_TEXT(a, 0x82, "h1\0.example"))
SAN(san_odd_ip, DER(a, 0x87, O(10, 0, 0)))
SAN(san_ips, DER(a, 0x87, O(10, 0, 0, 1)), DER(a, 0x87, der_fill(a, 1, 16)))
SAN(san_all_kinds, DER(a, 0xa0, DER(a, DER_OID, O(0x2a, 0x03)), DER(a, 0xa0, DER_TEXT(a, DER_UTF8_STRING, "upn"))),
    DER_TEXT(a, 0x81, "a@b"), DER_TEXT(a, 0x82, "h1"),
    DER(a, 0xa4, der_common_name(a, DER_UTF8_STRING, SLICE_LITERAL("h1"))), DER_TEXT(a, 0x86, "x:y"),
    DER(a, 0x87, O(10, 0, 0, 1)), DER(a, 0x88, O(0x2a, 0x03)))
SAN(san_other_no_value, DER(a, 0xa0, DER(a, DER_OID, O(0x2a, 0x03))))
SAN(san_bad_oid, DER(a, 0x88, O(0x2a, 0x80)))
SAN(san_bad_directory, DER(a, 0xa4, der_common_name(a, DER_UTF8_STRING, O(0xff))))
SAN(san_edi_integer, DER(a, 0xa5, DER(a, 0xa1, DER(a, DER_INTEGER, O(1)))))
SAN(san_x400_garbage, DER(a, 0xa3, O(0x65, 0x78)))
SAN(san_primitive_external, DER(a, 0xa0, DER(a, DER_OID, O(0x2a, 0x03)), DER(a, 0xa0, DER(a, 0x08, O(1)))))
EXTENSION(eku_empty, 37, DER_EMPTY(a, DER_SEQUENCE))
EXTENSION(eku_garbage, 37, O(0xff))
EXTENSION(eku_integer, 37, DER(a, DER_SEQUENCE, DER(a, DER_INTEGER, O(1))))
EXTENSION(eku_tail, 37, DER_JOIN(a, DER(a, DER_SEQUENCE, DER(a, DER_OID, O(0x2a, 0x03))), O(5, 0)))
EXTENSION(ku_no_bits, 15, DER(a, DER_BIT_STRING, O(0)))
EXTENSION(ku_octets, 15, DER(a, DER_OCTET_STRING, O(0x80)))
EXTENSION(ski_integer, 14, DER(a, DER_INTEGER, O(1)))
EXTENSION(bc_false, 19, DER(a, DER_SEQUENCE, DER(a, DER_BOOLEAN, O(0))))
EXTENSION(bc_negative, 19, DER(a, DER_SEQUENCE, DER(a, DER_BOOLEAN, O(0xff)), DER(a, DER_INTEGER, O(0xff))))
EXTENSION(bc_tail, 19, DER(a, DER_SEQUENCE, DER(a, DER_BOOLEAN, O(0xff)), DER_EMPTY(a, DER_NULL)))
EXTENSION(aki_tail, 35, DER_JOIN(a, DER(a, DER_SEQUENCE, DER(a, 0x80, O(1))), O(5, 0)))
EXTENSION(nc_empty, 30, DER_EMPTY(a, DER_SEQUENCE))
EXTENSION(nc_name_twice, 30,
          DER(a, DER_SEQUENCE, DER(a, 0xa0, DER(a, DER_SEQUENCE, DER(a, 0x82, O('x')), DER(a, 0x82, O('x'))))))
EXTENSION(nc_negative_distance, 30,
          DER(a, DER_SEQUENCE, DER(a, 0xa0, DER(a, DER_SEQUENCE, DER(a, 0x82, O('x')), DER(a, 0x80, O(0xff))))))
EXTENSION(nc_distances, 30,
          DER(a, DER_SEQUENCE,
              DER(a, 0xa0, DER(a, DER_SEQUENCE, DER(a, 0x82, O('x')), DER(a, 0x80, O(1)), DER(a, 0x81, O(2))))))
EXTENSION(crl_points_unordered, 31,
          DER(a, DER_SEQUENCE,
              DER(a, DER_SEQUENCE,
                  DER(a, 0xa0,
                      DER(a, 0xa1, der_attribute(a, 3, DER_UTF8_STRING, O('y')),
                          der_attribute(a, 3, DER_UTF8_STRING, O('x')))))))
EXTENSION(crl_points_empty, 31, DER_EMPTY(a, DER_SEQUENCE))
EXTENSION(policies_no_qualifiers, 32,
          DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, DER(a, DER_OID, O(0x2a, 0x03)), DER_EMPTY(a, DER_SEQUENCE))))
EXTENSION(mappings_empty, 33, DER_EMPTY(a, DER_SEQUENCE))
EXTENSION(policy_constraints_empty, 36, DER_EMPTY(a, DER_SEQUENCE))
EXTENSION(any_policy_negative, 54, DER(a, DER_INTEGER, O(0x80)))

static void signature_padding(struct arena *a, struct recipe *r)
{
    r->signature = DER(a, DER_BIT_STRING, O(2), der_fill(a, 0xff, 64));
}

static void signature_nine_unused(struct arena *a, struct recipe *r)
{
    r->signature = DER(a, DER_BIT_STRING, O(9), der_fill(a, 0, 64));
}

static void signature_no_bits(struct arena *a, struct recipe *r)
{
    r->signature = DER(a, DER_BIT_STRING, O(0));
}

static void signature_missing(struct arena *a, struct recipe *r)
{
    (void)a;
    r->signature = nothing;
}

static void tbs_tail(struct arena *a, struct recipe *r)
{
    r->tbs_tail = DER_EMPTY(a, DER_NULL);
}

static void certificate_tail(struct arena *a, struct recipe *r)
{
    r->certificate_tail = DER_EMPTY(a, DER_NULL);
}

static void octets_after(struct arena *a, struct recipe *r)
{
    (void)a;
    r->after = SLICE_LITERAL("\n");
}

static void indefinite_length(struct arena *a, struct recipe *r)
{
    r->subject = DER_JOIN(a, O(0x30, 0x80), DER(a, DER_SET, text_attribute(a, 3, "h1")), O(0, 0));
}

static void long_length(struct arena *a, struct recipe *r)
{
    r->serial = DER_JOIN(a, O(DER_INTEGER, 0x81, 1), O(1));
}

enum { READABLE = 1, BROKEN = 0 };
#define FINE READABLE, 3, NULL, FIELD_PRESENT, FIELD_PRESENT

static const struct row {
    const char *name;
    void (*spoil)(struct arena *a, struct recipe *r);
    bool readable;
    uint8_t version;
    const char *malformed;
    enum presence san, eku;
    uint32_t unusual;
} rows[] = {
    {"everyday", as_it_is, FINE, 0},
    {"version 1", version_1, READABLE, 1, NULL, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"version 2", version_2, READABLE, 2, NULL, FIELD_ABSENT, FIELD_ABSENT, UNUSUAL_VERSION},
    {"version 1 encoded", version_1_encoded, READABLE, 1,
     "version: RFC 5280 section 4.1: version 1 is encoded although it is the default", FIELD_ABSENT, FIELD_ABSENT, 0},
#define NO_VERSION "version: RFC 5280 section 4.1.2.1: neither 1, 2 nor 3"
    {"version 4", version_4, READABLE, 0, NO_VERSION, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"version -1", version_negative, READABLE, 0, NO_VERSION, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"version of 41 octets", version_long, READABLE, 0, NO_VERSION, FIELD_PRESENT, FIELD_PRESENT, 0},
#define VERSION_FORM "version: RFC 5280 section 4.1.2.1: not one INTEGER"
    {"version padded", version_padded, BROKEN, 0, VERSION_FORM, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"version no INTEGER", version_string, BROKEN, 0, VERSION_FORM, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"version in a primitive element", version_primitive, BROKEN, 0,
     "serialNumber: RFC 5280 section 4.1.2.2: not an INTEGER", FIELD_ABSENT, FIELD_ABSENT, 0},
    {"version of a request", version_of_request, BROKEN, 0,
     "signature: RFC 5280 section 4.1.2.3: not an AlgorithmIdentifier", FIELD_ABSENT, FIELD_ABSENT, 0},
    {"version left out of what does not decode", version_1_bad_time, BROKEN, 0,
     "notAfter: RFC 5280 section 4.1.2.5: not a time with seconds and Z", FIELD_ABSENT, FIELD_ABSENT, 0},
    {"version twice", version_twice, BROKEN, 0, VERSION_FORM, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"version 1 with extensions", v1_extensions, READABLE, 1,
     "extensions: RFC 5280 section 4.1.2.9: only version 3 has them", FIELD_PRESENT, FIELD_PRESENT, 0},
    {"version 2 with extensions", v2_extensions, READABLE, 2,
     "extensions: RFC 5280 section 4.1.2.9: only version 3 has them", FIELD_PRESENT, FIELD_PRESENT, UNUSUAL_VERSION},
    {"version 1 with a unique id", v1_unique_id, READABLE, 1,
     "uniqueIdentifiers: RFC 5280 section 4.1.2.8: version 1 has none", FIELD_ABSENT, FIELD_ABSENT, UNUSUAL_UNIQUE_ID},
    {"version 2 with unique ids", v2_unique_ids, READABLE, 2, NULL, FIELD_ABSENT, FIELD_ABSENT,
     UNUSUAL_VERSION | UNUSUAL_UNIQUE_ID},
    {"unique id with padding", unique_id_padding, READABLE, 3,
     "uniqueIdentifiers: RFC 5280 section 4.1: the padding of the BIT STRING is not DER", FIELD_PRESENT, FIELD_PRESENT,
     UNUSUAL_UNIQUE_ID},
    {"unique id empty", unique_id_empty, BROKEN, 3, "uniqueIdentifiers: RFC 5280 section 4.1.2.8: not a BIT STRING",
     FIELD_ABSENT, FIELD_ABSENT, 0},
    {"unique ids swapped", unique_ids_swapped, BROKEN, 3,
     "tbsCertificate: RFC 5280 section 4.1: more than its parts, or out of order", FIELD_ABSENT, FIELD_ABSENT,
     UNUSUAL_UNIQUE_ID},
    {"serial 0", serial_zero, FINE, UNUSUAL_SERIAL},
    {"serial negative", serial_negative, FINE, UNUSUAL_SERIAL},
    {"serial of 20 octets", serial_20, FINE, 0},
    {"serial of 21 octets", serial_21, FINE, UNUSUAL_SERIAL},
#define SERIAL_FORM "serialNumber: RFC 5280 section 4.1.2.2: not an INTEGER"
    {"serial padded", serial_padded, BROKEN, 3, SERIAL_FORM, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"serial empty", serial_empty, BROKEN, 3, SERIAL_FORM, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"serial no INTEGER", serial_string, BROKEN, 3, SERIAL_FORM, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"long form of a short length", long_length, BROKEN, 3, SERIAL_FORM, FIELD_ABSENT, FIELD_ABSENT, 0},
#define TWO_ALGORITHMS "signatureAlgorithm: RFC 5280 section 4.1.1.2: not the same as in tbsCertificate"
    {"algorithms differ", algorithms_differ, READABLE, 3, TWO_ALGORITHMS, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"parameters differ", parameters_differ, READABLE, 3, TWO_ALGORITHMS, FIELD_PRESENT, FIELD_PRESENT, 0},
#define ALGORITHM_FORM "signature: RFC 5280 section 4.1.2.3: not an AlgorithmIdentifier"
    {"two parameters", algorithm_two_parameters, BROKEN, 3, ALGORITHM_FORM, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"algorithm's OID broken", algorithm_bad_oid, BROKEN, 3, ALGORITHM_FORM, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"NULL with content", algorithm_bad_null, BROKEN, 3, ALGORITHM_FORM, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"issuer no Name", issuer_string, BROKEN, 3, "issuer: RFC 5280 section 4.1.2.4: not a Name", FIELD_ABSENT,
     FIELD_ABSENT, 0},
    {"issuer with an empty RDN", issuer_empty_rdn, READABLE, 3,
     "issuer: RFC 5280 section 4.1.2.4: an RDN without attributes", FIELD_PRESENT, FIELD_PRESENT, 0},
    {"subject empty", subject_empty, FINE, UNUSUAL_SUBJECT},
    {"subject of an empty RDN", subject_empty_rdn, READABLE, 3,
     "subject: RFC 5280 section 4.1.2.6: an RDN without attributes", FIELD_PRESENT, FIELD_PRESENT, 0},
    {"two attributes in one RDN", subject_two_in_rdn, FINE, 0},
    {"attributes out of order", subject_unordered, READABLE, 3,
     "subject: RFC 5280 section 4.1: the attributes of an RDN are not in DER's order", FIELD_PRESENT, FIELD_PRESENT, 0},
    {"two Common Names", subject_two_common_names, FINE, UNUSUAL_SUBJECT},
    {"NUL in the Common Name", subject_nul, FINE, UNUSUAL_NAME},
    {"umlaut in the Common Name", subject_umlaut, FINE, UNUSUAL_NAME},
#define BAD_STRING "subject: RFC 5280 section 4.1.2.6: a string whose octets are not of its type"
    {"UTF8String that is none", subject_bad_utf8, READABLE, 3, BAD_STRING, FIELD_PRESENT, FIELD_PRESENT,
     UNUSUAL_SUBJECT | UNUSUAL_NAME},
    {"surrogates in a BMPString", subject_surrogate, READABLE, 3, BAD_STRING, FIELD_PRESENT, FIELD_PRESENT,
     UNUSUAL_SUBJECT | UNUSUAL_NAME},
    {"UniversalString over U+10FFFF", subject_universal_large, READABLE, 3, BAD_STRING, FIELD_PRESENT, FIELD_PRESENT,
     UNUSUAL_SUBJECT | UNUSUAL_NAME},
#define NO_NAME "subject: RFC 5280 section 4.1.2.6: not a Name"
    {"BMPString of 3 octets", subject_odd_bmp, BROKEN, 3, NO_NAME, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"constructed UTF8String", subject_constructed, BROKEN, 3, NO_NAME, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"attribute of three parts", subject_three, BROKEN, 3, NO_NAME, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"indefinite length", indefinite_length, BROKEN, 3, NO_NAME, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"BMPString", subject_bmp, FINE, UNUSUAL_SUBJECT | UNUSUAL_NAME},
    {"TeletexString", subject_teletex, FINE, UNUSUAL_SUBJECT},
    {"UniversalString", subject_universal, FINE, UNUSUAL_SUBJECT | UNUSUAL_NAME},
#define BAD_CHARACTER "RFC 5280 section 4.1.2.6: a string with characters that its type does not have"
    {"PrintableString with an underscore", subject_underscore, READABLE, 3, "subject: " BAD_CHARACTER, FIELD_PRESENT,
     FIELD_PRESENT, UNUSUAL_SUBJECT},
    {"PrintableString with an ampersand", subject_ampersand, READABLE, 3, "subject: " BAD_CHARACTER, FIELD_PRESENT,
     FIELD_PRESENT, UNUSUAL_SUBJECT},
    {"PrintableString with NUL", subject_printable_nul, READABLE, 3, "subject: " BAD_CHARACTER, FIELD_PRESENT,
     FIELD_PRESENT, UNUSUAL_SUBJECT | UNUSUAL_NAME},
    {"PrintableString with an at sign in the issuer", issuer_at_sign, READABLE, 3,
     "issuer: RFC 5280 section 4.1.2.4: a string with characters that its type does not have", FIELD_PRESENT,
     FIELD_PRESENT, 0},
    {"IA5String with an umlaut", subject_ia5_umlaut, READABLE, 3, "subject: " BAD_CHARACTER, FIELD_PRESENT,
     FIELD_PRESENT, UNUSUAL_SUBJECT | UNUSUAL_NAME},
    {"NumericString", subject_numeric, FINE, UNUSUAL_SUBJECT},
    {"NumericString with a letter", subject_numeric_letter, READABLE, 3, "subject: " BAD_CHARACTER, FIELD_PRESENT,
     FIELD_PRESENT, UNUSUAL_SUBJECT},
#define BAD_TIME "notAfter: RFC 5280 section 4.1.2.5: not a time with seconds and Z"
    {"time without seconds", time_no_seconds, BROKEN, 3, BAD_TIME, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"time without Z", time_no_z, BROKEN, 3, BAD_TIME, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"time with an offset", time_offset, BROKEN, 3, BAD_TIME, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"time with a letter", time_letters, BROKEN, 3, BAD_TIME, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"29 February 2033", time_no_day, BROKEN, 3, BAD_TIME, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"29 February 2032", time_leap_day, FINE, 0},
    {"24 o'clock", time_hour_24, BROKEN, 3, BAD_TIME, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"fraction of a minute", time_fraction, BROKEN, 3, BAD_TIME, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"fraction of a second", time_seconds_fraction, BROKEN, 3, BAD_TIME, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"GeneralizedTime before 2050", time_general, FINE, UNUSUAL_VALUE},
    {"year 9999", time_9999, FINE, 0},
    {"notAfter before notBefore", time_1950, FINE, UNUSUAL_VALUE},
    {"last second of UTCTime", time_2049, FINE, 0},
    {"UTCTime with a century", time_wrong_tag, BROKEN, 3, BAD_TIME, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"time of type UTF8String", time_utf8, BROKEN, 3, BAD_TIME, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"one time", time_one, BROKEN, 3, BAD_TIME, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"three times", time_three, BROKEN, 3, "validity: RFC 5280 section 4.1.2.5: not a SEQUENCE of two times",
     FIELD_ABSENT, FIELD_ABSENT, 0},
    {"key with padding", key_padding, READABLE, 3,
     "subjectPublicKeyInfo: RFC 5280 section 4.1: the padding of the BIT STRING is not DER", FIELD_PRESENT,
     FIELD_PRESENT, UNUSUAL_KEY},
    {"key no BIT STRING", key_no_bits, BROKEN, 3,
     "subjectPublicKeyInfo: RFC 5280 section 4.1.2.7: not a SubjectPublicKeyInfo", FIELD_ABSENT, FIELD_ABSENT, 0},
    {"key of an unknown algorithm", key_unknown, FINE, UNUSUAL_KEY},
    {"no extension in the list", extensions_empty, READABLE, 3,
     "extensions: RFC 5280 section 4.1.2.9: the SEQUENCE is empty", FIELD_ABSENT, FIELD_ABSENT, UNUSUAL_EXTENSION},
    {"two lists of extensions", extensions_two_lists, BROKEN, 3,
     "extensions: RFC 5280 section 4.1.2.9: not a SEQUENCE of extensions", FIELD_ABSENT, FIELD_ABSENT, 0},
#define EXTENSION_FORM "extensions: RFC 5280 section 4.1.2.9: not an Extension"
    {"extension without a value", extension_no_value, BROKEN, 3, EXTENSION_FORM, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"constructed OCTET STRING", extension_constructed_value, BROKEN, 3, EXTENSION_FORM, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"extension with a fourth part", extension_tail, BROKEN, 3, EXTENSION_FORM, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"critical of two octets", critical_long, BROKEN, 3, EXTENSION_FORM, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"critical encoded FALSE", critical_false, READABLE, 3,
     "extensions: RFC 5280 section 4.1: critical is encoded although FALSE is its default", FIELD_PRESENT,
     FIELD_PRESENT, UNUSUAL_EXTENSION},
    {"critical encoded 3", critical_three, READABLE, 3,
     "extensions: RFC 5280 section 4.1: critical is neither TRUE nor FALSE in DER", FIELD_PRESENT, FIELD_PRESENT,
     UNUSUAL_EXTENSION},
    {"unknown critical extension", unknown_critical, FINE, UNUSUAL_CRITICAL},
    {"unknown extension", unknown_extension, FINE, 0},
#define TWICE "extensions: RFC 5280 section 4.2: one extension is there twice"
    {"unknown extension twice", unknown_twice, READABLE, 3, TWICE, FIELD_PRESENT, FIELD_PRESENT, UNUSUAL_EXTENSION},
    {"SAN twice", san_twice, READABLE, 3, TWICE, FIELD_DUPLICATE, FIELD_PRESENT, UNUSUAL_EXTENSION},
    {"EKU twice", eku_twice, READABLE, 3, TWICE, FIELD_PRESENT, FIELD_DUPLICATE, UNUSUAL_EXTENSION},
#define TOO_MANY "extensions: RFC 5280 section 4.2: more than 64, which is our limit"
    {"64 extensions", extensions_64, FINE, 0},
    {"65 extensions", extensions_65, READABLE, 3, TOO_MANY, FIELD_PRESENT, FIELD_PRESENT, UNUSUAL_EXTENSION},
    {"SAN again as the 65th", san_65th_twice, READABLE, 3, TOO_MANY, FIELD_DUPLICATE, FIELD_PRESENT, UNUSUAL_EXTENSION},
#define BAD_SAN READABLE, 3, "subjectAltName: RFC 5280 section 4.2.1.6: not GeneralNames", FIELD_MALFORMED, FIELD_ABSENT
    {"SAN of garbage", san_garbage, BAD_SAN, UNUSUAL_EXTENSION},
    {"SAN without names", san_empty, BAD_SAN, UNUSUAL_EXTENSION},
    {"SAN without octets", san_no_octets, BAD_SAN, UNUSUAL_EXTENSION},
    {"SAN with octets after", san_tail, BAD_SAN, UNUSUAL_EXTENSION},
    {"SAN as a SET", san_set, BAD_SAN, UNUSUAL_EXTENSION},
    {"SAN name [9]", san_tag_9, BAD_SAN, UNUSUAL_EXTENSION},
    {"SAN name cut short", san_cut, BAD_SAN, UNUSUAL_EXTENSION},
    {"SAN name not ASCII", san_not_ascii, BAD_SAN, UNUSUAL_EXTENSION | UNUSUAL_NAME},
    {"SAN otherName without a value", san_other_no_value, BAD_SAN, UNUSUAL_EXTENSION},
    {"SAN registeredID broken", san_bad_oid, BAD_SAN, UNUSUAL_EXTENSION},
    {"SAN directoryName broken", san_bad_directory, BAD_SAN, UNUSUAL_EXTENSION | UNUSUAL_NAME},
    {"SAN ediPartyName of an INTEGER", san_edi_integer, BAD_SAN, UNUSUAL_EXTENSION},
    {"SAN x400Address of garbage", san_x400_garbage, BAD_SAN, UNUSUAL_EXTENSION},
    {"SAN otherName of a primitive EXTERNAL", san_primitive_external, BAD_SAN, UNUSUAL_EXTENSION},
#define SAN_ONLY READABLE, 3, NULL, FIELD_PRESENT, FIELD_ABSENT
    {"SAN name with NUL", san_nul, SAN_ONLY, UNUSUAL_NAME},
    {"SAN address of 3 octets", san_odd_ip, SAN_ONLY, UNUSUAL_NAME},
    {"SAN addresses", san_ips, SAN_ONLY, 0},
    {"SAN of all kinds", san_all_kinds, SAN_ONLY, 0},
#define BAD_EKU                                                                                                        \
    READABLE, 3, "extKeyUsage: RFC 5280 section 4.2.1.12: not a list of OBJECT IDENTIFIERs", FIELD_ABSENT,             \
        FIELD_MALFORMED, UNUSUAL_EXTENSION
    {"EKU without purposes", eku_empty, BAD_EKU},
    {"EKU of garbage", eku_garbage, BAD_EKU},
    {"EKU of an INTEGER", eku_integer, BAD_EKU},
    {"EKU with octets after", eku_tail, BAD_EKU},
#define BAD(text) READABLE, 3, text, FIELD_ABSENT, FIELD_ABSENT, UNUSUAL_EXTENSION
    {"key usage without a bit", ku_no_bits, BAD("keyUsage: RFC 5280 section 4.2.1.3: not a BIT STRING with a bit set")},
    {"key usage no BIT STRING", ku_octets, BAD("keyUsage: RFC 5280 section 4.2.1.3: not a BIT STRING with a bit set")},
    {"key identifier an INTEGER", ski_integer,
     BAD("subjectKeyIdentifier: RFC 5280 section 4.2.1.2: not an OCTET STRING")},
    {"cA encoded FALSE", bc_false, READABLE, 3, NULL, FIELD_ABSENT, FIELD_ABSENT, 0},
    {"path length negative", bc_negative, BAD("basicConstraints: RFC 5280 section 4.2.1.9: not BasicConstraints")},
    {"basicConstraints with more", bc_tail, BAD("basicConstraints: RFC 5280 section 4.2.1.9: not BasicConstraints")},
    {"authority key id with octets after", aki_tail,
     BAD("authorityKeyIdentifier: RFC 5280 section 4.2.1.1: not an AuthorityKeyIdentifier")},
    {"name constraints empty", nc_empty, BAD("nameConstraints: RFC 5280 section 4.2.1.10: not NameConstraints")},
    {"name constraints with a name too many", nc_name_twice,
     BAD("nameConstraints: RFC 5280 section 4.2.1.10: not NameConstraints")},
    {"name constraints with a negative distance", nc_negative_distance,
     BAD("nameConstraints: RFC 5280 section 4.2.1.10: not NameConstraints")},
    {"name constraints with distances", nc_distances, READABLE, 3, NULL, FIELD_ABSENT, FIELD_ABSENT, UNUSUAL_VALUE},
    {"distribution point of an unordered RDN", crl_points_unordered,
     BAD("cRLDistributionPoints: RFC 5280 section 4.2.1.13: not CRLDistributionPoints")},
    {"distribution points empty", crl_points_empty,
     BAD("cRLDistributionPoints: RFC 5280 section 4.2.1.13: not CRLDistributionPoints")},
    {"policy qualifiers empty", policies_no_qualifiers,
     BAD("certificatePolicies: RFC 5280 section 4.2.1.4: not CertificatePolicies")},
    {"policy mappings empty", mappings_empty, BAD("policyMappings: RFC 5280 section 4.2.1.5: not PolicyMappings")},
    {"policy constraints empty", policy_constraints_empty,
     BAD("policyConstraints: RFC 5280 section 4.2.1.11: not PolicyConstraints")},
    {"inhibitAnyPolicy negative", any_policy_negative,
     BAD("inhibitAnyPolicy: RFC 5280 section 4.2.1.14: not a number of certificates")},
#define SIGNATURE_PADDING "signatureValue: RFC 5280 section 4.1: the padding of the BIT STRING is not DER"
    {"signature with padding", signature_padding, READABLE, 3, SIGNATURE_PADDING, FIELD_PRESENT, FIELD_PRESENT, 0},
    {"signature with 9 unused bits", signature_nine_unused, READABLE, 3, SIGNATURE_PADDING, FIELD_PRESENT,
     FIELD_PRESENT, 0},
    {"signature without bits", signature_no_bits, FINE, 0},
    {"signature missing", signature_missing, BROKEN, 3, "signatureValue: RFC 5280 section 4.1.1.3: not a BIT STRING",
     FIELD_PRESENT, FIELD_PRESENT, 0},
    {"more in tbsCertificate", tbs_tail, BROKEN, 3,
     "tbsCertificate: RFC 5280 section 4.1: more than its parts, or out of order", FIELD_PRESENT, FIELD_PRESENT, 0},
    {"more in the certificate", certificate_tail, BROKEN, 3,
     "certificate: RFC 5280 section 4.1: more than its three parts", FIELD_PRESENT, FIELD_PRESENT, 0},
    {"octets after the end", octets_after, READABLE, 3, "certificate: RFC 5280 section 4.1: octets after its end",
     FIELD_PRESENT, FIELD_PRESENT, 0},
};

static struct slice build(struct arena *a, const struct row *row)
{
    struct recipe r;
    recipe_everyday(a, &r);
    row->spoil(a, &r);
    return recipe_build(a, &r);
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct arena a = {0};
    struct slice der = build(&a, row);
    struct facts f;
    char why[512];
    facts_read(der, &f);
    if (row->malformed && f.malformed)
        assert_string_equal(f.malformed, row->malformed);
    else if (row->malformed || f.malformed)
        fail_msg("expected %s, found %s", row->malformed ? row->malformed : "nothing",
                 f.malformed ? f.malformed : "nothing");
    assert_int_equal(f.readable, row->readable);
    assert_int_equal(f.version, row->version);
    assert_int_equal(f.unusual, row->unusual);
    assert_int_equal(f.san.presence, row->san);
    assert_int_equal(f.eku.presence, row->eku);
    assert_true(f.malformed_at <= der.n);
    enum second verdict = second_read(second, der, &f, why, sizeof why);
    if (verdict != SECOND_AGREES)
        fail_msg("the second reader: %s", why);
    arena_free(&a);
}

static const struct mistake {
    const char *name, *octets, *malformed;
} mistakes[] = {
    {"no octets", "", "certificate: RFC 5280 section 4.1: the value is empty"},
    {"PEM", "-----BEGIN CERTIFICATE-----\n", "certificate: RFC 5280 section 4.1: PEM text where DER is wanted"},
    {"PEM after blanks", " \n-----BEGIN CERTIFICATE-----",
     "certificate: RFC 5280 section 4.1: PEM text where DER is wanted"},
    {"base64", "MIIDJTCCAg2gAwIBAgIU", "certificate: RFC 5280 section 4.1: base64 text where DER is wanted"},
    {"garbage", "garbage", "certificate: RFC 5280 section 4.1: not a SEQUENCE in DER, or cut short"},
    {"an empty SEQUENCE", "\x30", "certificate: RFC 5280 section 4.1: not a SEQUENCE in DER, or cut short"},
};

static void test_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        struct facts f;
        char why[256];
        facts_read(slice_of(mistakes[i].octets), &f);
        assert_non_null(f.malformed);
        assert_string_equal(f.malformed, mistakes[i].malformed);
        assert_false(f.readable);
        assert_int_equal(second_read(second, slice_of(mistakes[i].octets), &f, why, sizeof why), SECOND_AGREES);
    }
}

static void test_too_large_to_address(void **state)
{
    (void)state;
    static const uint8_t octets[16] = {0x30};
    struct facts f;
    facts_read(slice_make(octets, (size_t)1 << 31), &f);
    assert_string_equal(f.malformed, "certificate: RFC 5280 section 4.1: 2^31 octets or more, which is our limit");
    facts_read((struct slice){NULL, 0}, &f);
    assert_string_equal(f.malformed, mistakes[0].malformed);
}

static void test_fields(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    recipe_everyday(&a, &r);
    struct slice der = recipe_build(&a, &r);
    struct facts f;
    facts_read(der, &f);
    assert_true(slice_eq(facts_slice(der, f.serial), O(1)));
    assert_true(slice_eq(facts_slice(der, f.issuer), r.issuer));
    assert_true(slice_eq(facts_slice(der, f.subject), r.subject));
    assert_true(slice_eq(facts_slice(der, f.spki), r.spki));
    assert_true(slice_eq(facts_slice(der, f.key_algorithm), O(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01)));
    assert_true(
        slice_eq(facts_slice(der, f.signature_algorithm), O(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b)));
    assert_int_equal(f.not_before_utc, 1704067200);
    assert_int_equal(f.not_after_utc, 2019686400);
    assert_int_equal(f.common_names, 1);
    assert_false(f.san.critical);
    assert_int_equal(facts_key_family(der, &f), KEY_RSA);
    arena_free(&a);
}

static void test_critical_is_kept(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    recipe_everyday(&a, &r);
    r.extensions =
        der_extension(&a, 17, DER(&a, DER_BOOLEAN, O(0xff)), DER(&a, DER_SEQUENCE, DER_TEXT(&a, 0x82, "h1")));
    struct slice der = recipe_build(&a, &r);
    struct facts f;
    facts_read(der, &f);
    assert_true(f.san.critical);
    assert_null(f.malformed);
    arena_free(&a);
}

/* Large input takes time in proportion: generous against a slow machine with sanitizers, hopeless for a square. */
enum { LARGE_MOST_S = 5 };

static void read_large(struct slice der, struct facts *f)
{
    char why[256];
    time_t start = time(NULL);
    facts_read(der, f);
    assert_true(time(NULL) - start <= LARGE_MOST_S);
    assert_non_null(f->malformed);
    assert_non_null(strstr(f->malformed, "our limit"));
    assert_true(f->readable);
    assert_true(f->unusual & UNUSUAL_SIZE);
    assert_int_equal(second_read(second, der, f, why, sizeof why), SECOND_FAULT);
    assert_non_null(strstr(why, "too large"));
}

static void test_many_names(void **state)
{
    (void)state;
    enum { NAMES = 500000, EACH = 8 };
    struct arena a = {0};
    struct recipe r;
    uint8_t *names = arena_alloc(&a, NAMES * EACH);
    for (size_t i = 0; i < NAMES; i++)
        memcpy(names + i * EACH, "\x82\x06h.test", EACH);
    recipe_everyday(&a, &r);
    r.extensions = der_extension(&a, 17, nothing, DER(&a, DER_SEQUENCE, slice_make(names, NAMES * EACH)));
    struct slice der = recipe_build(&a, &r), value;
    struct facts f;
    read_large(der, &f);
    struct slice cursor = facts_san(der, &f);
    enum general_name kind;
    size_t n = 0;
    while (facts_next_name(&cursor, &kind, &value))
        n++;
    assert_int_equal(n, NAMES);
    arena_free(&a);
}

static void test_long_common_name(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    recipe_everyday(&a, &r);
    r.subject = der_common_name(&a, DER_UTF8_STRING, der_fill(&a, 'h', 20 * 1000 * 1000));
    read_large(recipe_build(&a, &r), &f);
    assert_int_equal(f.common_names, 1);
    arena_free(&a);
}

static void test_many_attributes(void **state)
{
    (void)state;
    enum { ATTRIBUTES = 200000 };
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    struct slice one = DER(&a, DER_SET, text_attribute(&a, 3, "h"));
    uint8_t *all = arena_alloc(&a, ATTRIBUTES * one.n);
    for (size_t i = 0; i < ATTRIBUTES; i++)
        memcpy(all + i * one.n, one.p, one.n);
    recipe_everyday(&a, &r);
    r.subject = DER(&a, DER_SEQUENCE, slice_make(all, ATTRIBUTES * one.n));
    struct slice der = recipe_build(&a, &r), value;
    read_large(der, &f);
    assert_int_equal(f.common_names, ATTRIBUTES);
    struct slice cursor = facts_subject(der, &f);
    uint8_t tag;
    size_t n = 0;
    while (facts_next_common_name(&cursor, &tag, &value))
        n++;
    assert_int_equal(n, ATTRIBUTES);
    arena_free(&a);
}

static void test_large_key_and_serial(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    recipe_everyday(&a, &r);
    struct slice oid = DER(&a, DER_OID, O(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01));
    r.serial = DER(&a, DER_INTEGER, der_fill(&a, 0x55, 1000 * 1000));
    r.spki =
        DER(&a, DER_SEQUENCE, DER(&a, DER_SEQUENCE, oid, DER_EMPTY(&a, DER_NULL)),
            DER(&a, DER_BIT_STRING, O(0),
                DER(&a, DER_SEQUENCE, DER(&a, DER_INTEGER, der_fill(&a, 0x55, 2 << 20)), DER(&a, DER_INTEGER, O(3)))));
    read_large(recipe_build(&a, &r), &f);
    assert_true(f.unusual & UNUSUAL_SERIAL);
    arena_free(&a);
}

/* Nothing is read beyond a cut, and a cut certificate is always malformed, for both readers. */
static void test_truncations(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    recipe_everyday(&a, &r);
    struct slice der = recipe_build(&a, &r);
    for (size_t n = 0; n < der.n; n++) {
        uint8_t *cut = malloc(n + !n); /* of its own, so that the sanitizer sees the end */
        char why[256];
        struct facts f;
        assert_non_null(cut);
        memcpy(cut, der.p, n);
        facts_read(slice_make(cut, n), &f);
        assert_non_null(f.malformed);
        assert_false(f.readable);
        assert_int_equal(second_read(second, slice_make(cut, n), &f, why, sizeof why), SECOND_AGREES);
        free(cut);
    }
    arena_free(&a);
}

static int open_second(void **state)
{
    (void)state;
    struct fault fault = {""};
    return second_open(&second, &fault) == RC_OK ? 0 : -1;
}

static int close_second(void **state)
{
    (void)state;
    second_close(second);
    return 0;
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_mistakes),        cmocka_unit_test(test_too_large_to_address),
        cmocka_unit_test(test_fields),          cmocka_unit_test(test_critical_is_kept),
        cmocka_unit_test(test_many_names),      cmocka_unit_test(test_long_common_name),
        cmocka_unit_test(test_many_attributes), cmocka_unit_test(test_large_key_and_serial),
        cmocka_unit_test(test_truncations),
    };
    struct CMUnitTest tests[COUNT(rows) + COUNT(others)];
    for (size_t i = 0; i < COUNT(rows); i++)
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name,
            .test_func = test_row,
            .initial_state = (void *)(uintptr_t)&rows[i], /* which cmocka does not change */
        };
    memcpy(tests + COUNT(rows), others, sizeof others);
    return cmocka_run_group_tests_name("reader", tests, open_second, close_second);
}
