/* SPDX-License-Identifier: Apache-2.0 */
/* The local configuration file. */
#include "fuzz/fuzz.h"

#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct conf conf;
    struct conf_problems problems = {0};
    enum rc rc = conf_parse(slice_make(data, size), &a, &conf, &problems);
    PROMISE((rc == RC_OK) == (problems.count == 0));
    if (rc == RC_OK) {
        PROMISE(conf.base && conf.base[0] && conf.instance && conf.uris && conf.uris[0]);
        PROMISE(conf.interval_s > 0 && conf.timeout_s > 0);
    }
    arena_free(&a);
    return 0;
}
