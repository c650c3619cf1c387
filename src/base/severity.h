/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SEVERITY_H
#define BASE_SEVERITY_H

/* @source RFC 5424 section 6.2.1; the numbers are the standard's */
enum severity {
    SEVERITY_ERR = 3,
    SEVERITY_WARNING = 4,
    SEVERITY_NOTICE = 5,
    SEVERITY_INFO = 6,
    SEVERITY_DEBUG = 7,
};

#endif
