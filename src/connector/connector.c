/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/connector.h"

#include "base/alloc.h"
#include "connector/internal.h"

/* Concurrent enrolments: far above the core's request slots. */
#define CLAIMS_MAX 65536

void connector_settings_from(const struct settings *from, struct connector_settings *out)
{
    *out = (struct connector_settings){
        .central = from->central,
        .token_length = (size_t)from->token_length,
        .application_ttl_s = from->token_application_ttl_ms / 1000,
        .runtime_ttl_s = from->token_runtime_ttl_ms / 1000,
        .compass_runtime_ttl_s = from->token_compass_runtime_ttl_ms / 1000,
        .remote_environment_ttl_s = from->token_remote_environment_ttl_ms / 1000,
        .application_validity_s = from->certificate_application_validity_ms / 1000,
        .runtime_validity_s = from->certificate_runtime_validity_ms / 1000,
        .remote_environment_validity_s = from->certificate_remote_environment_validity_ms / 1000,
        .country = text_of(from->country),
        .organization = text_of(from->organization),
        .organizational_unit = text_of(from->organizational_unit),
        .locality = text_of(from->locality),
        .province = text_of(from->province),
        .auto_create = from->applications_auto_create,
        .accept_unrecorded = from->ca_accept_unrecorded,
    };
}

static void shared_unref(struct connector_shared *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel) != 1)
        return;
    tallies_free(s);
    map_release(&s->claims);
    lane_free(s->lane);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}
OWNABLE(struct connector_shared, shared_unref);

static struct status shared_new(unsigned lane_width, struct connector_shared **out)
{
    struct connector_shared *s = mem_alloc(sizeof *s);
    if (!s)
        return STATUS(NOMEM);
    if (pthread_mutex_init(&s->lock, NULL) != 0) {
        mem_free(s);
        return STATUS(UNAVAILABLE);
    }
    atomic_init(&s->references, 1);
    map_init(&s->claims, CLAIMS_MAX);
    map_init(&s->tallies, TALLIES_MAX);
    OWNED(shared_unref) struct connector_shared *owned = s;
    TRY(lane_new(lane_width, &s->lane));
    *out = TAKE(owned);
    return DONE;
}

/* A client takes the subject string apart at ',' and '=' (contract 8.1), so a value with either could never
 * be answered. */
static struct status check_subject_value(const char *key, struct text value, struct error *err)
{
    if (!text_is_utf8(value))
        return error_set(err, E_INVALID, "subject.%s is not valid UTF-8", key);
    for (size_t i = 0; i < value.n; i++) {
        const unsigned char b = (unsigned char)value.p[i];
        if (b < 0x20 || b == 0x7f || b == ',' || b == '=')
            return error_set(
                err, E_INVALID,
                "subject.%s may not hold ',', '=' or a control character: clients split subjects there", key);
    }
    return DONE;
}

static struct status check_settings(const struct connector_settings *s, struct error *err)
{
    TRY(check_subject_value("country", s->country, err));
    TRY(check_subject_value("organization", s->organization, err));
    TRY(check_subject_value("organizational_unit", s->organizational_unit, err));
    TRY(check_subject_value("locality", s->locality, err));
    return check_subject_value("province", s->province, err);
}

/* Moves every text of `s` into one block of its own. */
static struct status own_texts(struct connector_settings *s, char **out)
{
    struct text *const all[] = {&s->country,  &s->organization,  &s->organizational_unit, &s->locality,
                                &s->province, &s->connector_url, &s->gateway_url};
    size_t total = 1;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        total += all[i]->n;
    char *block = mem_alloc(total);
    if (!block)
        return STATUS(NOMEM);
    char *to = block;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        for (size_t k = 0; k < all[i]->n; k++)
            to[k] = all[i]->p[k];
        all[i]->p = to;
        to += all[i]->n;
    }
    *out = block;
    return DONE;
}

struct status connector_new(const struct connector_settings *settings, const struct connector_parts *parts,
                            struct connector *previous, struct connector **out, struct error *err)
{
    must(settings->token_length >= 16 && settings->token_length <= 256);
    TRY(check_settings(settings, err));
    OWNED(connector_free) struct connector *c = mem_alloc(sizeof *c);
    if (!c)
        return STATUS(NOMEM);
    c->settings = *settings;
    c->parts = *parts;
    TRY(own_texts(&c->settings, &c->texts));
    if (previous) {
        c->shared = previous->shared;
        atomic_fetch_add_explicit(&c->shared->references, 1, memory_order_relaxed);
    } else {
        TRY(shared_new(parts->lane_width, &c->shared));
    }
    *out = TAKE(c);
    return DONE;
}

void connector_free(struct connector *c)
{
    if (!c)
        return;
    shared_unref(c->shared);
    mem_free(c->texts);
    mem_free(c);
}

const struct connector_settings *connector_settings_of(const struct connector *c)
{
    return &c->settings;
}

unsigned connector_lane_waiting(const struct connector *c)
{
    return lane_waiting(c->shared->lane);
}
