/* SPDX-License-Identifier: Apache-2.0 */
#include "base/idn.h"

#include <idn2.h>
#include <stdlib.h>

size_t idn_to_ascii(struct slice name, uint8_t out[IDN_ROOM])
{
    char text[4 * IDN_ROOM];
    if (name.n == 0 || name.n >= sizeof text || memchr(name.p, 0, name.n))
        return 0;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    char *ascii = NULL;
    size_t n = 0;
    if (idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK) {
        n = strlen(ascii);
        if (n >= IDN_ROOM)
            n = 0;
        memcpy(out, ascii, n);
    }
    idn2_free(ascii);
    return n;
}
