/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Numbers under which fronts count the calls of a service (os/slab.h). The names are in the core's slab, so a
 * core that starts again goes on with them. Any thread.
 */

#include "base/bytes.h"
#include "os/slab.h"

struct call_series;

/* `own` is borrowed: the core's slab. */
struct status series_open(struct slab *own, struct call_series **out);
void series_close(struct call_series *s); /* accepts NULL */
/* SLAB_SERIES_OTHER when all numbers are given away, for what has no name, and when `s` is NULL. */
uint16_t series_number(struct call_series *s, struct text tenant, struct text application,
                       struct text service);
