/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "api/native/etag.h"
#include "base/json_cursor.h"
#include "registry/kept.h"

/* Secrets that are kept under a name, for calls by /secret/{name}/api/{api} (contract 3.3). Values go in, and
 * only those that are no secret come out. */

/* ---- answers ---- */

static void put_value(struct json_out *j, const struct secret_item *item)
{
    json_key(j, item->key);
    if (registry_kept_is_shown(item))
        json_text(j, NULL, bytes_text(item->value));
    else
        json_cstr(j, NULL, CREDENTIAL_MASK);
}

static void put_row(struct json_out *j, struct text name, int64_t revision, int64_t created_at,
                    int64_t updated_at)
{
    json_text(j, "name", name);
    json_int(j, "revision", revision);
    json_time(j, "createdAt", created_at);
    json_time(j, "updatedAt", updated_at);
}

static struct status put_secret(struct call *c, int status, const struct registry_kept *k)
{
    struct json_out j;
    reply_json(c, status);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    put_row(&j, k->name, k->revision, k->created_at, k->updated_at);
    json_open_object(&j, "data");
    for (size_t i = 0; i < k->data.count; i++)
        put_value(&j, &k->data.items[i]);
    json_end(&j);
    struct arena values; /* of its own: it holds what the warning is about */
    arena_init(&values, 4096, LIMIT_REQUEST_ARENA);
    const struct text warning = registry_kept_warning(&k->data, &values);
    if (warning.p)
        json_text(&j, "warning", warning);
    else
        json_write_null(&j, "warning");
    arena_wipe(&values);
    arena_release(&values);
    json_end(&j);
    return etag_put(c, k->revision);
}

static struct status answer(struct call *c, int status)
{
    struct registry_kept k = {.revision = 0};
    TRY(registry_kept_open(c->domain->registry, query_text(c, "tenant"), c->params[0], c->arena, &k,
                           &c->err));
    const struct status s = put_secret(c, status, &k);
    secret_data_release(&k.data);
    return s;
}

struct status native_secret_get(struct call *c)
{
    return answer(c, 200);
}

/* ---- the list ---- */

struct listing {
    struct json_out j;
    struct text last;
    unsigned count;
};

static bool list_row(void *ctx, const struct kept_secret *k)
{
    struct listing *l = ctx;
    json_open_object(&l->j, NULL);
    put_row(&l->j, k->name, k->revision, k->created_at, k->updated_at);
    json_end(&l->j);
    l->last = k->name;
    l->count++;
    return true;
}

struct status native_secret_list(struct call *c)
{
    struct page_request page;
    struct listing l = {.count = 0};
    TRY(query_page(c, &page));
    reply_json(c, 200);
    json_out_init(&l.j, &c->reply.body);
    json_open_object(&l.j, NULL);
    json_open_array(&l.j, "secrets");
    TRY(registry_kept_list(c->domain->registry, query_text(c, "tenant"), &page, c->arena, list_row, &l));
    json_end(&l.j);
    if (l.count < page.limit)
        json_write_null(&l.j, "next");
    else
        json_text(&l.j, "next", l.last);
    json_end(&l.j);
    return DONE;
}

/* ---- PUT and DELETE ---- */

struct values {
    struct secret_item items[SECRET_ITEMS_MAX];
    size_t count;
    struct buffer text; /* decoded keys and values, one behind the other; never grows, so nothing moves */
};

static void values_release(struct values *v)
{
    buffer_wipe(&v->text);
    buffer_release(&v->text);
}
OWNABLE_VALUE(struct values, values_release);

static struct status decoded(struct values *v, struct text raw, struct text *out)
{
    const size_t before = buffer_size(&v->text);
    TRY(json_string_decode(raw, &v->text));
    *out = text_from(buffer_as_text(&v->text), before);
    return DONE;
}

/* {"data": {"KEY": "value", ...}}: plain text. */
static struct status read_values(struct call *c, struct values *out)
{
    struct text object, data;
    enum json_type type;
    TRY(body_object(c, false, &object));
    if (!json_member(object, TEXT("data"), &data, &type) || type != JSON_TYPE_OBJECT)
        return error_set(&c->err, E_INVALID, "data must be an object of texts");
    buffer_init(&out->text, data.n);
    if (!buffer_reserve(&out->text, data.n)) /* what is decoded is no longer than what it was written as */
        return buffer_status(&out->text);
    struct json_cursor at = json_cursor_at(data);
    for (bool more = json_cursor_enter(&at); more; more = json_cursor_next(&at)) {
        struct text key, value;
        if (out->count == SECRET_ITEMS_MAX)
            return error_set(&c->err, E_INVALID, "data has more than %d keys", SECRET_ITEMS_MAX);
        TRY(decoded(out, json_cursor_key(&at), &key));
        if (json_cursor_type(&at) != JSON_TYPE_STRING)
            return error_set(&c->err, E_INVALID, "data.%.*s must be a text", TEXT_ARG(text_first(key, 64)));
        TRY(decoded(out, json_cursor_skip(&at), &value));
        out->items[out->count++] = (struct secret_item){key, text_bytes(value)};
    }
    return DONE;
}

/* As for services: with If-Match the row is read, judged, and changed only while it is what was judged. 0 =
 * no condition: then the domain sees to it that what a mask keeps is still there (registry_kept_put).
 */
static struct status expected_revision(struct call *c, int64_t *out)
{
    *out = 0;
    if (headers_count(&c->request->headers, TEXT("If-Match")) == 0)
        return DONE;
    struct registry_kept k = {.revision = 0};
    bool given, may = false;
    TRY(registry_kept_open(c->domain->registry, query_text(c, "tenant"), c->params[0], c->arena, &k,
                           &c->err));
    secret_data_release(&k.data);
    TRY(etag_may_change(c, k.revision, &given, &may));
    *out = k.revision;
    return may ? DONE
               : error_set(&c->err, E_CHANGED, "The secret is at revision %lld", (long long)k.revision);
}

/* If-None-Match: as of `*`, there is none, and still none when it is written (RFC 9110 13.1.2). */
static struct status expected_of_put(struct call *c, int64_t *out)
{
    TRY(expected_revision(c, out));
    if (headers_count(&c->request->headers, TEXT("If-None-Match")) == 0)
        return DONE;
    struct registry_kept k = {.revision = 0};
    bool known = false;
    const struct status found =
        registry_kept_open(c->domain->registry, query_text(c, "tenant"), c->params[0], c->arena, &k, NULL);
    secret_data_release(&k.data);
    TRY(etag_is_known(c, k.revision, &known));
    if (!status_ok(found) && found.code != E_NOT_FOUND)
        return found;
    if (*out == 0)
        *out = status_ok(found) ? k.revision : -1;
    if (status_ok(found) && known)
        return error_set(&c->err, E_CHANGED, "The secret is there, at revision %lld", (long long)k.revision);
    return DONE;
}

struct status native_secret_put(struct call *c)
{
    OWNED(values_release) struct values values = {.count = 0};
    struct kept_change change = {.tenant = query_text(c, "tenant"), .name = c->params[0]};
    bool is_new = false;
    TRY(expected_of_put(c, &change.expected_revision));
    TRY(read_values(c, &values));
    change.items = values.items;
    change.count = values.count;
    const struct audit_caller caller = call_caller(c);
    TRY(registry_kept_put(c->domain->registry, &caller, &change, &is_new, &c->err));
    return answer(c, is_new ? 201 : 200);
}

struct status native_secret_delete(struct call *c)
{
    int64_t revision;
    TRY(expected_revision(c, &revision));
    const struct audit_caller caller = call_caller(c);
    TRY(registry_kept_delete(c->domain->registry, &caller, query_text(c, "tenant"), c->params[0], revision,
                             &c->err));
    return reply_empty(c, 204);
}
