/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Metrics, tallies and last-seen times travel in one shared memory slab per process (DESIGN 3.1, 14): its
 * process writes with relaxed atomics, the core reads when /metrics is asked. Counters only grow; a restarted
 * front continues in its slab.
 */

#include <stdatomic.h>

#include "base/status.h"

/* clang-format off */
/* name, Prometheus name, help */
#define SLAB_COUNTERS(X)                                                                                                   \
    X(CONNECTIONS,          "fairlead_connections_accepted_total",   "TCP connections accepted")                           \
    X(CONNECTIONS_REFUSED,  "fairlead_connections_refused_total",    "Connections closed at a limit")                      \
    X(HANDSHAKES,           "fairlead_tls_handshakes_total",         "TLS handshakes completed")                           \
    X(HANDSHAKES_FAILED,    "fairlead_tls_handshake_failures_total", "TLS handshakes failed")                              \
    X(REQUESTS_H1,          "fairlead_http1_requests_total",         "HTTP/1 requests")                                    \
    X(REQUESTS_H2,          "fairlead_http2_requests_total",         "HTTP/2 requests")                                    \
    X(REQUESTS_REFUSED,     "fairlead_http_requests_refused_total",  "Requests refused before routing")                    \
    X(RESPONSES_2XX,        "fairlead_http_responses_2xx_total",     "Answers with status 2xx")                            \
    X(RESPONSES_3XX,        "fairlead_http_responses_3xx_total",     "Answers with status 3xx")                            \
    X(RESPONSES_4XX,        "fairlead_http_responses_4xx_total",     "Answers with status 4xx")                            \
    X(RESPONSES_5XX,        "fairlead_http_responses_5xx_total",     "Answers with status 5xx")                            \
    X(REVOKED_REFUSED,      "fairlead_revoked_refusals_total",       "Requests refused because of a revoked certificate")  \
    X(CORE_UNAVAILABLE,     "fairlead_core_unavailable_total",       "Requests answered 503 because the core was away")    \
    X(IDENTITY_MISSES,      "fairlead_identity_questions_total",     "Questions to the core: what is this certificate")    \
    X(TOKENS_CREATED,       "fairlead_tokens_created_total",         "One-time tokens created")                            \
    X(TOKENS_USED,          "fairlead_tokens_used_total",            "One-time tokens consumed")                           \
    X(CERTIFICATES_ISSUED,  "fairlead_certificates_issued_total",    "Client certificates issued or renewed")              \
    X(CERTIFICATES_REVOKED, "fairlead_certificates_revoked_total",   "Certificates revoked")                               \
    X(STORE_COMMITS,        "fairlead_store_commits_total",          "Store commits (groups)")                             \
    X(STORE_OPERATIONS,     "fairlead_store_operations_total",       "Write operations inside those commits")              \
    X(STORE_COMMIT_US,      "fairlead_store_commit_microseconds_total", "Time spent committing")                           \
    X(OUTBOUND_CALLS,       "fairlead_outbound_calls_total",         "Calls begun to targets, second tries included")      \
    X(OUTBOUND_RETRIES,     "fairlead_outbound_retries_total",       "Second tries with fresh credentials")                \
    X(OUTBOUND_QUESTIONS,   "fairlead_outbound_questions_total",     "Questions to the core: how do I call this service")  \
    X(OUTBOUND_REFUSED,     "fairlead_outbound_refusals_total",      "Calls that the gateway refused itself")              \
    X(OUTBOUND_2XX,         "fairlead_outbound_answers_2xx_total",   "Answers of targets with status 2xx")                 \
    X(OUTBOUND_3XX,         "fairlead_outbound_answers_3xx_total",   "Answers of targets with status 3xx")                 \
    X(OUTBOUND_4XX,         "fairlead_outbound_answers_4xx_total",   "Answers of targets with status 4xx")                 \
    X(OUTBOUND_5XX,         "fairlead_outbound_answers_5xx_total",   "Answers of targets with status 5xx")                 \
    /* in the order of enum upstream_failure (net/upstream.h) */                                                           \
    X(OUTBOUND_FAILED_BUSY, "fairlead_outbound_failures_busy_total", "Calls refused because too many waited for the target") \
    X(OUTBOUND_FAILED_GUARDED, "fairlead_outbound_failures_guarded_total", "Calls to addresses that are never connected to") \
    X(OUTBOUND_FAILED_CONNECT, "fairlead_outbound_failures_connect_total", "Calls whose target could not be connected to") \
    X(OUTBOUND_FAILED_CONNECT_TIMEOUT, "fairlead_outbound_failures_connect_timeout_total", "Calls whose target did not take a connection in time") \
    X(OUTBOUND_FAILED_TLS,  "fairlead_outbound_failures_tls_total",  "Calls that failed in the TLS handshake")             \
    X(OUTBOUND_FAILED_FIRST_BYTE, "fairlead_outbound_failures_first_byte_timeout_total", "Calls whose target did not answer in time") \
    X(OUTBOUND_FAILED_IDLE, "fairlead_outbound_failures_idle_timeout_total", "Calls that stood still for too long")        \
    X(OUTBOUND_FAILED_TOTAL, "fairlead_outbound_failures_timeout_total", "Calls that took longer than outbound.timeout")   \
    X(OUTBOUND_FAILED_RESET, "fairlead_outbound_failures_reset_total", "Calls whose connection ended before the answer did") \
    X(OUTBOUND_FAILED_MALFORMED, "fairlead_outbound_failures_malformed_total", "Calls with an answer that is not valid HTTP") \
    X(OUTBOUND_FAILED_MEMORY, "fairlead_outbound_failures_memory_total", "Calls that failed for lack of memory") \
    X(OUTBOUND_FAILED_EJECTED, "fairlead_outbound_failures_ejected_total", "Calls to targets that had failed too often and were left out for a while") \
    X(OUTBOUND_FAILED_PROXY, "fairlead_outbound_failures_proxy_total", "Calls that failed at outbound.proxy") \
    X(OUTBOUND_CONNECTIONS, "fairlead_outbound_connections_total", "Connections made to targets")                         \
    X(OUTBOUND_RESUMED,     "fairlead_outbound_tls_resumed_total", "Of them, those that resumed a TLS session")           \
    X(OUTBOUND_EJECTIONS,   "fairlead_outbound_addresses_ejected_total", "Addresses of targets left out after outbound.eject_after failures") \
    X(OUTBOUND_RETURNS,     "fairlead_outbound_addresses_back_total", "Addresses of targets that were left out and work again")
/* clang-format on */

enum slab_counter {
#define X(name, prometheus, help) SLAB_##name,
    SLAB_COUNTERS(X)
#undef X
        SLAB_COUNTER_COUNT
};

#define SLAB_LATENCY_BUCKETS 12 /* upper bounds in microseconds, see slab_latency_bounds */
extern const uint32_t slab_latency_bounds[SLAB_LATENCY_BUCKETS];

/*
 * Calls of registered APIs, per application and service. The core numbers those it is asked about, never
 * takes a number back, and writes the names into its own slab, which outlives it; whoever comes after the
 * last number shares SLAB_SERIES_OTHER. Fronts count under the numbers in theirs. So there are never more
 * series than these, counters only grow, and no front says what anything is called.
 */
#define SLAB_SERIES_MAX      1000
#define SLAB_SERIES_OTHER    SLAB_SERIES_MAX
#define SLAB_SERIES_NAME_MAX 640

enum slab_call_class {
    SLAB_CALL_1XX, /* tunnels; not among the times */
    SLAB_CALL_2XX,
    SLAB_CALL_3XX,
    SLAB_CALL_4XX, /* also what the gateway refused itself */
    SLAB_CALL_5XX,
    SLAB_CALL_FAILED,    /* no answer from the target, or one that was cut */
    SLAB_CALL_CANCELLED, /* the caller left first */
    SLAB_CALL_CLASSES
};

#define SLAB_CALL_BUCKETS 4 /* upper bounds in microseconds, see slab_call_bounds */
extern const uint32_t slab_call_bounds[SLAB_CALL_BUCKETS];

struct slab_series {
    _Atomic uint64_t calls[SLAB_CALL_CLASSES];
    _Atomic uint64_t times[SLAB_CALL_BUCKETS + 1];
    _Atomic uint64_t time_sum_us;
};

struct slab_series_name {
    uint32_t size;
    char text[SLAB_SERIES_NAME_MAX]; /* "tenant\0application\0service" */
};

struct slab {
    _Atomic uint64_t counters[SLAB_COUNTER_COUNT];
    _Atomic uint64_t gauges_connections; /* open now; reset at process start */
    _Atomic uint64_t latency[SLAB_LATENCY_BUCKETS + 1];
    _Atomic uint64_t latency_sum_us;
    _Atomic int64_t heartbeat_ms;                   /* monotonic; written by the loop once a second */
    struct slab_series series[SLAB_SERIES_MAX + 1]; /* of a front */
    _Atomic uint32_t series_named; /* of the core: so many names are complete, and never change again */
    struct slab_series_name series_names[SLAB_SERIES_MAX];
};

struct status slab_create(int *out_fd);
struct status slab_map(int fd, struct slab **out);
void slab_unmap(struct slab *s);
static inline void slab_add(struct slab *s, enum slab_counter c, uint64_t n)
{
    atomic_fetch_add_explicit(&s->counters[c], n, memory_order_relaxed);
}
void slab_latency(struct slab *s, uint64_t us);
/* One call more, and how long it took, which of a tunnel says nothing. Only from the one thread that writes
 * this slab: its neighbours wait for no lock. */
#define SLAB_CALL_UNTIMED UINT64_MAX
void slab_call(struct slab_series *s, enum slab_call_class c, uint64_t us);
/* The loop of its process has moved within the last seconds; false before the process first said so. */
#define SLAB_ALIVE_MS 5000
static inline bool slab_is_alive(const struct slab *s, int64_t now_ms)
{
    int64_t beat = atomic_load_explicit(&s->heartbeat_ms, memory_order_relaxed);
    return beat != 0 && now_ms - beat < SLAB_ALIVE_MS;
}
