/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a suite stands against verdicts that others published: one line for each file and category, which tests/run
 * prints at its end.
 */
#ifndef TESTS_SUPPORT_SCORE_H
#define TESTS_SUPPORT_SCORE_H

/* "score: <file>: <category>: <right> of <total>", and in parentheses a note where there is one (may be NULL). */
void score_tell(const char *file, const char *category, unsigned right, unsigned total, const char *note);
/* The file is not there, so nothing of it was tried: also a line of the score. */
void score_absent(const char *file);
/* The exit code of a suite that ended in so many failures: 77, which counts as skipped, where nothing was there to try.
 */
int score_result(int failed);

#endif
