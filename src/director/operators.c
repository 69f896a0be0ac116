/* SPDX-License-Identifier: Apache-2.0 */
#include "director/internal.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/json_out.h"
#include "base/own.h"
#include "base/random.h"
#include "base/secret.h"

/* Operators: who holds a bearer token that this server made (contract 2.7). */

#define TOKEN_BYTES  64
#define NAME_BYTES   64
#define WORDS_BYTES  (16u * 1024)
#define DETAIL_BYTES (2u * WORDS_BYTES)

/* What the fields of the Director's schema ask for (api/compass/director_schema.c); sorted. */
static const struct text known_scopes[] = {
    TEXT_INIT("admin"), /* the native API, where the internal listener asks */
    TEXT_INIT("api_spec.fetch_request:read"),
    TEXT_INIT("application.auths:read"),
    TEXT_INIT("application:read"),
    TEXT_INIT("application:write"),
    TEXT_INIT("bundle.instance_auths:read"),
    TEXT_INIT("certificate_subject_mapping:read"),
    TEXT_INIT("certificate_subject_mapping:write"),
    TEXT_INIT("document.fetch_request:read"),
    TEXT_INIT("event_spec.fetch_request:read"),
    TEXT_INIT("fetch-request.auth:read"),
    TEXT_INIT("ory_internal"),
    TEXT_INIT("runtime.auths:read"),
    TEXT_INIT("runtime:read"),
    TEXT_INIT("runtime:write"),
    TEXT_INIT("tenant:read"),
};
#define KNOWN_SCOPES (sizeof known_scopes / sizeof known_scopes[0])

static struct status check_name(const struct director_call *d, struct text name)
{
    if (name.n <= NAME_BYTES && is_word(name, "._@-") && is_word(text_first(name, 1), ""))
        return DONE;
    return error_set(
        d->err, E_INVALID,
        "An operator's name has 1 to %d letters, digits and . _ @ -, and begins with a letter or "
        "a digit",
        NAME_BYTES);
}

static bool has(const struct text *words, size_t count, struct text word)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(words[i], word))
            return true;
    return false;
}

static struct status kept(const struct director_call *d, const struct buffer *words, struct text *out)
{
    TRY(buffer_status(words));
    *out = arena_text(d->arena, buffer_as_text(words));
    return out->p ? DONE : STATUS(NOMEM);
}

static void add_word(struct buffer *words, struct text word)
{
    buffer_cstr(words, buffer_size(words) > 0 ? " " : "");
    buffer_text(words, word);
}

/* ---- scopes ---- */

static struct status join_scopes(const struct director_call *d, const struct director_operator *in,
                                 struct text *out)
{
    for (size_t i = 0; i < in->scope_count; i++)
        if (!text_equal(in->scopes[i], TEXT("*")) && !has(known_scopes, KNOWN_SCOPES, in->scopes[i]))
            return error_set(d->err, E_INVALID,
                             "There is no scope '%.*s': admin, application:read, application:write, "
                             "application.auths:read, runtime:read, runtime:write, runtime.auths:read, "
                             "tenant:read, certificate_subject_mapping:read, "
                             "certificate_subject_mapping:write and ory_internal are, and * for all",
                             TEXT_ARG(text_first(in->scopes[i], 100)));
    OWNED(buffer_release) struct buffer words;
    buffer_init(&words, WORDS_BYTES);
    if (in->scope_count == 0 || has(in->scopes, in->scope_count, TEXT("*")))
        add_word(&words, TEXT("*"));
    for (size_t i = 0; i < KNOWN_SCOPES && buffer_size(&words) != 1; i++)
        if (has(in->scopes, in->scope_count, known_scopes[i]))
            add_word(&words, known_scopes[i]);
    return kept(d, &words, out);
}

/* ---- tenants ---- */

static int by_text(const void *a, const void *b)
{
    return text_compare(*(const struct text *)a, *(const struct text *)b);
}

/* A word that names nothing would be a right to whatever gets that name later. */
static struct status check_tenant(const struct director_call *d, struct text external_id)
{
    struct tenant t;
    const struct status found = store_tenant_find(d->parts->store, external_id, d->arena, &t);
    if (found.code == E_NOT_FOUND)
        return error_set(d->err, E_INVALID, "There is no tenant '%.*s': `fairlead tenant list` shows them",
                         TEXT_ARG(text_first(external_id, 120)));
    TRY(found);
    if (text_contains(external_id, ' ')) /* made elsewhere; the list is separated by blanks */
        return error_set(d->err, E_INVALID, "An operator cannot be bound to tenant '%.*s': its id has blanks",
                         TEXT_ARG(text_first(external_id, 120)));
    return DONE;
}

static struct status join_tenants(const struct director_call *d, const struct director_operator *in,
                                  struct text *out)
{
    if (in->tenant_count == 0 || has(in->tenants, in->tenant_count, TEXT("*"))) {
        *out = TEXT("*");
        return DONE;
    }
    struct text *sorted = arena_array(d->arena, in->tenant_count, sizeof *sorted);
    if (!sorted)
        return STATUS(NOMEM);
    for (size_t i = 0; i < in->tenant_count; i++) {
        TRY(check_tenant(d, in->tenants[i]));
        sorted[i] = in->tenants[i];
    }
    qsort(sorted, in->tenant_count, sizeof *sorted, by_text);
    OWNED(buffer_release) struct buffer words;
    buffer_init(&words, WORDS_BYTES);
    for (size_t i = 0; i < in->tenant_count; i++)
        if (i == 0 || !text_equal(sorted[i], sorted[i - 1]))
            add_word(&words, sorted[i]);
    return kept(d, &words, out);
}

/* ---- the token ---- */

/* The value goes to *out only. */
static struct status draw(struct arena *a, uint8_t hash[static SHA256_SIZE], struct text *out)
{
    uint8_t raw[TOKEN_BYTES];
    random_bytes(raw, sizeof raw);
    OWNED(buffer_release) struct buffer token;
    buffer_init(&token, base64_encoded_size(sizeof raw));
    base64url_encode(&token, BYTES_OF(raw));
    secret_wipe(raw, sizeof raw);
    *out = arena_text(a, buffer_as_text(&token));
    const struct status encoded = buffer_status(&token);
    buffer_wipe(&token);
    TRY(encoded);
    sha256(text_bytes(*out), hash);
    return out->p ? DONE : STATUS(NOMEM);
}

static struct status no_operator(const struct director_call *d, struct text name)
{
    return error_set(d->err, E_NOT_FOUND, "There is no operator %.*s: `fairlead operator list` shows them",
                     TEXT_ARG(text_first(name, 100)));
}

/* Those that are NULL are not part of it. */
static struct status detail(const struct director_call *d, const struct operator_change *is, struct text *out)
{
    OWNED(buffer_release) struct buffer b;
    struct json_out j;
    buffer_init(&b, DETAIL_BYTES);
    json_out_init(&j, &b);
    json_open_object(&j, NULL);
    if (is->scopes)
        json_text(&j, "scopes", *is->scopes);
    if (is->tenants)
        json_text(&j, "tenants", *is->tenants);
    if (is->expires_at && *is->expires_at > 0)
        json_time(&j, "expiresAt", *is->expires_at);
    else if (is->expires_at)
        json_write_null(&j, "expiresAt");
    json_end(&j);
    return kept(d, &b, out);
}

struct status director_operator_create(const struct director_call *d, const struct director_operator *in,
                                       struct operator_row *out, struct text *out_token)
{
    struct text token;
    struct operator_row o = {.name = in->name, .created_at = clock_now_s(), .created_by = d->caller->actor};
    TRY(check_name(d, in->name));
    TRY(join_scopes(d, in, &o.scopes));
    TRY(join_tenants(d, in, &o.tenants));
    o.expires_at = in->life_s > 0 ? o.created_at + in->life_s : 0;
    TRY(draw(d->arena, o.hash, &token));
    struct audit_entry audit = director_audit_plain(d, "operator.create", o.name);
    const struct operator_change all = {&o.scopes, &o.tenants, o.expires_at > 0 ? &o.expires_at : NULL};
    TRY(detail(d, &all, &audit.detail));
    const struct status stored = store_operator_create(d->parts->store, &o, &audit);
    if (stored.code == E_CONFLICT)
        return error_set(
            d->err, E_CONFLICT,
            "There is an operator %.*s already: `fairlead operator update` changes it; delete it "
            "first for another token",
            TEXT_ARG(o.name));
    TRY(stored);
    *out = o;
    *out_token = token;
    return DONE;
}

struct wanted {
    struct text name;
    int64_t expires_at;
};

static bool note_end(void *ctx, const struct operator_row *o)
{
    struct wanted *w = ctx;
    if (!text_equal(o->name, w->name))
        return true;
    w->expires_at = o->expires_at;
    return false;
}

/* A token that has ended opens nothing ever again: somebody may have thrown it away carelessly since. */
static struct status check_not_ended(const struct director_call *d, struct text name, int64_t now)
{
    struct wanted w = {.name = name};
    TRY(store_operator_list(d->parts->store, d->arena, note_end, &w));
    if (w.expires_at == 0 || now < w.expires_at)
        return DONE;
    return error_set(d->err, E_CONFLICT, "The operator %.*s has ended: delete it and create another",
                     TEXT_ARG(name));
}

struct status director_operator_update(const struct director_call *d,
                                       const struct director_operator_change *in, struct operator_row *out)
{
    struct text scopes;
    struct text tenants;
    const int64_t now = clock_now_s();
    const int64_t expires_at = in->to.life_s > 0 ? now + in->to.life_s : 0;
    struct operator_change change = {.expires_at = in->life ? &expires_at : NULL};
    if (in->life)
        TRY(check_not_ended(d, in->to.name, now));
    if (in->scopes) {
        TRY(join_scopes(d, &in->to, &scopes));
        change.scopes = &scopes;
    }
    if (in->tenants) {
        TRY(join_tenants(d, &in->to, &tenants));
        change.tenants = &tenants;
    }
    struct audit_entry audit = director_audit_plain(d, "operator.update", in->to.name);
    TRY(detail(d, &change, &audit.detail));
    const struct status s =
        store_operator_update(d->parts->store, in->to.name, &change, &audit, d->arena, out);
    return s.code == E_NOT_FOUND ? no_operator(d, in->to.name) : s;
}

struct status director_operator_delete(const struct director_call *d, struct text name)
{
    const struct audit_entry audit = director_audit_plain(d, "operator.delete", name);
    const struct status s = store_operator_delete(d->parts->store, name, &audit);
    return s.code == E_NOT_FOUND ? no_operator(d, name) : s;
}
