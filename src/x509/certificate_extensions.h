/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to certificate.c: the extensions of RFC 5280 4.2. */

#include "x509/certificate.h"

/* `der` is the content of [3]. Fills everything of *c that comes from an extension. */
struct status certificate_read_extensions(struct bytes der, struct arena *a, struct certificate_fields *c,
                                          struct error *err);
