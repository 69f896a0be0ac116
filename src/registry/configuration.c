/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/configuration.h"

#include "base/encoding.h"
#include "base/limits.h"
#include "registry/decode_values.h"
#include "registry/findings.h"

/* As it stands in the JSON. */
struct written {
    struct text client_id, client_secret, token_url, username, password, certificate, private_key, csrf_url;
    struct text client_authentication, scope, audience, resource;
    struct request_parameters token, parameters, form; /* of `form` only `query` */
};

struct member {
    struct text name;
    enum { MEMBER_TEXT, MEMBER_LIST, MEMBER_OBJECT } kind;
    size_t offset;
    size_t flag; /* MEMBER_LIST: offset of a bool */
    const struct member *members;
    size_t count;
};

/* clang-format off */
#define AT(member)   offsetof(struct written, member)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
static const struct member token_members[] = {
    {TEXT_INIT("headers"),         MEMBER_LIST, AT(token.headers), AT(token.given), NULL, 0},
    {TEXT_INIT("queryParameters"), MEMBER_LIST, AT(token.query),   AT(token.given), NULL, 0},
};
static const struct member credential_members[] = {
    {TEXT_INIT("clientId"),             MEMBER_TEXT,   AT(client_id),     0, NULL, 0},
    {TEXT_INIT("clientSecret"),         MEMBER_TEXT,   AT(client_secret), 0, NULL, 0},
    {TEXT_INIT("tokenUrl"),             MEMBER_TEXT,   AT(token_url),     0, NULL, 0},
    {TEXT_INIT("requestParameters"),    MEMBER_OBJECT, 0,                 0, token_members, COUNT(token_members)},
    {TEXT_INIT("username"),             MEMBER_TEXT,   AT(username),      0, NULL, 0},
    {TEXT_INIT("password"),             MEMBER_TEXT,   AT(password),      0, NULL, 0},
    {TEXT_INIT("certificate"),          MEMBER_TEXT,   AT(certificate),   0, NULL, 0},
    {TEXT_INIT("privateKey"),           MEMBER_TEXT,   AT(private_key),   0, NULL, 0},
    {TEXT_INIT("clientAuthentication"), MEMBER_TEXT,   AT(client_authentication), 0, NULL, 0},
    {TEXT_INIT("scope"),                MEMBER_TEXT,   AT(scope),         0, NULL, 0},
    {TEXT_INIT("audience"),             MEMBER_TEXT,   AT(audience),      0, NULL, 0},
    {TEXT_INIT("resource"),             MEMBER_TEXT,   AT(resource),      0, NULL, 0},
    {TEXT_INIT("formParameters"),       MEMBER_LIST,   AT(form.query),    AT(form.given), NULL, 0},
};
static const struct member csrf_members[] = {
    {TEXT_INIT("tokenUrl"), MEMBER_TEXT, AT(csrf_url), 0, NULL, 0},
};
static const struct member parameter_members[] = {
    {TEXT_INIT("headers"),         MEMBER_LIST, AT(parameters.headers), AT(parameters.given), NULL, 0},
    {TEXT_INIT("queryParameters"), MEMBER_LIST, AT(parameters.query),   AT(parameters.given), NULL, 0},
};
static const struct member members[] = {
    {TEXT_INIT("credentials"),       MEMBER_OBJECT, 0, 0, credential_members, COUNT(credential_members)},
    {TEXT_INIT("csrfConfig"),        MEMBER_OBJECT, 0, 0, csrf_members,       COUNT(csrf_members)},
    {TEXT_INIT("requestParameters"), MEMBER_OBJECT, 0, 0, parameter_members,  COUNT(parameter_members)},
};
static const struct member whole = {TEXT_INIT(""), MEMBER_OBJECT, 0, 0, members, COUNT(members)};
/* clang-format on */

static const struct member *find(const struct member *in, struct text key)
{
    for (size_t i = 0; i < in->count; i++) {
        if (json_key_is(key, in->members[i].name))
            return &in->members[i];
    }
    return NULL;
}

/* No deeper than the table. */
static struct status read_value(struct decoding *d, const struct place *at, const struct member *m,
                                struct json_cursor *c, struct written *out)
{
    const enum json_type type = json_cursor_type(c);
    if (m->kind == MEMBER_TEXT)
        return decode_text(d, at, c, (struct text *)((char *)out + m->offset));
    if (m->kind == MEMBER_LIST)
        return decode_parameters(d, at, c, (struct parameter_list *)((char *)out + m->offset),
                                 (bool *)((char *)out + m->flag));
    if (type == JSON_TYPE_NULL) {
        json_cursor_skip(c);
        return DONE;
    }
    if (type != JSON_TYPE_OBJECT)
        return refuse_type(d, at, "an object", type);
    for (bool more = json_cursor_enter(c); more; more = json_cursor_next(c)) {
        const struct text key = json_cursor_key(c);
        const struct member *known = find(m, key);
        const struct place inner = {.up = m == &whole ? NULL : at, .name = name_of_key(key)};
        if (known)
            TRY(read_value(d, &inner, known, c, out));
        else
            json_cursor_skip(c);
    }
    return DONE;
}

static struct status read_json(struct text json, struct arena *a, struct written *out, struct error *err)
{
    struct json_position where;
    char words[JSON_POSITION_TEXT];
    if (json.n == 0)
        return DONE;
    if (!status_ok(json_scan(json, &where)))
        return error_set(err, E_INVALID, "%.*s", TEXT_ARG(json_position_text(&where, words)));
    struct decoding d = {.a = a, .err = err, .items_left = DECODE_ITEMS_MAX};
    struct json_cursor c = json_cursor_at(json);
    const struct place top = {.name = TEXT(CONFIGURATION_KEY)};
    return read_value(&d, &top, &whole, &c, out);
}

/* ---- what it means ---- */

static struct status missing(struct error *err, const char *what)
{
    return error_set(err, E_INVALID, "credentials.%s is missing", what);
}

static struct status read_pem(struct text written, const char *what, struct arena *a, struct text *out,
                              struct error *err)
{
    const struct text trimmed = text_trim(written);
    if (trimmed.n == 0)
        return missing(err, what);
    *out = written;
    if (text_starts_with(trimmed, TEXT("-----BEGIN")))
        return DONE;
    OWNED(buffer_release) struct buffer pem;
    buffer_init(&pem, trimmed.n);
    (void)buffer_reserve(&pem, trimmed.n); /* at once, so that growing leaves no copies of the key */
    const struct status s = base64_decode(&pem, trimmed);
    const bool empty = buffer_size(&pem) == 0;
    *out = status_ok(s) && !empty ? arena_text(a, buffer_as_text(&pem)) : (struct text){NULL, 0};
    buffer_wipe(&pem);
    if (s.code == E_INVALID)
        return error_set(err, E_INVALID, "credentials.%s is neither base64 nor PEM", what);
    TRY(s);
    if (empty)
        return missing(err, what);
    return out->p ? DONE : STATUS(NOMEM);
}

static struct status take_pair(const struct written *w, struct arena *a, struct configuration *out,
                               struct error *err)
{
    TRY(read_pem(w->certificate, "certificate", a, &out->chain_pem, err));
    return read_pem(w->private_key, "privateKey", a, &out->key_pem, err);
}

static struct status take_oauth(const struct written *w, struct arena *a, struct configuration *out,
                                struct error *err)
{
    struct credentials *c = &out->credentials;
    c->oauth.given = true;
    c->oauth.url = w->token_url;
    c->oauth.client_id = w->client_id;
    c->oauth.client_secret = w->client_secret;
    c->oauth.parameters = w->token;
    c->oauth.client_authentication = w->client_authentication;
    c->oauth.scope = w->scope;
    c->oauth.audience = w->audience;
    c->oauth.resource = w->resource;
    c->oauth.form_given = w->form.given;
    c->oauth.form = w->form.query;
    if (w->client_id.n == 0)
        return missing(err, "clientId");
    if (w->token_url.n == 0)
        return missing(err, "tokenUrl");
    if (credential_kind_of(c) != CREDENTIAL_OAUTH_CERTIFICATE)
        return w->client_secret.n > 0 ? DONE : missing(err, "clientSecret");
    TRY(take_pair(w, a, out, err));
    c->oauth.certificate_pem = out->chain_pem;
    c->oauth.key_pem = out->key_pem;
    return DONE;
}

/* Contract 3.3: whatever else it says is none. */
static struct status take_method(struct text type, const struct written *w, struct arena *a,
                                 struct configuration *out, struct error *err)
{
    struct credentials *c = &out->credentials;
    if (text_equal_nocase(type, TEXT("OAuth")))
        return take_oauth(w, a, out, err);
    if (text_equal_nocase(type, TEXT("BasicAuth"))) {
        c->basic.given = true;
        c->basic.username = w->username;
        c->basic.password = w->password;
        return w->username.n > 0 ? DONE : missing(err, "username");
    }
    if (text_equal_nocase(type, TEXT("Certificate"))) {
        c->certificate.given = true;
        c->certificate.common_name =
            TEXT("-"); /* there is none here, and a method without one counts as none */
        return take_pair(w, a, out, err);
    }
    return DONE;
}

/* What a registration is refused for would break the request here. */
static struct status check(const struct configuration *in, struct error *err)
{
    const struct service_details d = {
        .api = {.given = true, .credentials = in->credentials, .parameters = in->parameters}};
    OWNED(buffer_release) struct buffer text;
    buffer_init(&text, FINDINGS_MAX);
    struct findings f = {&text};
    check_limits(&d, &f);
    TRY(buffer_status(&text));
    if (buffer_size(&text) == 0)
        return DONE;
    return error_set(err, E_INVALID, "%.*s", TEXT_ARG(text_first(buffer_as_text(&text), 512)));
}

struct status configuration_read(struct text type, struct text json, struct arena *a,
                                 struct configuration *out, struct error *err)
{
    struct written w = {0};
    struct configuration read = {0};
    TRY(read_json(json, a, &w, err));
    TRY(take_method(type, &w, a, &read, err));
    read.credentials.given = credential_kind_of(&read.credentials) != CREDENTIAL_NONE;
    read.csrf = (struct csrf_details){w.csrf_url.n > 0, w.csrf_url};
    read.parameters = w.parameters;
    TRY(check(&read, err));
    *out = read;
    return DONE;
}
