/* SPDX-License-Identifier: Apache-2.0 */
/* LDIF, and the target URLs and distinguished names that administrators write. */
#include "fuzz/fuzz.h"

#include "base/dn.h"
#include "core/target.h"
#include "ctl/ldif.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct slice text = slice_make(data, size), reason = {NULL, 0};
    struct ldif_reader r = ldif_open(text);
    struct ldif_record record;
    struct ldif_complaint complaint;
    size_t records = 0;
    for (enum ldif_result result; (result = ldif_next(&a, &r, &record, &complaint)) != LDIF_END; records++) {
        PROMISE(records <= size);
        if (result == LDIF_RECORD)
            ldif_entry(&a, &record);
        else
            PROMISE(complaint.reason && complaint.line > 0);
    }
    struct target t;
    if (!target_compile(&a, text, &t, &reason))
        PROMISE(reason.n > 0);
    else
        PROMISE(dn_ok(t.base) || t.base.n == 0);
    if (dn_ok(text) && text.n)
        PROMISE(dn_first_rdn(text).n > 0);
    arena_free(&a);
    return 0;
}
