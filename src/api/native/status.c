/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "base/clock.h"
#include "base/encoding.h"
#include "ca/ca.h"
#include "os/sandbox.h"
#include "store/directory.h"
#include "store/registry.h"

#define CA_WARN_S (30 * 24 * 3600)

static void put_store(struct json_out *j, const struct store *store, const struct store_counts *n)
{
    json_open_object(j, "store");
    json_cstr(j, "kind", store_kind(store));
    json_int(j, "schemaVersion", n->schema_version);
    json_int(j, "applications", n->applications);
    json_int(j, "activeTokens", n->active_tokens);
    json_int(j, "activeCertificates", n->active_certificates);
    json_int(j, "revokedCertificates", n->revoked);
    if (n->soonest_expiry > 0)
        json_time(j, "soonestExpiry", n->soonest_expiry);
    else
        json_write_null(j, "soonestExpiry");
    json_int(j, "commits", n->commits);
    json_int(j, "operations", n->operations);
    json_int(j, "writeQueueDepth", n->write_queue_depth);
    json_end(j);
}

static struct status put_registry(struct json_out *j, struct store *store)
{
    struct registry_counts n;
    TRY(store_registry_counts(store, &n));
    json_open_object(j, "registry");
    json_int(j, "services", n.services);
    json_int(j, "specifications", n.specifications);
    json_int(j, "specificationBytes", n.specification_bytes); /* as stored: packed, equal ones once */
    json_end(j);
    return DONE;
}

/* Its external id: what `Tenant` names for what names no tenant. */
static struct status put_default_tenant(struct json_out *j, struct call *c)
{
    struct tenant t;
    const struct status found = store_tenant_get(c->domain->store, TEXT(""), c->arena, &t);
    if (status_ok(found))
        json_text(j, "defaultTenant", t.external_id);
    else if (found.code == E_NOT_FOUND)
        json_write_null(j, "defaultTenant");
    else
        return found;
    return DONE;
}

static void put_ca(struct json_out *j, const struct ca *ca)
{
    char hex[2 * SHA256_SIZE + 1];
    hex_encode(hex, (struct bytes){ca_fingerprint(ca), SHA256_SIZE});
    json_open_object(j, "ca");
    json_text(j, "subject", ca_subject(ca));
    json_text(j, "keyAlgorithm", ca_key_algorithm(ca));
    json_cstr(j, "fingerprint", hex);
    json_time(j, "notAfter", ca_not_after(ca));
    json_end(j);
}

static bool fetcher_runs(const struct domain *d)
{
    return d->fetcher_slab && slab_is_alive(d->fetcher_slab, clock_monotonic_ms());
}

static void put_warnings(struct json_out *j, const struct domain *d)
{
    json_open_array(j, "warnings");
    if (vault_key_is_inside_data_dir(d->vault))
        json_cstr(j, NULL,
                  "The vault's key file lies in the data directory: a copy of that directory is a copy of "
                  "every secret. Set vault.key_file.");
    if (ca_not_after(d->ca) - clock_now_s() < CA_WARN_S)
        json_cstr(j, NULL,
                  "The CA certificate ends within 30 days; certificates are not issued past its end.");
    if (!d->settings->server_sandbox)
        json_cstr(j, NULL, "The sandbox is off (server.sandbox).");
    if (text_starts_with(connector_settings_of(d->connector)->connector_url, TEXT("https://localhost")))
        json_cstr(j, NULL,
                  "The public address is localhost: only clients on this host can follow the addresses "
                  "handed out. Set url.domain, or url.connector and url.gateway.");
    json_end(j);
}

struct status native_status(struct call *c)
{
    const struct domain *d = c->domain;
    struct store_counts counts;
    TRY(store_counts(d->store, clock_now_s(), &counts));
    struct json_out j;
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    json_cstr(&j, "version", FAIRLEAD_VERSION);
    json_int(&j, "pid", c->domain->supervisor_pid);
    json_time(&j, "startedAt", d->started_at);
    json_int(&j, "fronts",
             d->settings->server_fronts >= 0 || d->slab_count == 0 ? d->settings->server_fronts
                                                                   : (int64_t)d->slab_count - 1);
    json_raw(&j, "listeners", d->listeners_json.n > 0 ? d->listeners_json : TEXT("[]"));
    put_store(&j, d->store, &counts);
    TRY(put_registry(&j, d->store));
    TRY(put_default_tenant(&j, c));
    json_open_object(&j, "vault");
    json_cstr(&j, "keyFile", vault_key_path(d->vault));
    json_bool(&j, "insideDataDir", vault_key_is_inside_data_dir(d->vault));
    json_end(&j);
    put_ca(&j, d->ca);
    json_cstr(&j, "sandbox", sandbox_describe());
    json_bool(&j, "fetcherRunning", fetcher_runs(d));
    put_warnings(&j, d);
    json_end(&j);
    return DONE;
}
