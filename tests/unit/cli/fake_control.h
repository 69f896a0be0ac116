/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A server as far as a command can tell: a thread behind {dir}/run/control.sock that hears requests and
 * answers what the test wrote down, one answer per connection, in order. After the last it closes without a
 * word.
 */

#include <pthread.h>

#include "base/buffer.h"
#include "cli/cli.h"

#define FAKE_REQUESTS_MAX 32

struct fake_control {
    char directory[64];
    const char *const *answers; /* "200 {...}"; NULL ends the list */
    struct buffer heard[FAKE_REQUESTS_MAX];
    size_t count; /* requests; read after fake_stop */
    int listening;
    pthread_t thread;
};

void fake_start(struct fake_control *f, const char *const *answers);
void fake_stop(struct fake_control *f); /* waits for it; then look at what it heard */
void fake_release(struct fake_control *f);
struct text fake_head(const struct fake_control *f,
                      size_t i); /* of request i; a failure when there is none */
struct text fake_body(const struct fake_control *f, size_t i);

/* Runs a command line (without --data) against the fake, which is started and stopped. c->out has the output;
 * cli_ended() when it was looked at. */
struct status fake_run(struct fake_control *f, const char *const *answers, struct cli *c,
                       const char *const *words, struct error *err);
void cli_ended(struct cli *c);
