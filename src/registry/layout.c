/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/layout.h"

#include "base/clock.h"
#include "base/json_scan.h"
#include "base/limits.h"
#include "registry/decode.h"
#include "registry/generated.h"
#include "registry/validate.h"

enum value_rule {
    VALUE_CREDENTIAL,  /* not empty, LIMIT_CREDENTIAL_BYTES; answers mask it */
    VALUE_COMMON_NAME, /* as it is */
    VALUE_PEM,         /* checked as a pair */
    VALUE_PARAMETERS,  /* JSON: object of arrays of strings */
    VALUE_FORM,        /* the same, for the form of a token request */
};

static const struct {
    enum secret_slot slot;
    enum credential_kind kind; /* of the service; of parameters it does not matter */
    struct text key;
    enum value_rule rule;
    const char *member; /* VALUE_PARAMETERS, VALUE_FORM: where a registration has it */
} layout[] = {
    {SECRET_CREDENTIALS, CREDENTIAL_BASIC, TEXT_INIT("username"), VALUE_CREDENTIAL, NULL},
    {SECRET_CREDENTIALS, CREDENTIAL_BASIC, TEXT_INIT("password"), VALUE_CREDENTIAL, NULL},
    {SECRET_CREDENTIALS, CREDENTIAL_OAUTH, TEXT_INIT("clientId"), VALUE_CREDENTIAL, NULL},
    {SECRET_CREDENTIALS, CREDENTIAL_OAUTH, TEXT_INIT("clientSecret"), VALUE_CREDENTIAL, NULL},
    {SECRET_CREDENTIALS, CREDENTIAL_OAUTH, TEXT_INIT("headers"), VALUE_PARAMETERS, "headers"},
    {SECRET_CREDENTIALS, CREDENTIAL_OAUTH, TEXT_INIT("queryParameters"), VALUE_PARAMETERS, "queryParameters"},
    {SECRET_CREDENTIALS, CREDENTIAL_OAUTH, TEXT_INIT("formParameters"), VALUE_FORM, "formParameters"},
    {SECRET_CREDENTIALS, CREDENTIAL_OAUTH_CERTIFICATE, TEXT_INIT("clientId"), VALUE_CREDENTIAL, NULL},
    {SECRET_CREDENTIALS, CREDENTIAL_OAUTH_CERTIFICATE, TEXT_INIT("commonName"), VALUE_COMMON_NAME, NULL},
    {SECRET_CREDENTIALS, CREDENTIAL_OAUTH_CERTIFICATE, TEXT_INIT("crt"), VALUE_PEM, NULL},
    {SECRET_CREDENTIALS, CREDENTIAL_OAUTH_CERTIFICATE, TEXT_INIT("key"), VALUE_PEM, NULL},
    {SECRET_CREDENTIALS, CREDENTIAL_OAUTH_CERTIFICATE, TEXT_INIT("headers"), VALUE_PARAMETERS, "headers"},
    {SECRET_CREDENTIALS, CREDENTIAL_OAUTH_CERTIFICATE, TEXT_INIT("queryParameters"), VALUE_PARAMETERS,
     "queryParameters"},
    {SECRET_CREDENTIALS, CREDENTIAL_OAUTH_CERTIFICATE, TEXT_INIT("formParameters"), VALUE_FORM,
     "formParameters"},
    {SECRET_CREDENTIALS, CREDENTIAL_CERTIFICATE, TEXT_INIT("commonName"), VALUE_COMMON_NAME, NULL},
    {SECRET_CREDENTIALS, CREDENTIAL_CERTIFICATE, TEXT_INIT("crt"), VALUE_PEM, NULL},
    {SECRET_CREDENTIALS, CREDENTIAL_CERTIFICATE, TEXT_INIT("key"), VALUE_PEM, NULL},
    {SECRET_PARAMETERS, CREDENTIAL_NONE, TEXT_INIT("headers"), VALUE_PARAMETERS, "headers"},
    {SECRET_PARAMETERS, CREDENTIAL_NONE, TEXT_INIT("queryParameters"), VALUE_PARAMETERS, "queryParameters"},
    {SECRET_PARAMETERS, CREDENTIAL_NONE, TEXT_INIT("credentialHeaders"), VALUE_PARAMETERS, "headers"},
    {SECRET_PARAMETERS, CREDENTIAL_NONE, TEXT_INIT("credentialQueryParameters"), VALUE_PARAMETERS,
     "queryParameters"},
};
#define LAYOUT_ROWS (sizeof layout / sizeof layout[0])

/* LAYOUT_ROWS when there is no such key. */
static size_t row_of(enum secret_slot slot, enum credential_kind kind, struct text key)
{
    size_t i = 0;
    while (i < LAYOUT_ROWS && !(layout[i].slot == slot && text_equal(layout[i].key, key) &&
                                (slot == SECRET_PARAMETERS || layout[i].kind == kind)))
        i++;
    return i;
}

bool layout_is_masked(const struct secret_item *item)
{
    if (!text_equal(bytes_text(item->value), TEXT(CREDENTIAL_MASK)))
        return false;
    for (size_t i = 0; i < LAYOUT_ROWS; i++) {
        if (layout[i].rule == VALUE_CREDENTIAL && text_equal(layout[i].key, item->key))
            return true;
    }
    return false;
}

struct status layout_check(enum secret_slot slot, enum credential_kind kind, const struct secret_data *stored,
                           const struct secret_item *item, struct error *err)
{
    const size_t row = row_of(slot, kind, item->key);
    if (row == LAYOUT_ROWS)
        return error_set(err, E_INVALID, "%.*s is no key of %s%s", TEXT_ARG(item->key),
                         slot == SECRET_PARAMETERS ? "request parameters" : "credentials of the kind ",
                         slot == SECRET_PARAMETERS ? "" : credential_kind_name(kind));
    switch (layout[row].rule) {
    case VALUE_CREDENTIAL:
        if (item->value.n == 0 || item->value.n > LIMIT_CREDENTIAL_BYTES)
            return error_set(err, E_INVALID, "%.*s must have 1 to %d bytes", TEXT_ARG(item->key),
                             LIMIT_CREDENTIAL_BYTES);
        break;
    case VALUE_COMMON_NAME:
        if (!bytes_equal(item->value, secret_data_get(stored, "commonName")))
            return error_set(err, E_INVALID,
                             "commonName is what the registration says: change it there, or leave it out");
        break;
    case VALUE_PEM:
    case VALUE_PARAMETERS:
    case VALUE_FORM:
        break;
    }
    return DONE;
}

/* ---- the whole ---- */

#define PROBE_AROUND 256

/* A registration that has the value where `member` is, and nothing else that could be refused. */
static struct status write_probe(const char *member, bool form, struct text value, struct buffer *out)
{
    buffer_cstr(out, "{\"provider\":\"p\",\"name\":\"n\",\"description\":\"d\",\"api\":{\"targetUrl\":"
                     "\"https://example.com\",");
    buffer_cstr(out, form ? "\"credentials\":{\"oauth\":{\"url\":\"https://example.com\",\"clientId\":\"c\","
                            "\"clientSecret\":\"s\",\""
                          : "\"requestParameters\":{\"");
    buffer_cstr(out, member);
    buffer_cstr(out, "\":");
    buffer_text(out, value);
    buffer_cstr(out, form ? "}}}}" : "}}}");
    return buffer_status(out);
}

/* The rules for headers and query parameters are those of a registration: they are asked, not repeated. */
static struct status check_parameters(size_t row, struct text value, struct error *err)
{
    const char *key = layout[row].key.p;
    struct json_position where;
    char words[JSON_POSITION_TEXT];
    if (!status_ok(json_scan(value, &where)))
        return error_set(err, E_INVALID, "%s: %.*s", key, TEXT_ARG(json_position_text(&where, words)));
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, LIMIT_REQUEST_ARENA);
    OWNED(buffer_release) struct buffer probe;
    buffer_init(&probe, value.n + PROBE_AROUND);
    (void)buffer_reserve(&probe, value.n + PROBE_AROUND); /* at once, so that growing leaves no copies */
    struct service_details d;
    struct text message = {NULL, 0};
    struct status s = write_probe(layout[row].member, layout[row].rule == VALUE_FORM, value, &probe);
    if (status_ok(s))
        s = service_decode(buffer_as_text(&probe), DECODE_STRICT, &a, &d, err);
    if (status_ok(s))
        s = service_validate(&d, &a, &message);
    if (s.code == E_INVALID && message.p)
        s = error_set(err, E_INVALID, "%s: %.*s", key, TEXT_ARG(message));
    buffer_wipe(&probe);
    arena_wipe(&a);
    return s;
}

static struct status check_pair(const struct secret_data *data, struct error *err)
{
    return pair_check(secret_data_get(data, "crt"), secret_data_get(data, "key"), clock_now_s(), err);
}

struct status layout_check_whole(enum secret_slot slot, enum credential_kind kind,
                                 const struct secret_data *data, struct error *err)
{
    if (slot == SECRET_CREDENTIALS && credential_has_pair(kind))
        TRY(check_pair(data, err));
    for (size_t i = 0; i < data->count; i++) {
        const size_t row = row_of(slot, kind, data->items[i].key);
        if (row < LAYOUT_ROWS && layout[row].member)
            TRY(check_parameters(row, bytes_text(data->items[i].value), err));
    }
    return DONE;
}
