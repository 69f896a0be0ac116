/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/json_out.h"
#include "config/check.h"
#include "connector/connector.h"
#include "core/core_internal.h"
#include "credentials/credentials.h"
#include "director/mapping.h"
#include "oidc/oidc.h"
#include "os/files.h"
#include "os/processes.h"
#include "registry/registry.h"

#define LISTENERS_JSON_MAX (16u * 1024)
#define FETCHED_MAX        20000 /* tokens and host names that are remembered */
#define AUTHORIZATION_MAX  2048  /* of the proxy: 1 KiB in base64 */
#define FETCHES_AT_ONCE    12    /* of FETCHER_JOBS_MAX: downloads are not starved */

static void public_url(const struct core *c, const struct settings *s, enum listener l, struct buffer *out)
{
    connector_public_url(s, l, text_of(c->ch->addresses[l]), text_of(c->ch->host_name), out);
}

static void describe_listeners(const struct core *c, struct snapshot *s)
{
    struct json_out j;
    json_out_init(&j, &s->listeners);
    json_open_array(&j, NULL);
    for (int l = 0; l < LISTENER_COUNT; l++) {
        if (c->ch->addresses[l][0] == '\0')
            continue;
        s->domain.listening |= 1u << l;
        OWNED(buffer_release) struct buffer url;
        buffer_init(&url, 1024);
        public_url(c, s->settings, (enum listener)l, &url);
        json_open_object(&j, NULL);
        json_cstr(&j, "name", listener_name((enum listener)l));
        json_cstr(&j, "address", c->ch->addresses[l]);
        json_text(&j, "url", buffer_as_text(&url));
        json_end(&j);
    }
    json_end(&j);
    s->domain.listeners_json = buffer_as_text(&s->listeners);
}

static unsigned cpus(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}

static struct status make_connector(const struct core *c, struct snapshot *s, const struct snapshot *previous,
                                    struct error *err)
{
    OWNED(buffer_release) struct buffer connector_url;
    OWNED(buffer_release) struct buffer gateway_url;
    buffer_init(&connector_url, 1024);
    buffer_init(&gateway_url, 1024);
    public_url(c, s->settings, LISTENER_CONNECTOR, &connector_url);
    public_url(c, s->settings, LISTENER_GATEWAY, &gateway_url);
    struct connector_settings settings;
    connector_settings_from(s->settings, &settings);
    settings.connector_url = buffer_as_text(&connector_url);
    settings.gateway_url = buffer_as_text(&gateway_url);
    const struct connector_parts parts = {
        .store = c->store,
        .ca = c->ca,
        .page = s->domain.page,
        .slab = c->slab,
        .lane_width = cpus(),
    };
    return connector_new(&settings, &parts, previous ? previous->domain.connector : NULL,
                         &s->domain.connector, err);
}

static struct status make_registry(const struct core *c, struct snapshot *s, const struct snapshot *previous,
                                   struct error *err)
{
    struct registry_settings settings;
    registry_settings_from(s->settings, &settings);
    const struct registry_parts parts = {
        .store = c->store,
        .vault = c->vault,
        .ca = c->ca,
        .page = s->domain.page,
        .slab = c->slab,
        .fetcher = &c->fetcher,
        .lane_width = cpus(),
    };
    return registry_new(&settings, &parts, previous ? previous->domain.registry : NULL, &s->domain.registry,
                        err);
}

/* "Basic ..." of outbound.proxy_credentials_file. */
static struct status read_proxy_authorization(struct snapshot *s, struct error *err)
{
    OWNED(secret_release) struct secret both = {0};
    const char *file = s->settings->outbound_proxy_credentials_file;
    struct buffer value;
    if (!s->settings->outbound_proxy[0] || !file[0])
        return DONE;
    struct status st = proxy_credentials_read(file, &both, err);
    if (!status_ok(st))
        return error_wrap(err, st, "outbound.proxy_credentials_file");
    buffer_init(&value, AUTHORIZATION_MAX);
    (void)buffer_reserve(&value, AUTHORIZATION_MAX); /* growing would leave copies */
    buffer_text(&value, TEXT("Basic "));
    base64_encode(&value, secret_bytes(&both));
    st = buffer_status(&value);
    if (status_ok(st))
        st = secret_copy(&s->proxy_authorization, buffer_bytes(&value));
    buffer_wipe(&value);
    buffer_release(&value);
    return st;
}

static struct status read_proxy(struct snapshot *s, struct credentials_settings *out, struct error *err)
{
    const struct settings *from = s->settings;
    if (!status_ok(proxy_rules_read(text_of(from->outbound_proxy), &out->proxy)))
        return error_set(err, E_INVALID, "outbound.proxy: not http://host:port");
    TRY(read_proxy_authorization(s, err));
    out->proxy.no_proxy = (struct proxy_places){from->outbound_no_proxy.item, from->outbound_no_proxy.count};
    out->proxy.names =
        (struct proxy_places){from->outbound_proxy_names.item, from->outbound_proxy_names.count};
    out->proxy_authorization = bytes_text(secret_bytes(&s->proxy_authorization));
    return DONE;
}

/* Dead token endpoints and name servers may block half of the request threads; one of them, and all of one
 * application, a quarter. */
static struct status make_credentials(struct snapshot *s, const struct snapshot *previous, struct error *err)
{
    struct credentials_settings settings = {
        .cache_max = FETCHED_MAX,
        .timeout_ms = (unsigned)s->settings->outbound_token_timeout_ms,
        .fetches_at_once = FETCHES_AT_ONCE,
        .waiting_at_once = REQUEST_THREADS / 4,
        .blocked_at_once = REQUEST_THREADS / 2,
        .blocked_by_one = REQUEST_THREADS / 4,
        .verify_tls = true,
    };
    TRY(read_proxy(s, &settings, err));
    return credentials_new(&settings, previous ? previous->domain.credentials : NULL, &s->domain.credentials);
}

/* Where the socket really is: systemd may have made another than the settings say. */
static bool internal_asks(const struct core *c, const struct settings *s)
{
    bool loopback = false;
    const struct text bound = text_of(c->ch->addresses[LISTENER_INTERNAL]);
    return s->auth_required || (bound.n > 0 && !(check_address(bound, &loopback) && loopback));
}

/* Read with every reload; what is wrong in it refuses a start, or the reload. */
static struct status read_mappings(struct snapshot *s, struct error *err)
{
    OWNED(buffer_release) struct buffer json;
    const char *file = s->settings->auth_subject_mappings_file;
    buffer_init(&json, MAPPING_FILE_MAX);
    if (!file[0])
        return DONE;
    struct status st = file_read(file, MAPPING_FILE_MAX, &json, err);
    if (status_ok(st))
        st = director_mappings_read(buffer_as_text(&json), &s->mappings, err);
    s->domain.mappings = s->mappings;
    return status_ok(st) ? DONE : error_wrap(err, st, "auth.subject_mappings_file: '%s'", file);
}

/* `config_fd` < 0: the settings are there already (start). */
struct status snapshot_new(struct core *c, int config_fd, const struct snapshot *previous,
                           struct snapshot **out, struct error *err)
{
    struct snapshot *s = mem_alloc(sizeof *s);
    if (!s)
        return STATUS(NOMEM);
    s->references = 1;
    buffer_init(&s->listeners, LISTENERS_JSON_MAX);
    struct status st = settings_read(config_fd, &s->settings, err);
    if (status_ok(st))
        st = core_check_tls(s->settings, err);
    if (status_ok(st)) {
        s->domain = (struct domain){
            .settings = s->settings,
            .store = c->store,
            .vault = c->vault,
            .ca = c->ca,
            .compass = c->compass,
            .fetcher = &c->fetcher,
            .internal_asks = internal_asks(c, s->settings),
            .page = &c->page,
            .slab = c->slab,
            .slabs = c->slabs,
            .slab_count = c->slab_count,
            .series = c->series,
            .fetcher_slab = c->fetcher_slab,
            .supervisor_pid = c->ch->supervisor,
            .started_at = clock_now_s(),
            .host_name = text_of(c->ch->host_name),
        };
        describe_listeners(c, s);
        st = read_mappings(s, err);
        if (c->ca && status_ok(st)) /* NULL while the core only wants the settings, to open the rest */
            st = make_connector(c, s, previous, err);
        if (c->ca && status_ok(st))
            st = make_registry(c, s, previous, err);
        if (c->ca && status_ok(st))
            st = make_credentials(s, previous, err);
        if (c->ca && status_ok(st))
            st = oidc_new(s->settings, &c->fetcher, previous ? previous->domain.oidc : NULL, &s->domain.oidc,
                          err);
    }
    if (!status_ok(st)) {
        snapshot_unref(s);
        return st;
    }
    *out = s;
    return DONE;
}

struct snapshot *snapshot_ref(struct snapshot *s)
{
    s->references++;
    return s;
}

void snapshot_unref(struct snapshot *s)
{
    if (!s || --s->references > 0)
        return;
    oidc_free(s->domain.oidc);
    credentials_free(s->domain.credentials);
    registry_free(s->domain.registry);
    connector_free(s->domain.connector);
    director_mappings_free(s->mappings);
    buffer_release(&s->listeners);
    secret_release(&s->proxy_authorization);
    settings_free(s->settings);
    mem_free(s);
}
