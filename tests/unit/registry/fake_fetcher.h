/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A fetcher that downloads nothing: a thread on a Unix socket that remembers what it was asked and gives the
 * answer a test put there. One job at a time. A failure ends the test program.
 */

#include "fetch/fetch.h"

struct fake_fetcher;

struct fake_fetcher *fake_fetcher_open(const char *path);
void fake_fetcher_close(struct fake_fetcher *f);

/* What every job gets from now on; `document` is copied. FETCH_OUTCOME_END: none, as of one that died. */
void fake_fetcher_answer(struct fake_fetcher *f, enum fetch_outcome outcome, int http_status,
                         const char *reason, enum fetch_format format, const char *document);

unsigned fake_fetcher_jobs(struct fake_fetcher *f);
/* The last request as "document https://... user:password header=value ?query=value claim" or "check claim
 * <document>". Borrowed until the next job. */
const char *fake_fetcher_last(struct fake_fetcher *f);
