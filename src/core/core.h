/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The domain side: the store, the vault, the CA, the connector and the registry behind the private hop and
 * the control socket. All writes of the node happen here. One loop for I/O and inline handlers; blocking
 * handlers on a pool of request threads (event/workqueue.h), whose writes share commits.
 */

#include "event/loop.h"
#include "os/child.h"

struct core;

/* Opens everything, bumps every generation counter, then serves and says READY. Blocks while the store opens.
 * `ch` outlives the core. */
struct status core_start(struct loop *loop, const struct child_channels *ch, struct core **out,
                         struct error *err);
void core_free(struct core *c); /* waits for running requests; accepts NULL */

/* A whole core process: loop, core_start, loop_run. Exit status. */
int core_main(const struct child_channels *ch);
