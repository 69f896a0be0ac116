/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The https URLs that a server hands out. Pure functions; texts are borrowed from the input. */

#include "base/bytes.h"
#include "base/error.h"

struct url {
    struct text authority; /* "host:8443", "[::1]:8443": for Host */
    char host[256];        /* without brackets */
    char port[6];          /* "443" when the URL has none */
    struct text target;    /* path and query; "/" when there is none */
};

/* E_INVALID says what is wrong without quoting the URL: it may hold a token. No user, no fragment, no blanks.
 */
struct status url_parse(struct text t, struct url *out, struct error *err);
