/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The resolved configuration as one struct. Each member belongs to one row of the schema table
 * (config/schema.c), which gives YAML key, environment variable, --set, type, range, default, unit, reload
 * class, help and `fairlead config reference`. Texts are NUL-terminated and owned by the struct; never NULL
 * (unset = "").
 */

#include "base/error.h"
#include "base/log.h"
#include "os/child.h" /* enum listener */

#define SETTINGS_LIST_MAX 64

struct settings_list {
    char *item[SETTINGS_LIST_MAX];
    unsigned count;
};

struct settings_tls {
    char *certificate_file; /* tls.<listener>.certificate_file; "" = issued by the built-in CA */
    char *key_file;
    bool resumption; /* tls.<listener>.resumption, default false */
};

struct settings {
    char *data_dir;               /* data.dir */
    char *listen[LISTENER_COUNT]; /* listen.<name>: "address:port", "" or "off" = off (stored as "") */
    char *url_domain;             /* url.domain */
    char *url_connector;          /* url.connector: public base URL, "" = derived */
    char *url_gateway;            /* url.gateway */
    struct settings_list
        internal_hosts; /* url.internal_hosts: more Host names accepted on the internal listener */
    struct settings_tls tls[LISTENER_COUNT];
    char *tls_proxy_mode;             /* tls.proxy.mode: off | mutual */
    char *tls_proxy_client_ca_file;   /* tls.proxy.client_ca_file: CAs of workloads; "" = our own alone */
    char *tls_gateway_client_ca_file; /* tls.gateway.client_ca_file: external CAs; "" = our own alone */
    char *auth_subject_mappings_file; /* auth.subject_mappings_file */
    char *tls_policy;                 /* tls.policy: a dated name, "" = newest */
    char *country, *organization, *organizational_unit, *locality, *province; /* subject.* */
    bool auth_required;                                                       /* auth.required */
    char *auth_oidc_issuer; /* auth.oidc.issuer, "" = none */
    char *auth_oidc_audience, *auth_oidc_jwks_url, *auth_oidc_ca_file;
    char *auth_oidc_tenant_claim, *auth_oidc_scope_claim;
    int64_t auth_oidc_clock_skew_ms;              /* auth.oidc.clock_skew, 60s */
    struct settings_list auth_users, auth_groups; /* auth.users, auth.groups: config/grant.h */
    bool central;                                 /* mode.central */
    int64_t token_length;                         /* token.length, bytes: 16..256 */
    int64_t token_application_ttl_ms, token_runtime_ttl_ms, token_remote_environment_ttl_ms,
        token_compass_runtime_ttl_ms;
    char *ca_key_algorithm; /* ca.key_algorithm */
    int64_t ca_validity_ms; /* ca.validity, default 3650d */
    char *ca_subject;       /* ca.subject */
    char *ca_certificate_file, *ca_key_file, *ca_root_file;
    char *ca_crl_url, *ca_ocsp_url, *ca_issuer_url;
    bool ca_accept_unrecorded; /* ca.accept_unrecorded: certificates of our CA that are not on record
                                  (migration), default false */
    int64_t certificate_application_validity_ms, certificate_runtime_validity_ms; /* 92d */
    int64_t certificate_remote_environment_validity_ms;                           /* 365d (Kyma 0.5) */
    char *store_url;                        /* store.url, "" = sqlite in data.dir */
    char *vault_key_file;                   /* vault.key_file */
    char *registry_generated_key_algorithm; /* registry.generated_key_algorithm, rsa:2048 */
    char *registry_generated_issuer;        /* registry.generated_issuer: self | ca */
    int64_t registry_generated_validity_ms; /* registry.generated_validity, 365d */
    char *registry_namespace;               /* registry.namespace, kyma-integration */
    int64_t registry_specification_bytes;   /* registry.specification_bytes, 4 MiB; 1 KiB..16 MiB */
    int64_t registry_fetch_timeout_ms;      /* registry.fetch_timeout, 20s; 1s..60s */
    int64_t registry_fetch_redirects;       /* registry.fetch_redirects, 5; 0..20 */
    int64_t registry_fetches;               /* registry.fetches, 8: downloads at once; 1..16 */
    bool registry_require_sha256_with_rsa;  /* registry.require_sha256_with_rsa, true: what the tutorial
                                               promises */
    bool registry_verify_tls;     /* registry.verify_tls, true: of servers that specifications come from */
    bool outbound_allow_loopback; /* outbound.allow_loopback, false */
    bool outbound_allow_own_listeners;    /* outbound.allow_own_listeners, false */
    bool applications_auto_create;        /* applications.auto_create, true */
    struct settings_list outbound_refuse; /* outbound.refuse: networks never connected to */
    char *outbound_ca_file; /* outbound.ca_file: more trust anchors for targets; "" = the system's alone */
    int64_t outbound_connect_timeout_ms;       /* outbound.connect_timeout, 5s; TLS included */
    int64_t outbound_first_byte_timeout_ms;    /* outbound.first_byte_timeout, 60s */
    int64_t outbound_idle_timeout_ms;          /* outbound.idle_timeout, 60s; 0 = none */
    int64_t outbound_timeout_ms;               /* outbound.timeout, of a whole call; 0 = none */
    int64_t outbound_keep_alive_ms;            /* outbound.keep_alive, 60s */
    int64_t outbound_connections;              /* outbound.connections, 256 per front and target */
    int64_t outbound_queue;                    /* outbound.queue, 1024: calls that wait for a connection */
    int64_t outbound_idle_connections;         /* outbound.idle_connections, 1024 per front */
    int64_t outbound_retry_buffer_bytes;       /* outbound.retry_buffer_bytes, 64 KiB; 0..1 MiB */
    bool outbound_http2;                       /* outbound.http2, true */
    int64_t outbound_streams;                  /* outbound.streams, 100 per connection */
    int64_t outbound_token_timeout_ms;         /* outbound.token_timeout, 10s */
    int64_t outbound_eject_after;              /* outbound.eject_after, 5 failures in a row; 0 = never */
    int64_t outbound_eject_time_ms;            /* outbound.eject_time, 10s */
    char *outbound_proxy;                      /* outbound.proxy: http://host:port, "" = none */
    char *outbound_proxy_credentials_file;     /* outbound.proxy_credentials_file: user:password, "" = none */
    struct settings_list outbound_no_proxy;    /* outbound.no_proxy: hosts, .domains, networks */
    struct settings_list outbound_proxy_names; /* outbound.proxy_names: hosts, .domains */
    char *outbound_forwarded_headers;          /* outbound.forwarded_headers: remove | append */
    bool outbound_rewrite_location;            /* outbound.rewrite_location, true */
    int64_t outbound_targets;                  /* outbound.targets, 10000: answers that a front remembers */
    char *outbound_errors;                     /* outbound.errors: json | empty */
    int64_t server_fronts;                     /* server.fronts, -1 = one per CPU */
    int64_t server_stop_timeout_ms;            /* server.stop_timeout, 30s */
    char *server_user, *server_group; /* server.user/group to drop to when started as root; "" = keep */
    bool server_sandbox;              /* server.sandbox, default true */
    struct settings_list inbound_trusted_proxies; /* inbound.trusted_proxies: addresses or CIDR */
    struct settings_list graphql_cors_origins;    /* graphql.cors_origins: scheme://host[:port] */
    enum log_level log_level;
    enum log_format log_format;
    char *log_access;          /* log.access: off | sampled | all */
    int64_t log_access_sample; /* log.access_sample, one of 100 */
    /* limits.*: what a peer controls */
    int64_t limit_header_bytes, limit_header_count, limit_uri_bytes;
    int64_t limit_connections;             /* per front and listener, default 20000 */
    int64_t limit_connections_per_address; /* per front, default 1024 */
    int64_t limit_handshakes_per_address;  /* new TLS handshakes per second and address, default 500; loopback
                                              is exempt */
    int64_t limit_idle_ms, limit_header_ms, limit_body_idle_ms, limit_handshake_ms,
        limit_write_ms;          /* 75s 10s 20s 10s 30s */
    int64_t limit_body_min_rate; /* bytes per second averaged after the first 10 s, default 100 */
    int64_t limit_h2_streams, limit_h2_resets, limit_h2_control;
    int64_t limit_front_body_bytes; /* bodies collected in one front at once, default 64 MiB */
    int64_t limit_core_requests;    /* requests waiting in the core, default 1024 */
};

static inline bool settings_list_has(const struct settings_list *list, struct text item)
{
    for (unsigned i = 0; i < list->count; i++)
        if (text_equal(text_of(list->item[i]), item))
            return true;
    return false;
}

/* Workloads show a certificate on the proxy listener. */
static inline bool settings_proxy_is_mutual(const struct settings *s)
{
    return text_equal(text_of(s->tls_proxy_mode), TEXT("mutual"));
}

/* Operators can prove themselves: without it the internal listener stays on loopback. */
static inline bool settings_operators_prove_themselves(const struct settings *s)
{
    return s->auth_required || s->auth_oidc_issuer[0] != '\0';
}

/* Listeners that speak TLS and nothing else, when they are on: these always, the proxy when it asks for
 * certificates. */
static inline bool settings_speaks_tls(const struct settings *s, enum listener l)
{
    switch (l) {
    case LISTENER_CONNECTOR:
    case LISTENER_GATEWAY:
    case LISTENER_CLUSTER:
        return true;
    case LISTENER_PROXY:
        return settings_proxy_is_mutual(s);
    case LISTENER_INTERNAL:
    case LISTENER_COUNT:
        return false;
    }
    return false;
}

/* Sources, later wins: defaults, YAML file, environment FAIRLEAD_A_B, --set a.b=c. */
struct settings_sources {
    const char *file;         /* NULL = none */
    char *const *environment; /* environ-style; NULL = none */
    const char *const *set;   /* "key=value", count in set_count */
    unsigned set_count;
    const char *data_dir; /* --data DIR, NULL = none */
    bool as_root;         /* the defaults of root, also when we no longer are: reload after server.user */
    bool skip_files; /* for clients of a running server, which need data.dir only: files named by settings are
                        not looked at */
};
/* E_INVALID with file, line and key: "fairlead.yaml:12: listen.internl: unknown key (did you mean
 * listen.internal?)". */
struct status settings_load(const struct settings_sources *from, struct settings **out, struct error *err);
/* YAML text over the defaults, without touching the file system: for `name` in messages, tests and the
 * fuzzer. Paths stay as written. */
struct status settings_load_text(struct text yaml, const char *name, struct settings **out,
                                 struct error *err);
void settings_free(struct settings *s); /* accepts NULL */

/* The resolved configuration as text and back: what the supervisor sends to its children (sealed memfd).
 * Round trip is exact. */
struct buffer;
#define SETTINGS_TEXT_MAX (256 * 1024) /* bytes of the encoded form */
struct status settings_encode(const struct settings *s, struct buffer *out);
struct status settings_decode(struct text in, struct settings **out, struct error *err);
/* What a child does with the memfd it was given; the descriptor stays the caller's and can be read again. */
struct status settings_read(int fd, struct settings **out, struct error *err);

/* Reload classes (DESIGN 3.1, 15): E_CONFLICT naming the first key of class `restart` that differs. */
struct status settings_check_reload(const struct settings *running, const struct settings *wanted,
                                    struct error *err);
