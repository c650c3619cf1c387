/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both readers over one input.  Where they differ nothing is ever acted on, so a difference is safe; each kind that is
 * known and left stands in the table with its reason, and any other is a find.
 */
#include "fuzz/fuzz.h"

#include "x509/reader.h"
#include "x509/second_local.h"

#include <string.h>

static const struct {
    const char *why; /* how the second reader's text begins, or a part of it */
    const char *reason;
} known[] = {
    {"over ", "too large for the second reader"},
    {"malformed: ours is \"no\", OpenSSL's \"a string of no string type\"",
     "OpenSSL takes only string types for a name attribute; X.501 allows any"},
    {"presence: ours is 1, OpenSSL's 2, for a string of no string type", "the same, in a directoryName"},
    {"malformed: ours is \"no\", OpenSSL's \"a value of a type that OpenSSL takes for another\"",
     "EXTERNAL, EMBEDDED PDV and CHARACTER STRING are constructed, which OpenSSL does not keep"},
    {"presence: ours is 1, OpenSSL's 2, for a value of a type that OpenSSL takes for another",
     "the same, in an extension"},
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
    static struct second_local *second;
    struct fault fault = {""};
    if (!second)
        PROMISE(second_local_open(&second, &fault) == RC_OK);
    struct slice der = slice_make(data, size);
    struct facts f;
    char why[512];
    facts_read(der, &f);
    enum second verdict = second_local_read(second, der, &f, why, sizeof why);
    PROMISE((verdict == SECOND_AGREES) == (why[0] == '\0'));
    if (verdict != SECOND_AGREES && !is_known(why)) {
        fprintf(stderr, "the readers differ: %s\n", why);
        abort();
    }
    return 0;
}
