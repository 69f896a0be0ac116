/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What `fairlead serve` does: the supervisor (DESIGN 3 and 3.1). It holds what must outlive a crash (the
 * listening sockets, the private Unix sockets, the generation page, the metrics slabs, the lock on the data
 * directory), starts one core, N fronts and one fetcher, starts again what ends, passes on a new
 * configuration and stops everything in order. It speaks no network protocol and opens no database.
 *
 *     SIGTERM, SIGINT  fronts accept nothing new and finish, at most server.stop_timeout; then the core, then
 * the fetcher. A second one ends the wait.
 *     SIGHUP           reload: all processes take the new configuration, or none does.
 *
 * Ready is said when core, fronts and fetcher all serve: {data}/run/listeners.json is written
 * ({"internal":"127.0.0.1:8080", ...}: the addresses as bound, without those that are off), the log says
 * server.ready, the service manager is told.
 *
 * Where to change what: listeners.c sockets and listeners.json; worker.c life and death of a child;
 * channels.c what a child is given; reload.c, stop.c; single.c for server.fronts: 0; child_main.c what runs
 * in a child before front_main, core_main and fetcher_main.
 */

#include "config/settings.h"

struct server_options {
    struct settings_sources
        sources; /* kept and read again on SIGHUP; everything borrowed for the whole run */
};

/* Exit status: 0 after an ordered stop, 1 when it could not start or gave up. Messages go to stderr. */
int server_run(const struct server_options *options);

/* `fairlead --child front|core|fetcher`, argv as main got it. Exit status. */
int server_child_main(int argc, char **argv);
