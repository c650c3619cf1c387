/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: replay PATH...
 * Gives every file below the paths to a fuzz target, once.  A path that is not there is told, and is no failure.
 */
#include "fuzz/fuzz.h"

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDERS_OPEN = 16, FILE_OCTETS_MOST = 16 * 1024 * 1024 };

static size_t files;

static void replay(const char *path, size_t size)
{
    FILE *f = fopen(path, "rb");
    uint8_t *octets = malloc(size ? size : 1); /* exactly as large as the input, so that a step too far is seen */
    if (!f || !octets || fread(octets, 1, size, f) != size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    fclose(f);
    fprintf(stderr, "%s\n", path); /* the last one tells where it ended */
    LLVMFuzzerTestOneInput(octets, size);
    free(octets);
    files++;
}

static int visit(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)at;
    if (kind == FTW_F && st->st_size <= FILE_OCTETS_MOST)
        replay(path, (size_t)st->st_size);
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (access(argv[i], R_OK) != 0)
            printf("SKIPPED: %s is not there\n", argv[i]);
        else if (nftw(argv[i], visit, FOLDERS_OPEN, FTW_PHYS) != 0)
            return 1;
    printf("%zu files\n", files);
    return 0;
}
