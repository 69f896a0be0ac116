/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "base/encoding.h"

static const char *const states[] = {"active", "revoked", NULL};
static const char *const sorts[] = {"notAfter", "issuedAt", "application", NULL};
static const char *const orders[] = {"asc", "desc", NULL};

/* The members of one certificate; the object is open. */
static void put_certificate(struct json_out *j, const struct certificate *cert)
{
    char hex[2 * SHA256_SIZE + 1];
    hex_encode(hex, BYTES_OF(cert->fingerprint));
    json_cstr(j, "fingerprint", hex);
    hex_encode(hex, (struct bytes){cert->serial.p, cert->serial.n <= SHA256_SIZE ? cert->serial.n : 0});
    json_cstr(j, "serial", hex);
    json_cstr(j, "kind", cert->kind == CERTIFICATE_RUNTIME ? "runtime" : "application");
    json_cstr(j, "state", cert->state == CERTIFICATE_REVOKED ? "revoked" : "active");
    json_text(j, "application", cert->application);
    json_text(j, "tenant", cert->tenant);
    json_text(j, "group", cert->group);
    json_text(j, "subject", cert->subject);
    json_text(j, "keyAlgorithm", cert->key_algorithm);
    json_time(j, "issuedAt", cert->issued_at);
    json_time(j, "notBefore", cert->not_before);
    json_time(j, "notAfter", cert->not_after);
    if (cert->revoked_at > 0)
        json_time(j, "revokedAt", cert->revoked_at);
    else
        json_write_null(j, "revokedAt");
    json_text(j, "revokedReason", cert->revoked_reason);
    json_text(j, "issuedBy", cert->issued_by);
}

/* ---- the list ---- */

struct listing {
    struct json_out j;
    struct certificate last;
    unsigned count;
};

static bool list_row(void *ctx, const struct certificate *cert)
{
    struct listing *l = ctx;
    json_open_object(&l->j, NULL);
    put_certificate(&l->j, cert);
    json_end(&l->j);
    l->last = *cert;
    l->count++;
    return true;
}

/* Hex digits in lower case; colons, as openssl prints them, are dropped. {NULL, 0} when it is something else.
 */
static struct text normalise_hex(struct text t, struct arena *a)
{
    char *out = arena_alloc(a, t.n + 1);
    if (!out)
        return (struct text){NULL, 0};
    size_t n = 0;
    for (size_t i = 0; i < t.n; i++) {
        const char ch = t.p[i];
        if (ch == ':')
            continue;
        if ((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f'))
            out[n++] = ch;
        else if (ch >= 'A' && ch <= 'F')
            out[n++] = (char)(ch - 'A' + 'a');
        else
            return (struct text){NULL, 0};
    }
    return (struct text){out, n};
}

static struct status read_filter(struct call *c, struct certificate_filter *out)
{
    int sort = 0;
    int order = 0;
    *out = (struct certificate_filter){.application = query_text(c, "application"),
                                       .subject_contains = query_text(c, "subject"),
                                       .state = -1};
    TRY(query_choice(c, "state", states, &out->state));
    TRY(query_choice(c, "sort", sorts, &sort));
    TRY(query_choice(c, "order", orders, &order));
    TRY(query_time(c, "expiresBefore", true, &out->expires_before));
    TRY(query_time(c, "expiresAfter", true, &out->expires_after));
    out->sort = (enum certificate_sort)sort;
    out->descending = order == 1;
    const struct text prefix = query_text(c, "fingerprint");
    if (prefix.n == 0)
        return DONE;
    out->fingerprint_prefix = normalise_hex(prefix, c->arena);
    if (!out->fingerprint_prefix.p)
        return error_set(&c->err, E_INVALID, "fingerprint must be hexadecimal digits");
    return DONE;
}

static struct text cursor_of(struct call *c, enum certificate_sort sort, const struct certificate *last)
{
    char hex[2 * SHA256_SIZE + 1];
    hex_encode(hex, BYTES_OF(last->fingerprint));
    switch (sort) {
    case SORT_NOT_AFTER:
        return arena_printf(c->arena, "%lld/%s", (long long)last->not_after, hex);
    case SORT_ISSUED_AT:
        return arena_printf(c->arena, "%lld/%s", (long long)last->issued_at, hex);
    case SORT_APPLICATION:
        return arena_printf(c->arena, "%.*s/%s", TEXT_ARG(last->application), hex);
    }
    return (struct text){NULL, 0};
}

struct status native_certificate_list(struct call *c)
{
    struct page_request page;
    struct certificate_filter filter;
    TRY(query_page(c, &page));
    TRY(read_filter(c, &filter));
    struct listing l = {0};
    reply_json(c, 200);
    json_out_init(&l.j, &c->reply.body);
    json_open_object(&l.j, NULL);
    json_open_array(&l.j, "certificates");
    TRY(store_certificate_list(c->domain->store, &filter, &page, c->arena, list_row, &l));
    json_end(&l.j);
    if (l.count < page.limit)
        json_write_null(&l.j, "next");
    else
        json_text(&l.j, "next", cursor_of(c, filter.sort, &l.last));
    json_end(&l.j);
    return DONE;
}

/* ---- one ---- */

struct matches {
    uint8_t fingerprint[SHA256_SIZE];
    unsigned count;
};

static bool match_row(void *ctx, const struct certificate *cert)
{
    struct matches *m = ctx;
    for (size_t i = 0; i < SHA256_SIZE; i++)
        m->fingerprint[i] = cert->fingerprint[i];
    m->count++;
    return true;
}

struct status native_resolve_fingerprint(struct call *c, struct text prefix, uint8_t out[static SHA256_SIZE])
{
    const struct text hex = normalise_hex(prefix, c->arena);
    if (!hex.p || hex.n < 4 || hex.n > 2 * SHA256_SIZE)
        return error_set(&c->err, E_INVALID,
                         "A fingerprint is 64 hexadecimal digits, or at least the first 4 of them");
    if (hex_decode(out, SHA256_SIZE, hex))
        return DONE;
    const struct certificate_filter filter = {.state = -1, .fingerprint_prefix = hex};
    const struct page_request page = {.limit = 2};
    struct matches m = {.count = 0};
    TRY(store_certificate_list(c->domain->store, &filter, &page, c->arena, match_row, &m));
    if (m.count == 0)
        return error_set(&c->err, E_NOT_FOUND, "There is no certificate %.*s", TEXT_ARG(hex));
    if (m.count > 1)
        return error_set(&c->err, E_CONFLICT, "Several certificates begin with %.*s: give more digits",
                         TEXT_ARG(hex));
    for (size_t i = 0; i < SHA256_SIZE; i++)
        out[i] = m.fingerprint[i];
    return DONE;
}

static struct status answer_one(struct call *c, const uint8_t fingerprint[static SHA256_SIZE])
{
    struct certificate cert;
    const struct status found = store_certificate_find(c->domain->store, fingerprint, true, c->arena, &cert);
    if (found.code == E_NOT_FOUND)
        return error_set(&c->err, E_NOT_FOUND, "There is no such certificate");
    TRY(found);
    OWNED(buffer_release) struct buffer pem;
    buffer_init(&pem, LIMIT_BODY_CSR);
    if (cert.der.n > 0)
        connector_der_pem(cert.der, &pem);
    TRY(buffer_status(&pem));
    struct json_out j;
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    put_certificate(&j, &cert);
    json_text(&j, "pem", buffer_as_text(&pem));
    json_end(&j);
    return DONE;
}

struct status native_certificate_get(struct call *c)
{
    uint8_t fingerprint[SHA256_SIZE];
    TRY(native_resolve_fingerprint(c, c->params[0], fingerprint));
    return answer_one(c, fingerprint);
}

struct status native_certificate_revoke(struct call *c)
{
    struct text object;
    struct text reason;
    uint8_t fingerprint[SHA256_SIZE];
    TRY(body_object(c, true, &object));
    TRY(body_text(c, object, "reason", &reason));
    TRY(native_resolve_fingerprint(c, c->params[0], fingerprint));
    const struct audit_caller caller = call_caller(c);
    TRY(connector_revoke(c->domain->connector, &caller, fingerprint, reason, &c->err));
    return answer_one(c, fingerprint);
}
