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
    X(STORE_COMMIT_US,      "fairlead_store_commit_microseconds_total", "Time spent committing")
/* clang-format on */

enum slab_counter {
#define X(name, prometheus, help) SLAB_##name,
    SLAB_COUNTERS(X)
#undef X
        SLAB_COUNTER_COUNT
};

#define SLAB_LATENCY_BUCKETS 12 /* upper bounds in microseconds, see slab_latency_bounds */
extern const uint32_t slab_latency_bounds[SLAB_LATENCY_BUCKETS];

struct slab {
    _Atomic uint64_t counters[SLAB_COUNTER_COUNT];
    _Atomic uint64_t gauges_connections; /* open now; reset at process start */
    _Atomic uint64_t latency[SLAB_LATENCY_BUCKETS + 1];
    _Atomic uint64_t latency_sum_us;
    _Atomic int64_t heartbeat_ms; /* monotonic; written by the loop once a second */
};

struct status slab_create(int *out_fd);
struct status slab_map(int fd, struct slab **out);
void slab_unmap(struct slab *s);
static inline void slab_add(struct slab *s, enum slab_counter c, uint64_t n)
{
    atomic_fetch_add_explicit(&s->counters[c], n, memory_order_relaxed);
}
void slab_latency(struct slab *s, uint64_t us);
/* The loop of its process has moved within the last seconds; false before the process first said so. */
#define SLAB_ALIVE_MS 5000
static inline bool slab_is_alive(const struct slab *s, int64_t now_ms)
{
    int64_t beat = atomic_load_explicit(&s->heartbeat_ms, memory_order_relaxed);
    return beat != 0 && now_ms - beat < SLAB_ALIVE_MS;
}
