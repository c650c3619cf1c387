/* SPDX-License-Identifier: Apache-2.0 */
/* Standard input, output and error are open, so that nothing else gets their numbers. */
#ifndef BASE_STANDARD_H
#define BASE_STANDARD_H

/*
 * Opens /dev/null for each of the three that whoever started the program has closed.  Programs call it before they open
 * anything: a socket or a file of that number would take what is meant for standard error, and the background would
 * replace it.
 */
void standard_open(void);

#endif
