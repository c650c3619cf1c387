/* SPDX-License-Identifier: Apache-2.0 */
/* Log escaping: whatever a value holds, it is one line of printable text, and no value begins another field. */
#include "fuzz/fuzz.h"

#include "run/log.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINE_ROOM = 32 * 1024 };

static int64_t no_clock(void *context)
{
    (void)context;
    return 0;
}

/* One log for each format, as long as the process; the file behind it holds one line at a time. */
static size_t write_line(enum log_format format, struct slice first, struct slice second, char line[LINE_ROOM])
{
    static struct log *logs[2];
    static int fds[2];
    if (!logs[format]) {
        fds[format] = memfd_create("fuzz", 0);
        logs[format] = log_open(&(struct log_settings){
            .fd = fds[format], .format = format, .least = SEVERITY_DEBUG, .instance = "fuzz", .clock = no_clock});
    }
    PROMISE(ftruncate(fds[format], 0) == 0 && lseek(fds[format], 0, SEEK_SET) == 0);
    LOG_EVENT(logs[format], EVENT_PROBLEM, log_slice("dn", first), log_slice("value", second));
    ssize_t n = pread(fds[format], line, LINE_ROOM - 1, 0);
    PROMISE(n > 0);
    line[n] = '\0';
    return (size_t)n;
}

/* Text outside of quotation marks, which a reader takes for structure. */
static size_t count_outside(const char *line, char octet)
{
    size_t count = 0;
    bool quoted = false;
    for (const char *c = line; *c; c++) {
        if (quoted && *c == '\\' && c[1])
            c++;
        else if (*c == '"')
            quoted = !quoted;
        else if (!quoted && *c == octet)
            count++;
    }
    PROMISE(!quoted);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char line[LINE_ROOM], plain[2][LINE_ROOM];
    struct slice second = slice_make(data, size), first = fuzz_part(&second, 0xff);
    for (int format = LOG_LOGFMT; format <= LOG_JSON; format++) {
        if (!plain[format][0])
            write_line((enum log_format)format, SLICE_LITERAL("a"), SLICE_LITERAL("b"), plain[format]);
        size_t n = write_line((enum log_format)format, first, second, line);
        PROMISE(strlen(line) == n && line[n - 1] == '\n' && strchr(line, '\n') == line + n - 1);
        PROMISE(fuzz_is_printable(slice_make(line, n - 1)) || memchr(line, '\\', n));
        for (size_t i = 0; i + 1 < n; i++)
            PROMISE((uint8_t)line[i] >= 0x20 && line[i] != 0x7f);
        char mark = format == LOG_JSON ? ':' : '=';
        PROMISE(count_outside(line, mark) == count_outside(plain[format], mark));
    }
    return 0;
}
