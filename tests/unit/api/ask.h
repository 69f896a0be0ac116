/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A request as the core gives it to the dispatcher: routed by the real table, without network. */

#include "api/call.h"
#include "world.h"

struct field {
    const char *name, *value;
};

struct ask {
    enum http_method method;
    const char *target; /* path and query */
    enum route_listener listener;
    struct text body;
    struct field fields[4];
    struct principal principal; /* ask_loopback(), ask_certificate() or nothing */
    unsigned activated;         /* listeners that are bound without a setting: 1 << enum listener */
};

struct answer {
    int status;
    struct text content_type, body; /* in the world's arena; a streamed body is put together */
    struct text location;
    struct headers headers;
    unsigned pieces; /* how many the body came in; 1 = whole */
};

struct principal ask_loopback(void);
struct principal ask_front(void);
/* As a front would describe it, after asking the core what the certificate is. */
struct principal ask_certificate(struct world *w, const struct connector_issued *cert);

/* The path must be in the table on that listener: other answers are the front's. */
struct answer ask(struct world *w, const struct ask *in);

/* In two steps, so that a test can run the dispatcher alone again and again with failing allocations. */
struct prepared {
    struct request request;
    struct domain domain;
    struct slab *slabs[1];
    struct call call;
};
void ask_prepare(struct prepared *p, struct world *w, const struct ask *in);
/* DONE when the status is the expected one; NOMEM for a 503; everything else ends the program. */
struct status ask_run(struct prepared *p, int expected);

#define assert_answer(answer_, status_, body_)                                                               \
    do {                                                                                                     \
        struct answer a_ = (answer_);                                                                        \
        assert_text(a_.body, body_);                                                                         \
        assert_int_equal(a_.status, status_);                                                                \
    } while (0)
#define KYMA_JSON         "application/json;charset=UTF-8"
#define ERROR(code, text) "{\"code\":" #code ",\"error\":\"" text "\"}\n"

/* The string member of a JSON answer, decoded. */
struct text answer_member(struct world *w, struct text json, const char *name);
