/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of name.h share: the attribute table. */

#include "x509/name.h"
#include "x509/oid.h"

#define NAME_PARTS_MAX 64
#define NAME_VALUE_MAX 1024

struct name_type {
    enum oid oid;
    const char *label; /* RFC 4514 section 3 where it has one, else the descriptor that OpenSSL prints */
};
extern const struct name_type name_types[NAME_OTHER]; /* by enum name_attribute */
