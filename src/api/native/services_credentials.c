/* SPDX-License-Identifier: Apache-2.0 */
#include "api/native/services.h"

#include "base/encoding.h"
#include "base/json_scan.h"

/*
 * How a service's API is authenticated to (native): what there is, putting other values in place by hand, and
 * bringing a replaced certificate back. No answer holds a password or a private key.
 */

/* ---- what there is ---- */

static void put_facts(struct json_out *j, const struct certificate_facts *f)
{
    char fingerprint[2 * SHA256_SIZE + 1];
    hex_encode(fingerprint, BYTES_OF(f->fingerprint));
    json_text(j, "subject", f->subject);
    json_cstr(j, "fingerprint", fingerprint);
    json_time(j, "notBefore", f->not_before);
    json_time(j, "notAfter", f->not_after);
}

static struct status put_certificate(struct call *c, struct json_out *j, const struct secret_data *data)
{
    const struct bytes pem = secret_data_get(data, "crt");
    if (pem.n == 0) {
        json_write_null(j, "certificate");
        return DONE;
    }
    struct certificate_facts facts;
    TRY(certificate_facts_read(pem, c->arena, &facts, &c->err));
    json_open_object(j, "certificate");
    put_facts(j, &facts);
    json_text(j, "pem", bytes_text(pem));
    json_end(j);
    return DONE;
}

static bool put_replaced(void *ctx, const struct registry_history *h)
{
    struct json_out *j = ctx;
    json_open_object(j, NULL);
    json_int(j, "sequence", h->sequence);
    json_time(j, "replacedAt", h->replaced_at);
    json_open_object(j, "certificate");
    put_facts(j, &h->facts);
    json_end(j);
    json_end(j);
    return true;
}

static struct status put_secret(struct call *c, const struct registry_key *key,
                                const struct registry_secret *secret)
{
    struct json_out j;
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    json_text(&j, "secret", secret->name);
    json_cstr(&j, "kind", credential_kind_name(secret->kind));
    json_bool(&j, "byHand", secret->by_hand);
    json_int(&j, "revision", secret->revision);
    json_time(&j, "updatedAt", secret->updated_at);
    json_open_array(&j, "keys");
    for (size_t i = 0; i < secret->data.count; i++)
        json_text(&j, NULL, secret->data.items[i].key);
    json_end(&j);
    TRY(put_certificate(c, &j, &secret->data));
    json_open_array(&j, "history");
    TRY(registry_history_list(c->domain->registry, key, c->arena, put_replaced, &j, &c->err));
    json_end(&j);
    json_end(&j);
    return DONE;
}

static struct status answer(struct call *c, const struct registry_key *key)
{
    struct registry_view view;
    TRY(native_service_find(c, key, &view));
    struct registry_secret secret = {0};
    struct status s =
        registry_secret_open(c->domain->registry, key, SECRET_CREDENTIALS, c->arena, &secret, &c->err);
    if (s.code == E_NOT_FOUND)
        return error_set(&c->err, E_NOT_FOUND, "The service has no credentials");
    if (status_ok(s))
        s = put_secret(c, key, &secret);
    secret_data_release(&secret.data);
    return s;
}

struct status native_credentials_get(struct call *c)
{
    struct registry_key key;
    TRY(native_service_key(c, &key));
    return answer(c, &key);
}

/* ---- by hand ---- */

/* Members of the body, and the secret's keys that they go to (contract 2.2). */
static const struct {
    const char *member, *key;
} replaceable[] = {
    {"certificate", "crt"},   {"key", "key"},           {"username", "username"},
    {"password", "password"}, {"clientId", "clientId"}, {"clientSecret", "clientSecret"},
};
#define REPLACEABLE (sizeof replaceable / sizeof replaceable[0])

static struct status read_items(struct call *c, struct secret_item items[static REPLACEABLE],
                                size_t *out_count)
{
    struct text object;
    size_t n = 0;
    TRY(body_object(c, false, &object));
    for (size_t i = 0; i < REPLACEABLE; i++) {
        struct text value;
        TRY(body_text(c, object, replaceable[i].member, &value));
        if (value.n > 0)
            items[n++] = (struct secret_item){.key = text_of(replaceable[i].key), .value = text_bytes(value)};
    }
    *out_count = n;
    if (n > 0)
        return DONE;
    return error_set(&c->err, E_INVALID,
                     "certificate and key, username and password, or clientId and clientSecret are missing");
}

struct status native_credentials_put(struct call *c)
{
    struct registry_key key;
    struct secret_item items[REPLACEABLE];
    size_t count;
    TRY(native_service_key(c, &key));
    TRY(read_items(c, items, &count));
    const struct audit_caller caller = call_caller(c);
    TRY(registry_secret_patch(c->domain->registry, &caller, &key, SECRET_CREDENTIALS, items, count, 0,
                              &c->err));
    return answer(c, &key);
}

/* ---- back from the history ---- */

static struct status read_sequence(struct call *c, int64_t *out)
{
    struct text object;
    struct text raw;
    enum json_type type;
    uint64_t n = 0;
    TRY(body_object(c, false, &object));
    if (!json_member(object, TEXT("sequence"), &raw, &type) || type != JSON_TYPE_NUMBER ||
        !text_to_u64(raw, INT64_MAX, &n))
        return error_set(&c->err, E_INVALID, "sequence must be a number from the history");
    *out = (int64_t)n;
    return DONE;
}

struct status native_credentials_restore(struct call *c)
{
    struct registry_key key;
    int64_t sequence;
    TRY(native_service_key(c, &key));
    TRY(read_sequence(c, &sequence));
    const struct audit_caller caller = call_caller(c);
    TRY(registry_history_restore(c->domain->registry, &caller, &key, sequence, &c->err));
    return answer(c, &key);
}
