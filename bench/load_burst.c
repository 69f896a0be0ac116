/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int load_burst(const struct load_options *o, SSL_CTX *ctx)
{
    struct load_connection *all = calloc(o->connections, sizeof *all);
    unsigned open = 0, good = 0;
    while (all && open < o->connections && load_connect(o, ctx, &all[open]) == 0)
        open++;
    const double started = seconds_now();
    for (unsigned i = 0; i < open; i++)
        all[i].status = load_h1_send(o, &all[i], o->path);
    for (unsigned i = 0; i < open; i++)
        good += all[i].status == 0 && load_h1_answer(o, &all[i]) == o->expect;
    const double took = seconds_now() - started;
    for (unsigned i = 0; i < open; i++)
        load_disconnect(&all[i], true);
    free(all);
    printf("{\"operations\": %u, \"errors\": %u, \"seconds\": %.3f, \"p50_us\": %.0f, \"p99_us\": %.0f}\n",
           good, o->connections - good, took, took * 1e6, took * 1e6);
    return 0;
}
