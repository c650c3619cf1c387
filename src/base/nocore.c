/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nocore.h"

#include <sys/prctl.h>
#include <sys/resource.h>

/* Neither can fail: to lower a limit needs no right.  The limit alone would not do where cores go to a pipe. */
void nocore_set(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
