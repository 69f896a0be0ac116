/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"

#include <stdio.h>

#include "base/clock.h"
#include "check.h"

static const struct credentials_settings usual = {
    .cache_max = 100,
    .timeout_ms = 5000,
    .fetches_at_once = 64,
    .waiting_at_once = 64,
    .blocked_at_once = 128,
    .blocked_by_one = 128,
    .verify_tls = true,
};

void desk_renew(struct desk *d)
{
    credentials_free(d->credentials);
    d->credentials = NULL;
    must(status_ok(credentials_new(&d->settings, NULL, &d->credentials)));
    d->fetched = d->credentials->fetched;
}

int desk_open(void **state)
{
    struct desk *d = mem_alloc(sizeof *d);
    must(d);
    d->world = world_open(NULL);
    (void)snprintf(d->client.path, sizeof d->client.path, "%s/jobs", d->world->directory);
    d->fetcher = fetcher_open(d->client.path);
    d->settings = usual;
    desk_renew(d);
    clock_set_test(DESK_NOW_S * INT64_C(1000), 1000000);
    *state = d;
    return 0;
}

int desk_close(void **state)
{
    struct desk *d = *state;
    credentials_free(d->credentials);
    fetcher_close(d->fetcher);
    clock_real();
    world_close(d->world);
    mem_free(d);
    return 0;
}

void desk_advance(int64_t ms)
{
    clock_advance_test(ms);
}

struct credentials_parts desk_parts(struct desk *d)
{
    return (struct credentials_parts){.registry = d->world->registry, .fetcher = &d->client};
}

const char *desk_service(struct desk *d, const char *api)
{
    char id[SERVICE_ID_TEXT + 1];
    const struct registry_key key = world_registered(d->world, world_service(d->world, api, ""));
    return FORMAT(d->world, "%.*s", TEXT_ARG(service_id_text(key.id, id)));
}

static const struct hop_target *ask(struct desk *d, const struct credentials_question *q)
{
    const struct credentials_parts parts = desk_parts(d);
    assert_ok(credentials_answer(d->credentials, &parts, q, &d->world->arena, &d->target, &d->world->err));
    return &d->target;
}

const struct hop_target *desk_ask(struct desk *d, const char *id)
{
    return desk_ask_path(d, "shop", id);
}

const struct hop_target *desk_ask_label(struct desk *d, const char *label)
{
    const struct credentials_question q = {.label = text_of(label)};
    return ask(d, &q);
}

const struct hop_target *desk_ask_path(struct desk *d, const char *application, const char *service)
{
    const struct credentials_question q = {.application = text_of(application), .service = text_of(service)};
    return ask(d, &q);
}

bool desk_refused(struct desk *d, const char *id, uint64_t version)
{
    const struct credentials_question q = {.application = TEXT("shop"), .service = text_of(id)};
    const struct credentials_parts parts = desk_parts(d);
    bool again = false;
    assert_ok(credentials_refused(d->credentials, &parts, &q, version, &again));
    return again;
}

void desk_expect_refusal(const struct hop_target *t, int status, const char *message)
{
    if (t->status != status || !text_equal(t->message, text_of(message)))
        fail_msg("%d '%.*s', expected %d '%s'", t->status, TEXT_ARG(t->message), status, message);
    assert_int_equal(t->until, clock_now_s() + 1);
    assert_int_equal(t->authorization.n, 0);
}
