/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's tool: everything is in ctl/. */
#include "base/nocore.h"
#include "base/standard.h"
#include "ctl/ctl.h"
#include "x509/cage.h"

int main(int argc, char **argv)
{
    standard_open();
    nocore_set();     /* it may hold a password */
    cage_start(NULL); /* before anything is read that a worker must not have */
    int code = ctl_main(argc, argv);
    cage_stop();
    return code;
}
