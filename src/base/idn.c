/* SPDX-License-Identifier: Apache-2.0 */
#include "base/idn.h"

#include "base/escape.h"

#include <idn2.h>
#include <stdlib.h>

/*
 * UTS 46 takes these out of a name without a trace.  They are seen by nobody, and IDNA2008 has no place for them: a
 * name with one is not the name that it looks like.
 * @source UTS 46 section 4, status "ignored"; RFC 5892 section 2.3
 */
static const struct {
    uint32_t first, last;
} ignored[] = {
    {0xad, 0xad},     {0x34f, 0x34f},   {0x180b, 0x180d}, {0x180f, 0x180f},   {0x200b, 0x200b},   {0x2060, 0x2060},
    {0x2064, 0x2064}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0x1bca0, 0x1bca3}, {0xe0100, 0xe01ef},
};

static bool has_ignored(struct slice name)
{
    uint32_t code;
    for (size_t n; (n = utf8_read(name, &code)) > 0; name = slice_from(name, n))
        for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
            if (code >= ignored[i].first && code <= ignored[i].last)
                return true;
    return false;
}

size_t idn_to_ascii(struct slice name, uint8_t out[IDN_ROOM])
{
    char text[4 * IDN_ROOM];
    if (name.n == 0 || name.n >= sizeof text || memchr(name.p, 0, name.n) || has_ignored(name))
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
