/* SPDX-License-Identifier: Apache-2.0 */
#include "core/name_type.h"

static const struct {
    struct slice oid;
    const char *written; /* NULL: in dotted decimal, as it always was in dircertIssuer */
    const char *read;    /* between blanks */
} types[] = {
    {SLICE_LITERAL("\x55\x04\x03"), "CN", "CN commonName"},
    {SLICE_LITERAL("\x55\x04\x06"), "C", "C countryName"},
    {SLICE_LITERAL("\x55\x04\x07"), "L", "L localityName"},
    {SLICE_LITERAL("\x55\x04\x08"), "ST", "ST S stateOrProvinceName"},
    {SLICE_LITERAL("\x55\x04\x09"), "STREET", "STREET streetAddress"},
    {SLICE_LITERAL("\x55\x04\x0a"), "O", "O organizationName"},
    {SLICE_LITERAL("\x55\x04\x0b"), "OU", "OU organizationalUnitName"},
    {SLICE_LITERAL("\x55\x04\x05"), "serialNumber", "serialNumber"},
    {SLICE_LITERAL("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), "DC", "DC domainComponent"},
    {SLICE_LITERAL("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"), "UID", "UID userId"},
    {SLICE_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), "emailAddress", "emailAddress E email"},
    {SLICE_LITERAL("\x55\x04\x04"), NULL, "SN surname"},
    {SLICE_LITERAL("\x55\x04\x0c"), NULL, "title"},
    {SLICE_LITERAL("\x55\x04\x0d"), NULL, "description"},
    {SLICE_LITERAL("\x55\x04\x0f"), NULL, "businessCategory"},
    {SLICE_LITERAL("\x55\x04\x11"), NULL, "postalCode"},
    {SLICE_LITERAL("\x55\x04\x29"), NULL, "name"},
    {SLICE_LITERAL("\x55\x04\x2a"), NULL, "GN givenName"},
    {SLICE_LITERAL("\x55\x04\x2b"), NULL, "initials"},
    {SLICE_LITERAL("\x55\x04\x2c"), NULL, "generationQualifier"},
    {SLICE_LITERAL("\x55\x04\x2e"), NULL, "dnQualifier"},
    {SLICE_LITERAL("\x55\x04\x41"), NULL, "pseudonym"},
    {SLICE_LITERAL("\x55\x04\x61"), NULL, "organizationIdentifier"},
};

bool name_type_find(struct slice word, struct slice *oid)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct slice rest = slice_of(types[i].read), name;
        while (slice_word(&rest, &name))
            if (slice_eq_nocase(name, word)) {
                *oid = types[i].oid;
                return true;
            }
    }
    return false;
}

const char *name_type_text(struct slice oid)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (slice_eq(types[i].oid, oid))
            return types[i].written;
    return NULL;
}
