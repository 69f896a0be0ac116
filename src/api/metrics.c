/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "base/clock.h"
#include "ca/ca.h"
#include "store/registry.h"

/* Prometheus text exposition format 0.0.4. Counters are summed over the processes' slabs. */

static void put(struct buffer *b, const char *name, const char *type, const char *help, int64_t value)
{
    buffer_printf(b, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", name, help, name, type, name, (long long)value);
}

static uint64_t sum(const struct domain *d, enum slab_counter counter)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < d->slab_count; i++)
        total += atomic_load_explicit(&d->slabs[i]->counters[counter], memory_order_relaxed);
    return total;
}

/* The store keeps these itself; the slabs' rows of the same name are not fed. */
static bool is_of_store(enum slab_counter counter)
{
    return counter == SLAB_STORE_COMMITS || counter == SLAB_STORE_OPERATIONS ||
           counter == SLAB_STORE_COMMIT_US;
}

static void put_counters(struct buffer *b, const struct domain *d)
{
    static const struct {
        const char *name, *help;
    } rows[SLAB_COUNTER_COUNT] = {
#define X(id, prometheus, text) [SLAB_##id] = {prometheus, text},
        SLAB_COUNTERS(X)
#undef X
    };
    for (int i = 0; i < SLAB_COUNTER_COUNT; i++) {
        if (!is_of_store((enum slab_counter)i))
            put(b, rows[i].name, "counter", rows[i].help, (int64_t)sum(d, (enum slab_counter)i));
    }
}

static void put_latency(struct buffer *b, const struct domain *d)
{
    static const char name[] = "fairlead_request_duration_seconds";
    buffer_printf(b, "# HELP %s Time from the request's head to the end of the answer\n# TYPE %s histogram\n",
                  name, name);
    uint64_t cumulative = 0;
    uint64_t sum_us = 0;
    for (unsigned k = 0; k <= SLAB_LATENCY_BUCKETS; k++) {
        for (unsigned i = 0; i < d->slab_count; i++)
            cumulative += atomic_load_explicit(&d->slabs[i]->latency[k], memory_order_relaxed);
        if (k < SLAB_LATENCY_BUCKETS)
            buffer_printf(b, "%s_bucket{le=\"%g\"} %llu\n", name, slab_latency_bounds[k] / 1e6,
                          (unsigned long long)cumulative);
        else
            buffer_printf(b, "%s_bucket{le=\"+Inf\"} %llu\n", name, (unsigned long long)cumulative);
    }
    for (unsigned i = 0; i < d->slab_count; i++)
        sum_us += atomic_load_explicit(&d->slabs[i]->latency_sum_us, memory_order_relaxed);
    buffer_printf(b, "%s_sum %.6f\n%s_count %llu\n", name, (double)sum_us / 1e6, name,
                  (unsigned long long)cumulative);
}

static void put_store(struct buffer *b, const struct domain *d)
{
    struct store_counts n = {0};
    const bool up = status_ok(store_counts(d->store, clock_now_s(), &n));
    put(b, "fairlead_store_up", "gauge", "Whether the store answers", up ? 1 : 0);
    if (!up)
        return;
    put(b, "fairlead_store_commits_total", "counter", "Store commits (groups)", n.commits);
    put(b, "fairlead_store_operations_total", "counter", "Write operations inside those commits",
        n.operations);
    put(b, "fairlead_store_commit_microseconds_total", "counter", "Time spent committing", n.commit_us_total);
    put(b, "fairlead_store_write_queue_depth", "gauge", "Write operations waiting", n.write_queue_depth);
    put(b, "fairlead_applications", "gauge", "Applications on record", n.applications);
    put(b, "fairlead_tokens_active", "gauge", "One-time tokens that may still be used", n.active_tokens);
    put(b, "fairlead_certificates_active", "gauge", "Certificates that are neither expired nor revoked",
        n.active_certificates);
    put(b, "fairlead_certificates_revoked", "gauge", "Revoked certificates on record", n.revoked);
    if (n.soonest_expiry > 0)
        put(b, "fairlead_certificate_soonest_expiry_timestamp_seconds", "gauge",
            "When the next active certificate expires", n.soonest_expiry);
}

static void put_registry(struct buffer *b, const struct domain *d)
{
    struct registry_counts n;
    if (!status_ok(store_registry_counts(d->store, &n)))
        return; /* fairlead_store_up says it */
    put(b, "fairlead_services", "gauge", "Services registered", n.services);
    put(b, "fairlead_specifications", "gauge", "Specifications stored; equal ones count once",
        n.specifications);
    put(b, "fairlead_specification_bytes", "gauge", "Bytes they take, packed", n.specification_bytes);
}

struct status api_metrics(struct call *c)
{
    const struct domain *d = c->domain;
    struct buffer *b = &c->reply.body;
    int64_t connections = 0;
    for (unsigned i = 0; i < d->slab_count; i++)
        connections += (int64_t)atomic_load_explicit(&d->slabs[i]->gauges_connections, memory_order_relaxed);
    c->reply.status = 200;
    c->reply.content_type = TEXT("text/plain; version=0.0.4; charset=utf-8");
    buffer_printf(b, "# HELP fairlead_build_info The running version\n# TYPE fairlead_build_info gauge\n"
                     "fairlead_build_info{version=\"" FAIRLEAD_VERSION "\"} 1\n");
    put(b, "fairlead_start_time_seconds", "gauge", "When the core started", d->started_at);
    put(b, "fairlead_connections_open", "gauge", "Connections open now", connections);
    put_counters(b, d);
    put_latency(b, d);
    put_store(b, d);
    put_registry(b, d);
    metrics_put_calls(b, d);
    put(b, "fairlead_fetcher_up", "gauge", "Specifications can be downloaded",
        d->fetcher_slab && slab_is_alive(d->fetcher_slab, clock_monotonic_ms()));
    put(b, "fairlead_signing_waiting", "gauge", "Enrolments waiting for a processor",
        connector_lane_waiting(d->connector));
    put(b, "fairlead_ca_expiry_timestamp_seconds", "gauge", "When the CA certificate ends",
        ca_not_after(d->ca));
    return DONE;
}
