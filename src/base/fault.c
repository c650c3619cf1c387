/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>

enum rc fault_set(struct fault *fault, enum rc rc, const char *format, ...)
{
    if (fault && fault->text[0] == '\0') {
        va_list args;
        va_start(args, format);
        vsnprintf(fault->text, sizeof fault->text, format, args);
        va_end(args);
    }
    return rc;
}
