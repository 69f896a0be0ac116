/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The network side: listeners, TLS, HTTP, limits and identity; everything that needs knowledge crosses to the
 * core over the private hop. A front holds the listeners' TLS keys and trust anchors, and answers of the core
 * that are good while their counters stand still (os/page.h). It never sees the store, the vault or the CA's
 * key (scripts/layers.txt).
 */

#include "event/loop.h"
#include "os/child.h"

struct front;

/* Starts on this loop; asks the core for the listeners' keys, then serves and says READY on ch->control_fd.
 * `ch` outlives the front. */
struct status front_start(struct loop *loop, const struct child_channels *ch, struct front **out,
                          struct error *err);
void front_free(struct front *f); /* accepts NULL */

/* A whole front process: loop, front_start, loop_run. Exit status. */
int front_main(const struct child_channels *ch);
