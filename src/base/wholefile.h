/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are replaced as a whole: who reads one sees the old text or the new one, never a part. */
#ifndef BASE_WHOLEFILE_H
#define BASE_WHOLEFILE_H

#include "base/fault.h"
#include "base/slice.h"

/*
 * The file at `path` has that text and mode.  It is written beside its place, under a name that begins with a dot and
 * ends in ".tmp", and then renamed.  RC_FAULT, or RC_NOT_FOUND where its folder is missing: the old file stands as it
 * was, and nothing is left beside it.  Nothing is synchronised to the disk.  Where a limit on file sizes may be
 * reached, the caller has to ignore SIGXFSZ.
 */
enum rc wholefile_write(const char *path, struct slice text, unsigned mode, struct fault *fault) MUST_USE;

#endif
