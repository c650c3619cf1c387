/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's tool: everything is in ctl/. */
#include "base/nocore.h"
#include "ctl/ctl.h"

int main(int argc, char **argv)
{
    nocore_set(); /* it may hold a password */
    return ctl_main(argc, argv);
}
