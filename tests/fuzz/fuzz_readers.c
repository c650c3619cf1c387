/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both readers over one input.  Where they differ nothing is ever acted on, so a difference is safe; each kind that is
 * known and left stands in the table with its reason, and any other is a find.
 */
#include "fuzz/fuzz.h"

#include "x509/reader.h"
#include "x509/second.h"

#include <string.h>

static const struct {
    const char *why; /* how the second reader's text begins, or a part of it */
    const char *reason;
} known[] = {
    {"over ", "too large for the second reader"},
    {"malformed: ours is \"no\", OpenSSL's \"no certificate\"",
     "OpenSSL takes only string types for a name attribute; X.501 allows any"},
    {"not a Name\", OpenSSL's \"no\"", "BER in a Name, which OpenSSL keeps as it stands"},
    {"cRLDistributionPoints presence: ours is 1, OpenSSL's 2",
     "the same, in a directoryName or a name relative to the issuer"},
    {"cRLDistributionPoints presence: ours is 2, OpenSSL's 1",
     "BER within a directoryName, which OpenSSL keeps as it stands"},
    {"nameConstraints presence: ours is 1, OpenSSL's 2", "a name attribute of no string type in a directoryName"},
    {"nameConstraints presence: ours is 2, OpenSSL's 1",
     "BER within a directoryName, which OpenSSL keeps as it stands"},
    {"authorityKeyIdentifier presence: ours is 1, OpenSSL's 2",
     "a name attribute of no string type in a directoryName"},
    {"authorityKeyIdentifier presence: ours is 2, OpenSSL's 1",
     "BER within a directoryName, which OpenSSL keeps as it stands"},
    {"subjectAltName presence: ours is 1, OpenSSL's 2", "a name attribute of no string type in a directoryName"},
    {"authorityInfoAccess presence: ours is 1, OpenSSL's 2", "a name attribute of no string type in a directoryName"},
    {"authorityInfoAccess presence: ours is 2, OpenSSL's 1",
     "what an x400Address or a directoryName holds, which OpenSSL keeps as it stands"},
    {"subjectAltName presence: ours is 2, OpenSSL's 1",
     "X.690 section 8.1.5 keeps tag 0 for another use; OpenSSL lets the value of an otherName have it"},
    {"certificatePolicies presence: ours is 1, OpenSSL's 2",
     "values of policy qualifiers that OpenSSL would encode otherwise"},
};

static bool is_known(const char *why)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(why, known[i].why))
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct second_reader *second;
    struct fault fault = {""};
    if (!second)
        PROMISE(second_open(&second, &fault) == RC_OK);
    struct slice der = slice_make(data, size);
    struct facts f;
    char why[512];
    facts_read(der, &f);
    enum second verdict = second_read(second, der, &f, why, sizeof why);
    PROMISE((verdict == SECOND_AGREES) == (why[0] == '\0'));
    if (verdict != SECOND_AGREES && !is_known(why)) {
        fprintf(stderr, "the readers differ: %s\n", why);
        abort();
    }
    return 0;
}
