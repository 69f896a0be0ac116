/* SPDX-License-Identifier: Apache-2.0 */
#include "store_service.h"

void service_id_of(unsigned n, uint8_t out[static SERVICE_ID_SIZE])
{
    memcpy(out, digest_of(n).p, SERVICE_ID_SIZE);
}

struct service_write service_of(struct fixture *f, unsigned n, const char *application)
{
    struct service_write w = {
        .service =
            {
                .application = text_of(application),
                .created_at = NOW,
                .updated_at = NOW,
                .name = arena_printf(&f->arena, "Service %u", n),
                .path_name = arena_printf(&f->arena, "service-%u", n),
                .provider = TEXT("SAP Hybris"),
                .description = TEXT("long"),
                .short_description = TEXT("short"),
                .labels = arena_printf(&f->arena, "{\"n\":\"%u\",\"region\":\"kr\"}", n % 10),
                .target_url = TEXT("https://Upstream.example/path"),
                .credential_kind = 2,
                .details = TEXT("{\"apiType\":\"openapi\"}"),
            },
    };
    service_id_of(n, w.service.id);
    return w;
}

struct status make_service(struct fixture *f, unsigned n, const char *application)
{
    struct service_write w = service_of(f, n, application);
    return store_service_create(f->s, &w, AUDIT("service.create"));
}

struct service service_now(struct fixture *f, unsigned n, struct service_secret *secrets)
{
    struct service s;
    uint8_t id[SERVICE_ID_SIZE];
    service_id_of(n, id);
    assert_ok(store_service_find(f->s, TEXT(""), id, &f->arena, &s, secrets));
    return s;
}

bool service_is_there(struct fixture *f, unsigned n)
{
    struct service s;
    uint8_t id[SERVICE_ID_SIZE];
    service_id_of(n, id);
    return status_ok(store_service_find(f->s, TEXT(""), id, &f->arena, &s, NULL));
}

struct status delete_service(struct fixture *f, unsigned n, const char *application, int64_t revision)
{
    uint8_t id[SERVICE_ID_SIZE];
    service_id_of(n, id);
    return store_service_delete(f->s, TEXT(""), text_of(application), id, revision, AUDIT("service.delete"));
}

struct secret_write put_secret(const char *sealed)
{
    return (struct secret_write){.change = SECRET_PUT, .sealed = text_bytes(text_of(sealed))};
}

void give_specification(struct service_write *w, enum specification_slot slot, struct specification_row *row,
                        const char *text)
{
    struct specification_ref *ref = &w->service.specifications[slot];
    *row = (struct specification_row){
        .packing = 1, .size = (int64_t)strlen(text), .packed = text_bytes(text_of(text))};
    sha256(row->packed, row->hash);
    *ref = (struct specification_ref){.present = true, .format = FORMAT_YAML, .size = row->size};
    memcpy(ref->hash, row->hash, SHA256_SIZE);
    w->specifications[slot] = row;
}

bool specification_is_there(struct fixture *f, const char *text)
{
    uint8_t hash[SHA256_SIZE];
    struct specification_row row;
    sha256(text_bytes(text_of(text)), hash);
    struct status s = store_specification_get(f->s, TEXT(""), hash, &f->arena, &row);
    if (status_ok(s))
        assert_text(bytes_text(row.packed), text);
    else
        assert_int_equal(s.code, E_NOT_FOUND);
    return status_ok(s);
}

struct registry_counts registry_counts_of(struct fixture *f)
{
    struct registry_counts counts;
    assert_ok(store_registry_counts(f->s, &counts));
    return counts;
}

int64_t services_of(struct fixture *f, const char *application)
{
    struct application app;
    assert_ok(store_application_get(f->s, TEXT(""), text_of(application), &f->arena, &app));
    return app.services;
}
