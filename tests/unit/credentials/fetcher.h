/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A fetcher that goes nowhere: it counts jobs by kind, remembers the last one of each, and answers as the
 * test says; many jobs at once. Tokens and cookies get the number of the job behind them: "t1", "t2". A
 * failure ends the test program.
 */

#include "fetch/fetch.h"

struct fetcher;

struct fetcher *fetcher_open(const char *path);
void fetcher_close(struct fetcher *f);

/* At first everything is fine: addresses 192.0.2.1, tokens "t<n>" for 100 s, CSRF tokens "c<n>" with cookies
 * "s=<n>". */
void fetcher_says(struct fetcher *f, enum fetch_job job, enum fetch_outcome outcome, int http_status,
                  const char *reason);
void fetcher_expires(struct fetcher *f, int64_t seconds); /* expires_in of OAuth tokens; -1: none */
void fetcher_address(struct fetcher *f, uint8_t last);    /* of 192.0.2.x */
/* While it holds, jobs are counted but not answered. */
void fetcher_hold(struct fetcher *f, bool holds);
/* Jobs of the kind that came, and waits (5 s) until there are that many. */
unsigned fetcher_jobs(struct fetcher *f, enum fetch_job job);
void fetcher_wait_jobs(struct fetcher *f, enum fetch_job job, unsigned count);
/* The last job of the kind: "URL user:password authorization=A name: value ?name=value &name=value chain key
 * anchors insecure", what there is of it; "host:port" of an address. Borrowed until the next call. */
const char *fetcher_last(struct fetcher *f, enum fetch_job job);
