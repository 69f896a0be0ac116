/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of `fairlead call` share: how the answer is shown, and the explanation. One thread. */

#include "cli/cli.h"
#include "cli/proxy_client.h"

/* ---- call_answer.c: what came back ---- */
struct proxy_answer {
    struct cli *cli;
    bool show_head;         /* -i */
    bool count_only;        /* --explain: bodies are counted, not shown */
    bool terminal;          /* standard output is one: no control characters of somebody else's */
    int status;             /* 0: no answer */
    struct text connection; /* on which the gateway had it; in the command's arena */
    uint64_t bytes;         /* of the body */
    bool holding;           /* it may be the gateway's own error: kept in `waiting` until that is known */
    bool ends_line;         /* what was shown last ended one */
    struct buffer waiting;
};
void proxy_answer_init(struct proxy_answer *a, struct cli *c);
void proxy_answer_release(struct proxy_answer *a);
OWNABLE_VALUE(struct proxy_answer, proxy_answer_release);
/* For struct proxy_call, with the answer as owner. */
void proxy_answer_head(void *owner, const struct response *head);
void proxy_answer_chunk(void *owner, struct bytes chunk);
struct status proxy_answer_taken(void *owner, struct error *err);
/*
 * After the exchange. Shows what was kept back; an error that the gateway itself made becomes ours, with the
 * next step. `message` (in the arena) is what it said, empty when the target answered.
 */
struct status proxy_answer_end(struct proxy_answer *a, struct text *out_message, struct error *err);

/* ---- call_explain.c ---- */
struct call_outcome {
    struct text method, url;
    int status; /* 0: no answer */
    uint64_t bytes;
    struct text message;    /* of an error of the gateway; empty without */
    struct text connection; /* to the target, in the gateway's words; empty when it did not say */
    const struct proxy_times *times;
};
/* `route` is the native API's answer; empty: it was not asked. Appends to the output. */
void call_explain(struct cli *c, struct text route, const struct call_outcome *o, enum output output);
