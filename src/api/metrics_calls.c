/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"
#include "base/utf8.h"

/* Calls of registered APIs, per application and service: counted by fronts, named by the core (os/slab.h). */

static const char *const classes[SLAB_CALL_CLASSES] = {
    [SLAB_CALL_1XX] = "1xx",
    [SLAB_CALL_2XX] = "2xx",
    [SLAB_CALL_3XX] = "3xx",
    [SLAB_CALL_4XX] = "4xx",
    [SLAB_CALL_5XX] = "5xx",
    [SLAB_CALL_FAILED] = "failed",
    [SLAB_CALL_CANCELLED] = "cancelled",
};

struct sums {
    uint64_t calls[SLAB_CALL_CLASSES];
    uint64_t times[SLAB_CALL_BUCKETS + 1];
    uint64_t time_sum_us, all;
};

static uint64_t value(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void add_up(const struct domain *d, unsigned number, struct sums *out)
{
    *out = (struct sums){.all = 0};
    for (unsigned i = 0; i < d->slab_count; i++) {
        const struct slab_series *s = &d->slabs[i]->series[number];
        for (unsigned k = 0; k < SLAB_CALL_CLASSES; k++) {
            out->calls[k] += value(&s->calls[k]);
            out->all += value(&s->calls[k]);
        }
        for (unsigned k = 0; k <= SLAB_CALL_BUCKETS; k++)
            out->times[k] += value(&s->times[k]);
        out->time_sum_us += value(&s->time_sum_us);
    }
}

/* A label's value: backslash, quote and line feed are escaped (text format 0.0.4); what is not UTF-8 would
 * spoil the whole page. */
static void put_label(struct buffer *b, struct text t)
{
    for (size_t i = 0; i < t.n;) {
        uint32_t c;
        const size_t n = utf8_decode(t.p + i, t.n - i, &c);
        if (n == 0)
            buffer_byte(b, '?');
        else if (c == '\n')
            buffer_cstr(b, "\\n");
        else if (c == '\\' || c == '"')
            buffer_printf(b, "\\%c", (char)c);
        else
            buffer_text(b, (struct text){t.p + i, n});
        i += n ? n : 1;
    }
}

/* tenant="acme",application="shop",service="orders"; the tenant only where there is one. */
static void put_labels(struct buffer *b, const struct domain *d, unsigned number)
{
    struct text rest = TEXT("");
    if (number == SLAB_SERIES_OTHER) {
        buffer_cstr(b, "application=\"other\",service=\"\""); /* no service has an empty name */
        return;
    }
    const struct slab_series_name *n = &d->slab->series_names[number];
    rest = (struct text){n->text, n->size};
    const char *const labels[] = {"tenant", "application", "service"};
    for (unsigned i = 0; i < 3; i++) {
        const struct text part = text_cut(&rest, '\0');
        if (i == 0 && part.n == 0)
            continue;
        buffer_printf(b, "%s=\"", labels[i]);
        put_label(b, part);
        buffer_cstr(b, i < 2 ? "\"," : "\"");
    }
}

static void put_classes(struct buffer *b, const struct domain *d, unsigned number, const struct sums *sums)
{
    for (unsigned k = 0; k < SLAB_CALL_CLASSES; k++) {
        if (sums->calls[k] == 0)
            continue;
        buffer_cstr(b, "fairlead_gateway_calls_total{");
        put_labels(b, d, number);
        buffer_printf(b, ",class=\"%s\"} %llu\n", classes[k], (unsigned long long)sums->calls[k]);
    }
}

#define SECONDS "fairlead_gateway_call_seconds"
static void put_times(struct buffer *b, const struct domain *d, unsigned number, const struct sums *sums)
{
    uint64_t cumulative = 0;
    for (unsigned k = 0; k <= SLAB_CALL_BUCKETS; k++) {
        cumulative += sums->times[k];
        buffer_cstr(b, SECONDS "_bucket{");
        put_labels(b, d, number);
        if (k < SLAB_CALL_BUCKETS)
            buffer_printf(b, ",le=\"%g\"} %llu\n", slab_call_bounds[k] / 1e6, (unsigned long long)cumulative);
        else
            buffer_printf(b, ",le=\"+Inf\"} %llu\n", (unsigned long long)cumulative);
    }
    buffer_cstr(b, SECONDS "_sum{");
    put_labels(b, d, number);
    buffer_printf(b, "} %.6f\n" SECONDS "_count{", (double)sums->time_sum_us / 1e6);
    put_labels(b, d, number);
    buffer_printf(b, "} %llu\n", (unsigned long long)cumulative);
}

static void put_all(struct buffer *b, const struct domain *d,
                    void (*put)(struct buffer *, const struct domain *, unsigned, const struct sums *))
{
    const uint32_t named = atomic_load_explicit(&d->slab->series_named, memory_order_acquire);
    for (unsigned number = 0; number <= SLAB_SERIES_OTHER; number++) {
        struct sums sums;
        if (number >= named && number != SLAB_SERIES_OTHER)
            continue;
        add_up(d, number, &sums);
        if (sums.all > 0)
            put(b, d, number, &sums);
    }
}

void metrics_put_calls(struct buffer *b, const struct domain *d)
{
    buffer_cstr(b, "# HELP fairlead_gateway_calls_total Calls of registered APIs, by the class of their end\n"
                   "# TYPE fairlead_gateway_calls_total counter\n");
    put_all(b, d, put_classes);
    buffer_cstr(b, "# HELP " SECONDS " Time from a call's head to the end of its answer, tunnels excepted\n"
                   "# TYPE " SECONDS " histogram\n");
    put_all(b, d, put_times);
}
