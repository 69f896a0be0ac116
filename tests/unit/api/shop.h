/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* An application with services, and calls in its name. */

#include "ask.h"
#include "check.h"

#define SHOP "/app1/v1/metadata/services"

/* A world with the application app1, and one called app2. `set` as world_open. */
struct world *shop_open(const char *const *set);
void shop_application(struct world *w, const char *name);

/* The certificate of an application, as the front describes it. */
struct principal shop_certificate(const char *application);
/* On the gateway, with app1's certificate. */
struct answer shop(struct world *w, enum http_method method, const char *target, const char *body);
/* On the internal listener, as an operator. */
struct answer shop_operator(struct world *w, enum http_method method, const char *target, const char *body);
/* POST on the gateway that must succeed; the id, in the world's arena. */
const char *shop_register(struct world *w, const char *body);
/* SHOP "/" id */
const char *shop_path(struct world *w, const char *id);
/* printf into the world's arena */
[[gnu::format(printf, 2, 3)]] const char *shop_printf(struct world *w, const char *fmt, ...);

bool says(struct answer a, const char *part);
#define assert_says(answer_, status_, part)                                                                  \
    do {                                                                                                     \
        const struct answer says_ = (answer_);                                                               \
        if (says_.status != (status_) || !says(says_, part))                                                 \
            fail_msg("%d %.*s", says_.status, TEXT_ARG(says_.body));                                         \
    } while (0)
