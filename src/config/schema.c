/* SPDX-License-Identifier: Apache-2.0 */
#include "config/schema.h"

#include <inttypes.h>
#include <stdio.h>

#define MEMBER(member) offsetof(struct settings, member)
#define S              INT64_C(1000)
#define M              (60 * S)
#define H              (60 * M)
#define D              (24 * H)
#define KIB            INT64_C(1024)
#define MIB            (1024 * KIB)
#define TEXT_MAX       1024

static const char *const key_algorithms[] = {"ec:P-256", "ec:P-384", "rsa:2048",
                                             "rsa:3072", "rsa:4096", NULL};
static const char *const generated_algorithms[] = {"rsa:2048", "rsa:3072", "rsa:4096",
                                                   "ec:P-256", "ec:P-384", NULL};
static const char *const generated_issuers[] = {"self", "ca", NULL};
static const char *const forwarded_choices[] = {"append", "remove", NULL};
static const char *const error_choices[] = {"json", "empty", NULL};
static const char *const access_choices[] = {"off", "sampled", "all", NULL};
static const char *const proxy_tls_choices[] = {"off", "mutual", NULL};
/* In the order of enum log_level and enum log_format (base/log.h). */
static const char *const level_choices[] = {"debug", "info", "notice", "warning", "error", NULL};
static const char *const format_choices[] = {"text", "json", NULL};

/* clang-format off */
#define TEXTS(key_, type_, member_, max_, default_, note_, reload_, help_, example_)                                         \
    {.key = key_, .type = type_, .offset = MEMBER(member_), .max = max_, .default_text = default_, .default_note = note_,    \
     .reload = reload_, .help = help_, .example = example_}
#define NUMBER(key_, type_, member_, min_, max_, default_, reload_, help_, example_)                                         \
    {.key = key_, .type = type_, .offset = MEMBER(member_), .min = min_, .max = max_, .default_text = default_,              \
     .reload = reload_, .help = help_, .example = example_}
#define CHOICE(key_, type_, member_, choices_, default_, reload_, help_, example_)                                           \
    {.key = key_, .type = type_, .offset = MEMBER(member_), .choices = choices_, .max = TEXT_MAX, .default_text = default_,  \
     .reload = reload_, .help = help_, .example = example_}
#define LISTEN(name_, index_, default_, help_, example_)                                                                     \
    TEXTS("listen." name_, SETTING_ADDRESS, listen[index_], 64, default_, NULL, RELOAD_RESTART, help_, example_)
#define TLS(name_, index_)                                                                                                   \
    TEXTS("tls." name_ ".certificate_file", SETTING_FILE, tls[index_].certificate_file, TEXT_MAX, "",                        \
          "issued by the built-in CA", RELOAD_CONNECTIONS,                                                                   \
          "PEM chain of the " name_ " listener's server certificate, leaf first. Needs tls." name_ ".key_file.",             \
          "/etc/fairlead/" name_ ".crt"),                                                                                    \
    TEXTS("tls." name_ ".key_file", SETTING_KEY_FILE, tls[index_].key_file, TEXT_MAX, "",                                    \
          "made with the certificate", RELOAD_CONNECTIONS,                                                                   \
          "PEM key of that certificate (PKCS#8, PKCS#1 or SEC1). Refused when others may read it.",                          \
          "/etc/fairlead/" name_ ".key"),                                                                                    \
    CHOICE("tls." name_ ".resumption", SETTING_BOOL, tls[index_].resumption, NULL, "false", RELOAD_CONNECTIONS,              \
           "Session tickets on the " name_ " listener. A resumed session is checked against revocation like any other.", "true")

const struct setting settings_schema[] = {
    TEXTS("data.dir", SETTING_DIRECTORY, data_dir, TEXT_MAX, "",
          "/var/lib/fairlead for root, else $XDG_DATA_HOME/fairlead or ~/.local/share/fairlead", RELOAD_RESTART,
          "Where the store, sockets and backups live. One server per directory.", "/var/lib/fairlead"),

    LISTEN("internal", LISTENER_INTERNAL, "127.0.0.1:8080",
           "Tokens, internal revocation, native API, health, metrics; plain HTTP without authentication, so only a loopback address is taken.",
           "127.0.0.1:8080"),
    LISTEN("connector", LISTENER_CONNECTOR, "0.0.0.0:8443",
           "External systems that hold a one-time token: signing-request info and signing, over server TLS.", "0.0.0.0:443"),
    LISTEN("gateway", LISTENER_GATEWAY, "0.0.0.0:9443",
           "External systems that hold a certificate: management info, renewal, revocation, over mutual TLS.", "[::]:443"),
    LISTEN("proxy", LISTENER_PROXY, "127.0.0.1:8081",
           "Calls of workloads to registered APIs. Another than a loopback address needs tls.proxy.mode: mutual.", "127.0.0.1:8081"),
    LISTEN("cluster", LISTENER_CLUSTER, "off",
           "The cluster face for kubectl. Nothing is served there yet.", "127.0.0.1:6443"),

    TEXTS("url.domain", SETTING_DOMAIN, url_domain, 253, "", "the host's full name", RELOAD_LIVE,
          "With a domain D the public names are connector-service.D and gateway.D.", "fairlead.example.com"),
    TEXTS("url.connector", SETTING_BASE_URL, url_connector, TEXT_MAX, "", "from url.domain and listen.connector", RELOAD_LIVE,
          "Public base URL of the connector listener, as external systems reach it.", "https://connector-service.example.com"),
    TEXTS("url.gateway", SETTING_BASE_URL, url_gateway, TEXT_MAX, "", "from url.domain and listen.gateway", RELOAD_LIVE,
          "Public base URL of the gateway listener, as external systems reach it.", "https://gateway.example.com"),
    TEXTS("url.internal_hosts", SETTING_HOSTS, internal_hosts, 253, "", "only localhost, 127.0.0.1 and [::1]", RELOAD_LIVE,
          "More Host names accepted on the internal listener (a guard against DNS rebinding).", "fairlead.internal,admin.example.com"),

    TLS("connector", LISTENER_CONNECTOR),
    TLS("gateway", LISTENER_GATEWAY),
    TEXTS("tls.gateway.client_ca_file", SETTING_FILE, tls_gateway_client_ca_file, TEXT_MAX, "", "certificates of the built-in CA alone", RELOAD_CONNECTIONS,
          "PEM certificates of external CAs. For whom a certificate of theirs speaks, a subject mapping says; without one it speaks for nobody.", "/etc/fairlead/partners.pem"),
    TEXTS("auth.subject_mappings_file", SETTING_FILE, auth_subject_mappings_file, TEXT_MAX, "", "only those made through the Director", RELOAD_LIVE,
          "JSON list of mappings of certificate subjects; they come before those made through the Director. Needs tls.gateway.client_ca_file.", "/etc/fairlead/subject_mappings.json"),
    TLS("proxy", LISTENER_PROXY),
    CHOICE("tls.proxy.mode", SETTING_CHOICE, tls_proxy_mode, proxy_tls_choices, "off", RELOAD_RESTART,
           "Plain HTTP on a loopback address, or mutual TLS: workloads show a runtime's certificate, or one of tls.proxy.client_ca_file.", "mutual"),
    TEXTS("tls.proxy.client_ca_file", SETTING_FILE, tls_proxy_client_ca_file, TEXT_MAX, "", "runtimes of the built-in CA alone", RELOAD_CONNECTIONS,
          "PEM certificates of CAs whose clients may call every API through the proxy listener.", "/etc/fairlead/workloads.pem"),
    TLS("cluster", LISTENER_CLUSTER),
    TEXTS("tls.policy", SETTING_TEXT, tls_policy, 32, "", "the newest", RELOAD_CONNECTIONS,
          "Dated TLS policy: versions, ciphers, groups.", "2026-11"),

    TEXTS("subject.country", SETTING_COUNTRY, country, 2, "DE", NULL, RELOAD_LIVE,
          "C of client certificates.", "FR"),
    TEXTS("subject.organization", SETTING_RDN, organization, 64, "Organization", NULL, RELOAD_LIVE,
          "O of client certificates; in central mode the tenant takes its place.", "Example Ltd"),
    TEXTS("subject.organizational_unit", SETTING_RDN, organizational_unit, 64, "OrgUnit", NULL, RELOAD_LIVE,
          "OU of client certificates; in central mode the group takes its place.", "Integration"),
    TEXTS("subject.locality", SETTING_RDN, locality, 128, "Waldorf", NULL, RELOAD_LIVE,
          "L of client certificates. Certificates whose C, L or ST differ from these settings cannot renew.", "Berlin"),
    TEXTS("subject.province", SETTING_RDN, province, 128, "Waldorf", NULL, RELOAD_LIVE,
          "ST of client certificates.", "Bavaria"),

    CHOICE("auth.required", SETTING_BOOL, auth_required, NULL, "false", RELOAD_LIVE,
           "Operators prove themselves on the internal listener on a loopback address too; elsewhere they always do.", "true"),
    TEXTS("auth.oidc.issuer", SETTING_ISSUER_URL, auth_oidc_issuer, TEXT_MAX, "", "bearer tokens of `fairlead operator create` alone", RELOAD_LIVE,
          "OpenID Connect issuer whose JWTs operators may show, exactly as it calls itself. http on a loopback address only.", "https://dex.example.com"),
    TEXTS("auth.oidc.audience", SETTING_TEXT, auth_oidc_audience, 255, "", NULL, RELOAD_LIVE,
          "What the tokens' aud must hold: the client id of this server at the issuer. Needed with auth.oidc.issuer.", "fairlead"),
    TEXTS("auth.oidc.jwks_url", SETTING_ISSUER_URL, auth_oidc_jwks_url, TEXT_MAX, "", "from the issuer's discovery document", RELOAD_LIVE,
          "Where the issuer's keys are.", "https://dex.example.com/keys"),
    TEXTS("auth.oidc.ca_file", SETTING_FILE, auth_oidc_ca_file, TEXT_MAX, "", "the system's trust anchors, and outbound.ca_file", RELOAD_LIVE,
          "PEM certificates trusted besides those when the issuer is asked.", "/etc/fairlead/issuer.pem"),
    TEXTS("auth.oidc.tenant_claim", SETTING_TEXT, auth_oidc_tenant_claim, 128, "", "tokens name no tenants", RELOAD_LIVE,
          "Claim with the tenants of a token's own grant: words, or an array. Needs auth.oidc.scope_claim.", "tenants"),
    TEXTS("auth.oidc.scope_claim", SETTING_TEXT, auth_oidc_scope_claim, 128, "", "tokens name no scopes", RELOAD_LIVE,
          "Claim with the scopes of that grant. Needs auth.oidc.tenant_claim.", "scope"),
    NUMBER("auth.oidc.clock_skew", SETTING_DURATION, auth_oidc_clock_skew_ms, 0, 10 * M, "60s", RELOAD_LIVE,
           "How far the issuer's clock may be from ours.", "5s"),
    TEXTS("auth.users", SETTING_GRANTS, auth_users, 1024, "", "nobody", RELOAD_LIVE,
          "What users of the issuer may do: an e-mail address (when it is verified), a subject or sub:SUBJECT; then tenant= and scope= as often as needed, * for all.",
          "admin@example.com tenant=* scope=*"),
    TEXTS("auth.groups", SETTING_GRANTS, auth_groups, 1024, "", "nobody", RELOAD_LIVE,
          "The same for names in the tokens' claim groups.", "shop-team tenant=3e64ebae-38b5-46a0-b1ed-9ccee153a0ae scope=application:read"),

    CHOICE("mode.central", SETTING_BOOL, central, NULL, "false", RELOAD_RESTART,
           "Central mode: tokens name a tenant and a group, and runtimes can be connected.", "true"),

    NUMBER("token.length", SETTING_INTEGER, token_length, 16, 256, "64", RELOAD_LIVE,
           "Random bytes of a one-time token (64 give 88 characters).", "32"),
    NUMBER("token.application_ttl", SETTING_DURATION, token_application_ttl_ms, S, 30 * D, "5m", RELOAD_LIVE,
           "How long an application's token can be used.", "15m"),
    NUMBER("token.runtime_ttl", SETTING_DURATION, token_runtime_ttl_ms, S, 30 * D, "10m", RELOAD_LIVE,
           "How long a runtime's token can be used.", "1h"),
    NUMBER("token.remote_environment_ttl", SETTING_DURATION, token_remote_environment_ttl_ms, S, 30 * D, "60m", RELOAD_LIVE,
           "How long a remote environment's token can be used.", "2h"),
    NUMBER("token.compass_runtime_ttl", SETTING_DURATION, token_compass_runtime_ttl_ms, S, 30 * D, "60m", RELOAD_LIVE,
           "How long a Compass runtime's token can be used.", "2h"),

    CHOICE("ca.key_algorithm", SETTING_CHOICE, ca_key_algorithm, key_algorithms, "ec:P-256", RELOAD_RESTART,
           "Key of a CA made at first start. An existing CA keeps its key.", "rsa:3072"),
    NUMBER("ca.validity", SETTING_DURATION, ca_validity_ms, D, 36500 * D, "3650d", RELOAD_RESTART,
           "How long a CA made at first start is valid.", "1825d"),
    TEXTS("ca.subject", SETTING_TEXT, ca_subject, 512, "CN=Fairlead CA", NULL, RELOAD_RESTART,
          "Subject of a CA made at first start.", "CN=Example Integration CA,O=Example Ltd,C=DE"),
    TEXTS("ca.certificate_file", SETTING_FILE, ca_certificate_file, TEXT_MAX, "", "a CA is made at first start", RELOAD_RESTART,
          "PEM certificate of your own CA. Needs ca.key_file.", "/etc/fairlead/ca.crt"),
    TEXTS("ca.key_file", SETTING_OWN_KEY_FILE, ca_key_file, TEXT_MAX, "", NULL, RELOAD_RESTART,
          "PEM key of that CA (PKCS#8, PKCS#1 or SEC1). Refused when anybody else may read it, and behind a symbolic link.", "/etc/fairlead/ca.key"),
    TEXTS("ca.root_file", SETTING_FILE, ca_root_file, TEXT_MAX, "", "the CA is its own root", RELOAD_RESTART,
          "PEM certificate of the root that issued ca.certificate_file.", "/etc/fairlead/root.crt"),
    TEXTS("ca.crl_url", SETTING_URL, ca_crl_url, TEXT_MAX, "", "left out", RELOAD_RESTART,
          "CRL distribution point in issued certificates. Decide before the first certificate.", "http://pki.example.com/fairlead.crl"),
    TEXTS("ca.ocsp_url", SETTING_URL, ca_ocsp_url, TEXT_MAX, "", "left out", RELOAD_RESTART,
          "OCSP responder in issued certificates. Decide before the first certificate.", "http://ocsp.example.com"),
    TEXTS("ca.issuer_url", SETTING_URL, ca_issuer_url, TEXT_MAX, "", "left out", RELOAD_RESTART,
          "Where the CA's certificate can be fetched (AIA caIssuers). Decide before the first certificate.", "http://pki.example.com/ca.cer"),
    CHOICE("ca.accept_unrecorded", SETTING_BOOL, ca_accept_unrecorded, NULL, "false", RELOAD_LIVE,
           "Accept certificates of our CA that are not on record, for a migration.", "true"),

    NUMBER("certificate.application_validity", SETTING_DURATION, certificate_application_validity_ms, M, 3650 * D, "92d", RELOAD_LIVE,
           "How long an application's certificate is valid; never past the CA's end.", "365d"),
    NUMBER("certificate.runtime_validity", SETTING_DURATION, certificate_runtime_validity_ms, M, 3650 * D, "92d", RELOAD_LIVE,
           "How long a runtime's certificate is valid; never past the CA's end.", "365d"),
    NUMBER("certificate.remote_environment_validity", SETTING_DURATION, certificate_remote_environment_validity_ms, M, 3650 * D, "365d",
           RELOAD_LIVE, "How long a remote environment's certificate is valid; never past the CA's end.", "92d"),

    TEXTS("store.url", SETTING_STORE_URL, store_url, TEXT_MAX, "", "sqlite: in data.dir", RELOAD_RESTART,
          "The store: sqlite:/path/to/file, or memory: for a trial that forgets everything at the end.", "sqlite:/srv/fairlead/fairlead.db"),
    TEXTS("vault.key_file", SETTING_SECRET_FILE, vault_key_file, TEXT_MAX, "",
          "the systemd credential vault.key, else a file in the user's configuration directory, made at first start", RELOAD_RESTART,
          "Master key that encrypts secrets at rest. Keep it, and its copy, apart from data.dir.", "/etc/fairlead/vault.key"),

    CHOICE("applications.auto_create", SETTING_BOOL, applications_auto_create, NULL, "true", RELOAD_LIVE,
           "Asking for a token makes the application when it does not exist.", "false"),

    CHOICE("registry.generated_key_algorithm", SETTING_CHOICE, registry_generated_key_algorithm, generated_algorithms, "rsa:2048",
           RELOAD_LIVE, "Key of a service's generated certificate. Other than RSA needs registry.require_sha256_with_rsa: false.", "rsa:3072"),
    CHOICE("registry.generated_issuer", SETTING_CHOICE, registry_generated_issuer, generated_issuers, "self", RELOAD_LIVE,
           "Who signs a service's generated certificate: itself, or the CA. Not ca together with ca.accept_unrecorded: it would be an identity here.", "ca"),
    NUMBER("registry.generated_validity", SETTING_DURATION, registry_generated_validity_ms, D, 3650 * D, "365d", RELOAD_LIVE,
           "How long a service's generated certificate is valid; signed by the CA never past the CA's end.", "730d"),
    CHOICE("registry.require_sha256_with_rsa", SETTING_BOOL, registry_require_sha256_with_rsa, NULL, "true", RELOAD_LIVE,
           "Generated certificates have an RSA key and the signature SHA256withRSA, as the tutorials promise; false gives the promise up.", "false"),
    TEXTS("registry.namespace", SETTING_LABEL, registry_namespace, 63, "kyma-integration", NULL, RELOAD_LIVE,
          "The namespace in the host names that specifications are shown with.", "integration"),
    NUMBER("registry.specification_bytes", SETTING_SIZE, registry_specification_bytes, KIB, 16 * MIB, "4MiB", RELOAD_LIVE,
           "Largest specification, sent or downloaded.", "1MiB"),
    NUMBER("registry.fetch_timeout", SETTING_DURATION, registry_fetch_timeout_ms, S, M, "20s", RELOAD_LIVE,
           "How long the download of a specification may take, token and redirects included.", "10s"),
    NUMBER("registry.fetch_redirects", SETTING_INTEGER, registry_fetch_redirects, 0, 20, "5", RELOAD_LIVE,
           "Redirects that the download of a specification follows; each goes through the same checks.", "0"),
    NUMBER("registry.fetches", SETTING_INTEGER, registry_fetches, 1, 16, "8", RELOAD_LIVE,
           "Downloads of specifications at once.", "4"),
    CHOICE("registry.verify_tls", SETTING_BOOL, registry_verify_tls, NULL, "true", RELOAD_LIVE,
           "Verify the certificates of servers that specifications and their tokens come from.", "false"),

    CHOICE("outbound.allow_loopback", SETTING_BOOL, outbound_allow_loopback, NULL, "false", RELOAD_LIVE,
           "Connect to loopback addresses when a URL of a client leads there.", "true"),
    CHOICE("outbound.allow_own_listeners", SETTING_BOOL, outbound_allow_own_listeners, NULL, "false", RELOAD_LIVE,
           "Connect to this server's own listeners when a URL of a client leads there.", "true"),
    TEXTS("outbound.refuse", SETTING_NETWORKS, outbound_refuse, 64, "", "link-local, metadata and reserved addresses, which always are", RELOAD_LIVE,
          "More addresses or networks that are never connected to for a URL of a client.", "10.0.0.0/8,192.0.2.7"),
    TEXTS("outbound.ca_file", SETTING_FILE, outbound_ca_file, TEXT_MAX, "", "the system's trust anchors alone", RELOAD_LIVE,
          "PEM certificates trusted besides the system's when connecting to a URL of a client.", "/etc/fairlead/targets.pem"),

    NUMBER("outbound.connect_timeout", SETTING_DURATION, outbound_connect_timeout_ms, 100, 5 * M, "5s", RELOAD_LIVE,
           "How long connecting to a target may take, TLS included.", "2s"),
    NUMBER("outbound.first_byte_timeout", SETTING_DURATION, outbound_first_byte_timeout_ms, 100, H, "60s", RELOAD_LIVE,
           "From the end of a request to the beginning of the target's answer.", "10s"),
    NUMBER("outbound.idle_timeout", SETTING_DURATION, outbound_idle_timeout_ms, 0, H, "60s", RELOAD_LIVE,
           "How long a running call may pass without a byte in either direction; 0 = any time.", "5m"),
    NUMBER("outbound.timeout", SETTING_DURATION, outbound_timeout_ms, 0, 24 * H, "0s", RELOAD_LIVE,
           "How long a whole call may take, both bodies included; 0 = any time.", "10s"),
    NUMBER("outbound.keep_alive", SETTING_DURATION, outbound_keep_alive_ms, 0, H, "60s", RELOAD_LIVE,
           "How long an idle connection to a target is kept.", "20s"),
    NUMBER("outbound.connections", SETTING_INTEGER, outbound_connections, 1, 65536, "256", RELOAD_LIVE,
           "Connections to one target, per front.", "32"),
    NUMBER("outbound.queue", SETTING_INTEGER, outbound_queue, 0, 1000000, "1024", RELOAD_LIVE,
           "Calls that may wait for a connection to one target, per front; more are answered 503.", "128"),
    NUMBER("outbound.idle_connections", SETTING_INTEGER, outbound_idle_connections, 0, 65536, "1024", RELOAD_LIVE,
           "Idle connections kept by one front, to all targets together.", "128"),
    CHOICE("outbound.http2", SETTING_BOOL, outbound_http2, NULL, "true", RELOAD_LIVE,
           "Offer HTTP/2 to targets behind TLS (ALPN); used when they take it, many calls on one connection.", "false"),
    NUMBER("outbound.streams", SETTING_INTEGER, outbound_streams, 1, 1000, "100", RELOAD_LIVE,
           "Calls at once on one HTTP/2 connection to a target; fewer when the target says so.", "32"),
    NUMBER("outbound.token_timeout", SETTING_DURATION, outbound_token_timeout_ms, S, M, "10s", RELOAD_LIVE,
           "How long fetching an OAuth token, a CSRF token or an address may take.", "5s"),
    NUMBER("outbound.eject_after", SETTING_INTEGER, outbound_eject_after, 0, 1000, "5", RELOAD_LIVE,
           "Failures in a row to connect to an address, or to get an answer from it, after which it is left out; 0 = never.", "10"),
    NUMBER("outbound.eject_time", SETTING_DURATION, outbound_eject_time_ms, 100, H, "10s", RELOAD_LIVE,
           "How long such an address is left out; then one call tries it.", "30s"),
    TEXTS("outbound.proxy", SETTING_PROXY_URL, outbound_proxy, TEXT_MAX, "", "targets are connected to directly", RELOAD_LIVE,
          "HTTP proxy that targets, token endpoints and specifications are reached through (CONNECT).", "http://proxy.example.com:3128"),
    TEXTS("outbound.proxy_credentials_file", SETTING_KEY_FILE, outbound_proxy_credentials_file, TEXT_MAX, "", "none are sent", RELOAD_LIVE,
          "File with user:password for that proxy (Basic). Refused when others may read it.", "/etc/fairlead/proxy.password"),
    TEXTS("outbound.no_proxy", SETTING_PLACES, outbound_no_proxy, 253, "", "none", RELOAD_LIVE,
          "Hosts, domains (.example.com) and networks that are reached without outbound.proxy.", ".internal.example.com,10.0.0.0/8"),
    TEXTS("outbound.proxy_names", SETTING_PLACES, outbound_proxy_names, 253, "", "none", RELOAD_LIVE,
          "Hosts and domains (.example.com) that the proxy may resolve: sent to it by name, without a check of their address.", ".partner.example.net"),
    NUMBER("outbound.retry_buffer_bytes", SETTING_SIZE, outbound_retry_buffer_bytes, 0, MIB, "64KiB", RELOAD_LIVE,
           "A request body up to this size is kept, so that the call can be repeated with fresh credentials after a 401 or 403.", "256KiB"),
    CHOICE("outbound.forwarded_headers", SETTING_CHOICE, outbound_forwarded_headers, forwarded_choices, "append", RELOAD_LIVE,
           "What becomes of the caller's X-Forwarded-* headers: passed on and extended, or removed as Kyma 1.x did.", "remove"),
    CHOICE("outbound.rewrite_location", SETTING_BOOL, outbound_rewrite_location, NULL, "true", RELOAD_LIVE,
           "A Location that points below the target is rewritten to the address that the caller used.", "false"),
    NUMBER("outbound.targets", SETTING_INTEGER, outbound_targets, 16, 1000000, "10000", RELOAD_LIVE,
           "Targets that one front remembers, with their credentials.", "100000"),
    CHOICE("outbound.errors", SETTING_CHOICE, outbound_errors, error_choices, "json", RELOAD_LIVE,
           "A call that fails is answered with JSON that says why, or with an empty body as in Kyma.", "empty"),

    NUMBER("server.fronts", SETTING_FRONTS, server_fronts, 0, 64, "auto", RELOAD_RESTART,
           "Network processes; auto is one per CPU, 0 runs everything in one process (for debuggers).", "2"),
    NUMBER("server.stop_timeout", SETTING_DURATION, server_stop_timeout_ms, 0, H, "30s", RELOAD_LIVE,
           "How long running exchanges may take to finish after SIGTERM.", "10s"),
    TEXTS("server.user", SETTING_TEXT, server_user, 32, "", "the user that started it", RELOAD_RESTART,
          "User to change to when started as root.", "fairlead"),
    TEXTS("server.group", SETTING_TEXT, server_group, 32, "", "the user's group", RELOAD_RESTART,
          "Group to change to when started as root.", "fairlead"),
    CHOICE("server.sandbox", SETTING_BOOL, server_sandbox, NULL, "true", RELOAD_RESTART,
           "seccomp and Landlock around each process.", "false"),

    TEXTS("inbound.trusted_proxies", SETTING_NETWORKS, inbound_trusted_proxies, 64, "", "none", RELOAD_LIVE,
          "Addresses or networks whose X-Forwarded-Client-Cert is believed.", "10.0.0.5,10.1.0.0/16"),

    TEXTS("graphql.cors_origins", SETTING_ORIGINS, graphql_cors_origins, 280, "", "none", RELOAD_LIVE,
          "Origins whose pages may call the GraphQL routes of the connector and internal listeners (CORS). On the internal listener such a page acts for whoever opens it.",
          "https://console.example.com"),

    CHOICE("log.level", SETTING_LOG_LEVEL, log_level, level_choices, "info", RELOAD_LIVE, "Least important line that is written.", "debug"),
    CHOICE("log.format", SETTING_LOG_FORMAT, log_format, format_choices, "text", RELOAD_LIVE, "Lines for people or for programs.", "json"),
    CHOICE("log.access", SETTING_CHOICE, log_access, access_choices, "off", RELOAD_LIVE, "A line for every request, or for one of log.access_sample and for every one that failed.", "all"),
    NUMBER("log.access_sample", SETTING_INTEGER, log_access_sample, 1, 1000000, "100", RELOAD_LIVE, "With log.access: sampled, one request of so many is logged.", "1000"),

    NUMBER("limits.header_bytes", SETTING_SIZE, limit_header_bytes, KIB, MIB, "32KiB", RELOAD_CONNECTIONS,
           "Request head, all lines together.", "16KiB"),
    NUMBER("limits.header_count", SETTING_INTEGER, limit_header_count, 16, 100, "100", RELOAD_CONNECTIONS,
           "Header lines per request.", "64"),
    NUMBER("limits.uri_bytes", SETTING_SIZE, limit_uri_bytes, 512, 64 * KIB, "8KiB", RELOAD_CONNECTIONS,
           "Path and query.", "4KiB"),
    NUMBER("limits.connections", SETTING_INTEGER, limit_connections, 1, 1000000, "20000", RELOAD_CONNECTIONS,
           "Open connections per front and listener.", "5000"),
    NUMBER("limits.connections_per_address", SETTING_INTEGER, limit_connections_per_address, 1, 1000000, "1024", RELOAD_CONNECTIONS,
           "Open connections per front from one address.", "64"),
    NUMBER("limits.handshakes_per_address", SETTING_INTEGER, limit_handshakes_per_address, 1, 1000000, "500", RELOAD_CONNECTIONS,
           "New TLS handshakes per second from one address; loopback is exempt.", "50"),
    NUMBER("limits.idle", SETTING_DURATION, limit_idle_ms, S, 24 * H, "75s", RELOAD_CONNECTIONS,
           "How long a kept-alive connection may be silent.", "30s"),
    NUMBER("limits.header", SETTING_DURATION, limit_header_ms, S, H, "10s", RELOAD_CONNECTIONS,
           "How long a request head may take to arrive.", "5s"),
    NUMBER("limits.body_idle", SETTING_DURATION, limit_body_idle_ms, S, H, "20s", RELOAD_CONNECTIONS,
           "Longest pause inside a request body.", "10s"),
    NUMBER("limits.handshake", SETTING_DURATION, limit_handshake_ms, S, H, "10s", RELOAD_CONNECTIONS,
           "How long a TLS handshake may take.", "5s"),
    NUMBER("limits.write", SETTING_DURATION, limit_write_ms, S, H, "30s", RELOAD_CONNECTIONS,
           "How long a peer may take nothing of an answer.", "60s"),
    NUMBER("limits.body_min_rate", SETTING_SIZE, limit_body_min_rate, 0, MIB, "100", RELOAD_CONNECTIONS,
           "Bytes per second that a request body must average after its first 10 seconds; 0 = no such limit.", "1KiB"),
    NUMBER("limits.h2_streams", SETTING_INTEGER, limit_h2_streams, 1, 256, "128", RELOAD_CONNECTIONS,
           "Concurrent HTTP/2 streams per connection.", "64"),
    NUMBER("limits.h2_resets", SETTING_INTEGER, limit_h2_resets, 1, 100000, "50", RELOAD_CONNECTIONS,
           "HTTP/2 stream resets per second and connection.", "20"),
    NUMBER("limits.h2_control", SETTING_INTEGER, limit_h2_control, 1, 100000, "100", RELOAD_CONNECTIONS,
           "HTTP/2 control frames per second and connection.", "50"),
    NUMBER("limits.front_body_bytes", SETTING_SIZE, limit_front_body_bytes, MIB, 65536 * MIB, "64MiB", RELOAD_LIVE,
           "Request bodies collected in one front at once.", "256MiB"),
    NUMBER("limits.core_requests", SETTING_INTEGER, limit_core_requests, 16, 100000, "1024", RELOAD_LIVE,
           "Requests waiting in the core.", "4096"),
};
/* clang-format on */
const size_t settings_schema_count = sizeof settings_schema / sizeof settings_schema[0];

const struct setting *setting_find(struct text key)
{
    for (size_t i = 0; i < settings_schema_count; i++)
        if (text_equal(text_of(settings_schema[i].key), key))
            return &settings_schema[i];
    return NULL;
}

bool setting_is_section(struct text name)
{
    for (size_t i = 0; i < settings_schema_count; i++) {
        struct text key = text_of(settings_schema[i].key);
        if (name.n > 0 && name.n < key.n && key.p[name.n] == '.' && text_starts_with(key, name))
            return true;
    }
    return false;
}

const char *setting_variable(const struct setting *row, char out[static SETTING_VARIABLE_MAX])
{
    int n = snprintf(out, SETTING_VARIABLE_MAX, "FAIRLEAD_%s", row->key);
    for (int i = 0; i < n && i < SETTING_VARIABLE_MAX - 1; i++) {
        if (out[i] >= 'a' && out[i] <= 'z')
            out[i] = (char)(out[i] - 'a' + 'A');
        else if (out[i] == '.')
            out[i] = '_';
    }
    return out;
}

const char *setting_reload_text(enum setting_reload r)
{
    switch (r) {
    case RELOAD_LIVE:
        return "at once";
    case RELOAD_CONNECTIONS:
        return "new connections";
    case RELOAD_RESTART:
        return "restart";
    }
    return "";
}

/* The largest unit that divides it: 2592000000 -> "30d". */
static void range_duration(int64_t ms, char *out, size_t n)
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{D, "d"}, {H, "h"}, {M, "m"}, {S, "s"}, {1, "ms"}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (ms % units[i].ms == 0 && ms >= units[i].ms) {
            snprintf(out, n, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
            return;
        }
    snprintf(out, n, "0s");
}

static void range_size(int64_t bytes, char *out, size_t n)
{
    if (bytes >= MIB && bytes % MIB == 0)
        snprintf(out, n, "%" PRId64 "MiB", bytes / MIB);
    else if (bytes >= KIB && bytes % KIB == 0)
        snprintf(out, n, "%" PRId64 "KiB", bytes / KIB);
    else
        snprintf(out, n, "%" PRId64, bytes);
}

static const char *const type_texts[SETTING_TYPE_COUNT] = {
    [SETTING_TEXT] = "text",
    [SETTING_RDN] = "text without , = + /",
    [SETTING_COUNTRY] = "two capital letters",
    [SETTING_DIRECTORY] = "a directory",
    [SETTING_FILE] = "a file",
    [SETTING_KEY_FILE] = "a private file",
    [SETTING_OWN_KEY_FILE] = "a private file",
    [SETTING_SECRET_FILE] = "a private file",
    [SETTING_ADDRESS] = "an IP address and port, or off",
    [SETTING_DOMAIN] = "a DNS name",
    [SETTING_LABEL] = "a DNS label in lower case",
    [SETTING_BASE_URL] = "an https URL without a final slash",
    [SETTING_URL] = "an http or https URL",
    [SETTING_ISSUER_URL] = "an https URL",
    [SETTING_PROXY_URL] = "http://host:port",
    [SETTING_STORE_URL] = "sqlite:PATH or memory:",
    [SETTING_BOOL] = "true or false",
    [SETTING_HOSTS] = "a list of host names",
    [SETTING_ORIGINS] = "a list of origins as browsers send them, https://host[:port]",
    [SETTING_NETWORKS] = "a list of IP addresses or networks",
    [SETTING_PLACES] = "a list of host names, domains with a leading dot, IP addresses or networks",
    [SETTING_GRANTS] = "a list of WHO tenant=ID... scope=NAME...",
};

static void describe_choices(const struct setting *row, char *out, size_t n)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; row->choices[i] && used < n; i++) {
        const char *before = i == 0 ? "" : row->choices[i + 1] ? ", " : " or ";
        int wrote = snprintf(out + used, n - used, "%s%s", before, row->choices[i]);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
}

const char *setting_describe_type(const struct setting *row, char out[static SETTING_RANGE_MAX])
{
    char low[32] = "", high[32] = "";
    const char *plain;
    switch (row->type) {
    case SETTING_INTEGER:
        snprintf(out, SETTING_RANGE_MAX, "a whole number, %" PRId64 " to %" PRId64, row->min, row->max);
        break;
    case SETTING_FRONTS:
        snprintf(out, SETTING_RANGE_MAX, "auto or a whole number, %" PRId64 " to %" PRId64, row->min,
                 row->max);
        break;
    case SETTING_DURATION:
        range_duration(row->min, low, sizeof low);
        range_duration(row->max, high, sizeof high);
        snprintf(out, SETTING_RANGE_MAX, "a duration with ms, s, m, h or d, %s to %s", low, high);
        break;
    case SETTING_SIZE:
        range_size(row->min, low, sizeof low);
        range_size(row->max, high, sizeof high);
        snprintf(out, SETTING_RANGE_MAX, "bytes, or with KiB or MiB, %s to %s", low, high);
        break;
    case SETTING_CHOICE:
    case SETTING_LOG_LEVEL:
    case SETTING_LOG_FORMAT:
        describe_choices(row, out, SETTING_RANGE_MAX);
        break;
    case SETTING_TEXT:
    case SETTING_RDN:
    case SETTING_COUNTRY:
    case SETTING_DIRECTORY:
    case SETTING_FILE:
    case SETTING_KEY_FILE:
    case SETTING_OWN_KEY_FILE:
    case SETTING_SECRET_FILE:
    case SETTING_ADDRESS:
    case SETTING_DOMAIN:
    case SETTING_LABEL:
    case SETTING_BASE_URL:
    case SETTING_URL:
    case SETTING_ISSUER_URL:
    case SETTING_PROXY_URL:
    case SETTING_STORE_URL:
    case SETTING_BOOL:
    case SETTING_HOSTS:
    case SETTING_ORIGINS:
    case SETTING_NETWORKS:
    case SETTING_PLACES:
    case SETTING_GRANTS:
    case SETTING_TYPE_COUNT:
        plain = row->type < SETTING_TYPE_COUNT ? type_texts[row->type] : NULL;
        snprintf(out, SETTING_RANGE_MAX, "%s", plain ? plain : "");
        break;
    }
    return out;
}
