/* SPDX-License-Identifier: Apache-2.0 */
#include "api/native/services.h"

#include "api/native/call_options.h"
#include "base/encoding.h"
#include "registry/details.h"

/* A service as the native API shows it. Specifications are named, not contained: they have a route. */

static void put_id(struct json_out *j, const struct service *row)
{
    char id[SERVICE_ID_TEXT + 1];
    json_text(j, "id", service_id_text(row->id, id));
    json_text(j, "application", row->application);
}

static void put_optional(struct json_out *j, const char *name, struct text value)
{
    if (value.n > 0)
        json_text(j, name, value);
    else
        json_write_null(j, name);
}

static const char *role_word(const struct service *row)
{
    return row->role == SERVICE_API ? "api" : row->role == SERVICE_EVENTS ? "events" : "service";
}

/* A list's row has no name of it. */
static void put_bundle(struct json_out *j, const struct service *row, struct text name)
{
    char id[SERVICE_ID_TEXT + 1];
    json_cstr(j, "role", role_word(row));
    if (row->role == SERVICE_WHOLE) {
        json_write_null(j, "bundle");
        return;
    }
    json_open_object(j, "bundle");
    json_text(j, "id", service_id_text(row->bundle, id));
    if (name.p)
        json_text(j, "name", name);
    json_end(j);
}

void put_service_row(struct json_out *j, const struct service *row)
{
    json_open_object(j, NULL);
    put_id(j, row);
    put_bundle(j, row, (struct text){NULL, 0});
    json_text(j, "name", row->name);
    json_text(j, "pathName", row->path_name);
    json_text(j, "provider", row->provider);
    json_text(j, "description", row->description);
    json_text(j, "identifier", row->identifier);
    json_raw(j, "labels", row->labels);
    put_optional(j, "targetUrl", row->target_url);
    json_cstr(j, "credentials", credential_kind_name((enum credential_kind)row->credential_kind));
    json_time(j, "createdAt", row->created_at);
    json_time(j, "updatedAt", row->updated_at);
    json_int(j, "revision", row->revision);
    json_end(j);
}

static void put_specification(struct json_out *j, const char *name, const struct specification_ref *ref)
{
    static const char *const formats[] = {
        [FORMAT_JSON] = "json", [FORMAT_YAML] = "yaml", [FORMAT_XML] = "xml", [FORMAT_TEXT] = "text"};
    char hash[2 * SHA256_SIZE + 1];
    if (!ref->present) {
        json_write_null(j, name);
        return;
    }
    hex_encode(hash, BYTES_OF(ref->hash));
    json_open_object(j, name);
    json_cstr(j, "format", formats[ref->format]);
    json_int(j, "bytes", ref->size);
    json_cstr(j, "sha256", hash);
    if (ref->fetched_at > 0)
        json_time(j, "fetchedAt", ref->fetched_at);
    else
        json_write_null(j, "fetchedAt");
    json_end(j);
}

static void put_api(struct json_out *j, const struct registry_view *v)
{
    const struct api_details *api = &v->details.api;
    if (!api->given) {
        json_write_null(j, "api");
        return;
    }
    json_open_object(j, "api");
    json_text(j, "targetUrl", api->target_url);
    json_text(j, "apiType", api->api_type);
    json_text(j, "specificationUrl", api->specification_url);
    put_credentials(j, "credentials", &api->credentials);
    put_optional(j, "credentialSecret", v->credential_secret);
    json_bool(j, "credentialsByHand", v->credential_by_hand);
    put_request_parameters(j, "requestParameters", &api->parameters);
    put_optional(j, "parameterSecret", v->parameter_secret);
    put_specification(j, "specification", &v->row.specifications[SPECIFICATION_API]);
    json_end(j);
}

static void put_others(struct json_out *j, const struct registry_view *v)
{
    if (v->details.events.given) {
        json_open_object(j, "events");
        put_specification(j, "specification", &v->row.specifications[SPECIFICATION_EVENTS]);
        json_end(j);
    } else {
        json_write_null(j, "events");
    }
    put_specification(j, "documentation", &v->row.specifications[SPECIFICATION_DOCUMENTATION]);
}

static struct status put_service(struct call *c, struct json_out *j, const struct registry_view *v)
{
    const struct service *row = &v->row;
    json_open_object(j, NULL);
    put_id(j, row);
    put_bundle(j, row, v->bundle_name);
    json_int(j, "revision", row->revision);
    json_time(j, "createdAt", row->created_at);
    json_time(j, "updatedAt", row->updated_at);
    json_text(j, "provider", row->provider);
    json_text(j, "name", row->name);
    json_text(j, "pathName", row->path_name);
    json_text(j, "description", row->description);
    json_text(j, "shortDescription", row->short_description);
    json_text(j, "identifier", row->identifier);
    json_raw(j, "labels", row->labels);
    put_api(j, v);
    put_others(j, v);
    TRY(put_service_call(c, j, row));
    json_end(j);
    return DONE;
}

struct status native_service_answer(struct call *c, int status, const struct registry_view *view)
{
    struct json_out j;
    reply_json(c, status);
    json_out_init(&j, &c->reply.body);
    TRY(put_service(c, &j, view));
    return etag_put(c, view->row.revision);
}
