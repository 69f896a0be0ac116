/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/secret_data.h"

#include "base/buffer.h"
#include "base/json_out.h"
#include "base/reader.h"

#define KEY_MAX      255 /* its length is one octet */
#define ESCAPED_MAX  6   /* octets of JSON that one octet of a string may become: \u003c */
#define ENTRY_AROUND 8   /* "":[]," and the like around a name, more than enough */
#define VALUE_AROUND 3   /* quotes and comma around a value */

void secret_data_release(struct secret_data *d)
{
    secret_release(&d->bytes);
    *d = (struct secret_data){0};
}

/* ---- the encoded form ---- */

static bool has_key(const struct secret_item *items, size_t count, struct text key)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(items[i].key, key))
            return true;
    }
    return false;
}

/* 0 when it cannot be written. */
static size_t encoded_size(const struct secret_item *items, size_t count)
{
    size_t size = 1, values = 0;
    if (count > SECRET_ITEMS_MAX)
        return 0;
    for (size_t i = 0; i < count; i++) {
        bool fits = items[i].key.n > 0 && items[i].key.n <= KEY_MAX &&
                    items[i].value.n <= SECRET_BYTES_MAX - values && !has_key(items, i, items[i].key);
        if (!fits)
            return 0;
        values += items[i].value.n;
        size += 1 + items[i].key.n + 4 + items[i].value.n;
    }
    return size;
}

static uint8_t *put(uint8_t *to, struct bytes from)
{
    if (from.n > 0)
        memcpy(to, from.p, from.n);
    return to + from.n;
}

struct status secret_data_encode(const struct secret_item *items, size_t count, struct secret *out)
{
    size_t size = encoded_size(items, count);
    if (size == 0)
        return STATUS(INVALID);
    struct secret made = {0};
    TRY(secret_alloc(&made, size)); /* of its final size: growing would leave copies behind */
    uint8_t *p = made.p;
    *p++ = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        *p++ = (uint8_t)items[i].key.n;
        p = put(p, text_bytes(items[i].key));
        for (int shift = 24; shift >= 0; shift -= 8)
            *p++ = (uint8_t)(items[i].value.n >> shift);
        p = put(p, items[i].value);
    }
    must(p == made.p + size);
    *out = made;
    return DONE;
}

static bool read_items(struct bytes encoded, struct secret_data *out)
{
    struct reader r = reader_of(encoded);
    size_t count = reader_u8(&r), values = 0;
    if (count > SECRET_ITEMS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct secret_item *item = &out->items[i];
        item->key = bytes_text(reader_take(&r, reader_u8(&r)));
        item->value = reader_bytes32(&r);
        if (r.failed || item->key.n == 0 || has_key(out->items, i, item->key) ||
            item->value.n > SECRET_BYTES_MAX - values)
            return false;
        values += item->value.n;
    }
    out->count = count;
    return reader_done(&r);
}

struct status secret_data_decode(struct secret *bytes, struct secret_data *out)
{
    OWNED(secret_release) struct secret taken = *bytes;
    *bytes = (struct secret){0};
    struct secret_data read = {0};
    if (!read_items(secret_bytes(&taken), &read))
        return STATUS(BROKEN);
    read.bytes = taken;
    taken = (struct secret){0};
    *out = read;
    return DONE;
}

struct bytes secret_data_get(const struct secret_data *d, const char *key)
{
    struct text wanted = text_of(key);
    for (size_t i = 0; i < d->count; i++) {
        if (text_equal(d->items[i].key, wanted))
            return d->items[i].value;
    }
    return (struct bytes){NULL, 0};
}

/* ---- what a registration puts into its secrets ---- */

/* Items being gathered. JSON of parameters is made here, so it is wiped here. */
struct gathered {
    struct secret_item items[SECRET_ITEMS_MAX];
    size_t count;
    struct buffer json[4];
    size_t json_count;
    enum code failed;
};

static void gathered_release(struct gathered *g)
{
    for (size_t i = 0; i < g->json_count; i++) {
        buffer_wipe(&g->json[i]);
        buffer_release(&g->json[i]);
    }
}
OWNABLE_VALUE(struct gathered, gathered_release);

static void add(struct gathered *g, struct text key, struct text value)
{
    must(g->count < SECRET_ITEMS_MAX);
    g->items[g->count++] = (struct secret_item){key, text_bytes(value)};
}

static size_t json_size_at_most(const struct parameter_list *list)
{
    size_t size = 2;
    for (size_t i = 0; i < list->count; i++) {
        const struct parameter *p = &list->list[i];
        size += ESCAPED_MAX * p->name.n + ENTRY_AROUND;
        for (size_t k = 0; k < p->count; k++)
            size += ESCAPED_MAX * p->values[k].n + VALUE_AROUND;
    }
    return size;
}

/* Object of arrays of strings, names in the order they were sent. The writer's own member names are constants
 * that it does not escape, so each name is written as a text of its own. */
static void write_parameters(const struct parameter_list *list, struct buffer *out)
{
    struct json_out j;
    buffer_byte(out, '{');
    for (size_t i = 0; i < list->count; i++) {
        const struct parameter *p = &list->list[i];
        if (i > 0)
            buffer_byte(out, ',');
        json_out_init(&j, out);
        json_text(&j, NULL, p->name);
        buffer_byte(out, ':');
        json_out_init(&j, out);
        json_open_array(&j, NULL);
        for (size_t k = 0; k < p->count; k++)
            json_text(&j, NULL, p->values[k]);
        json_end(&j);
    }
    buffer_byte(out, '}');
}

static void add_parameters(struct gathered *g, struct text key, const struct parameter_list *list)
{
    if (list->count == 0)
        return;
    must(g->json_count < sizeof g->json / sizeof g->json[0]);
    struct buffer *json = &g->json[g->json_count++];
    size_t most = json_size_at_most(list);
    buffer_init(json, most);
    if (buffer_reserve(json, most)) /* all of it at once, so that growing leaves no copies */
        write_parameters(list, json);
    if (!status_ok(buffer_status(json)))
        g->failed = json->failed;
    add(g, key, buffer_as_text(json));
}

static struct status finish(const struct gathered *g, struct secret_data *out)
{
    if (g->failed != E_OK)
        return status_of(g->failed);
    struct secret encoded = {0};
    TRY(secret_data_encode(g->items, g->count, &encoded));
    return secret_data_decode(&encoded, out);
}

static void add_token_parameters(struct gathered *g, const struct credentials *c)
{
    add_parameters(g, TEXT("headers"), &c->oauth.parameters.headers);
    add_parameters(g, TEXT("queryParameters"), &c->oauth.parameters.query);
    add_parameters(g, TEXT("formParameters"), &c->oauth.form);
}

struct status secret_data_of_credentials(const struct credentials *c, struct secret_data *out)
{
    OWNED(gathered_release) struct gathered g = {0};
    switch (credential_kind_of(c)) {
    case CREDENTIAL_BASIC:
        add(&g, TEXT("username"), c->basic.username);
        add(&g, TEXT("password"), c->basic.password);
        return finish(&g, out);
    case CREDENTIAL_OAUTH:
        add(&g, TEXT("clientId"), c->oauth.client_id);
        add(&g, TEXT("clientSecret"), c->oauth.client_secret);
        add_token_parameters(&g, c);
        return finish(&g, out);
    case CREDENTIAL_OAUTH_CERTIFICATE:
        add(&g, TEXT("clientId"), c->oauth.client_id);
        if (c->oauth.common_name.n > 0)
            add(&g, TEXT("commonName"), c->oauth.common_name);
        add(&g, TEXT("crt"), c->oauth.certificate_pem);
        add(&g, TEXT("key"), c->oauth.key_pem);
        add_token_parameters(&g, c);
        return finish(&g, out);
    case CREDENTIAL_CERTIFICATE:
    case CREDENTIAL_NONE:
        break;
    }
    return STATUS(NOT_FOUND);
}

struct status secret_data_of_parameters(const struct api_details *api, struct secret_data *out)
{
    OWNED(gathered_release) struct gathered g = {0};
    if (!api->given)
        return STATUS(NOT_FOUND);
    add_parameters(&g, TEXT("headers"), &api->parameters.headers);
    add_parameters(&g, TEXT("queryParameters"), &api->parameters.query);
    add_parameters(&g, TEXT("credentialHeaders"), &api->credentials.extra.headers);
    add_parameters(&g, TEXT("credentialQueryParameters"), &api->credentials.extra.query);
    /* "requestParameters": {} makes a secret without data (contract 1.11) */
    if (g.count == 0 && !api->parameters.given)
        return STATUS(NOT_FOUND);
    return finish(&g, out);
}
