/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/decode.h"

#include "base/limits.h"
#include "config/suggest.h"
#include "registry/decode_values.h"

/*
 * One row per JSON key; the walk over a description is one pass, whatever the number of keys. Rows of one
 * object are relative to its struct.
 */

enum field_kind {
    FIELD_TEXT,
    FIELD_TEXT_IGNORED,   /* must be a string, and is not kept */
    FIELD_OBJECT,         /* a struct that begins with `bool given` */
    FIELD_API,            /* such a struct, and older keys beside newer ones */
    FIELD_PARAMETERS,     /* struct parameter_list; `flag` is set when it is there */
    FIELD_OLD_PARAMETERS, /* into reading.old instead */
    FIELD_LABELS,
    FIELD_SPEC, /* struct text, raw; `flag` says that it is a text instead */
    FIELD_TAGS,
    FIELD_DOCS,
};

struct shape;
struct field {
    struct text name;
    enum field_kind kind;
    size_t offset;
    size_t flag; /* offset of a bool */
    const struct shape *shape;
};
struct shape {
    const struct field *fields;
    size_t count;
    size_t size;   /* of the struct */
    size_t strict; /* rows behind `count` that are known with DECODE_STRICT alone: ours, not the contract's */
};

/* clang-format off */
#define COUNT(array)          (sizeof(array) / sizeof((array)[0]))
#define SIZE_OF(type, member) sizeof(((type *)NULL)->member)

#define PARAMETERS(member) offsetof(struct request_parameters, member)
static const struct field parameter_fields[] = {
    {TEXT_INIT("headers"),         FIELD_PARAMETERS, PARAMETERS(headers), PARAMETERS(given), NULL},
    {TEXT_INIT("queryParameters"), FIELD_PARAMETERS, PARAMETERS(query),   PARAMETERS(given), NULL},
};
static const struct shape parameter_shape = {
    parameter_fields, COUNT(parameter_fields), sizeof(struct request_parameters), 0};

static const struct field csrf_fields[] = {
    {TEXT_INIT("tokenEndpointURL"), FIELD_TEXT, offsetof(struct csrf_details, token_url), 0, NULL},
};
static const struct shape csrf_shape = {csrf_fields, COUNT(csrf_fields), sizeof(struct csrf_details), 0};

#define CREDENTIALS(member) offsetof(struct credentials, member)

#define OAUTH(member) (CREDENTIALS(oauth.member) - CREDENTIALS(oauth))
static const struct field oauth_fields[] = {
    {TEXT_INIT("url"),                  FIELD_TEXT,       OAUTH(url),                   0, NULL},
    {TEXT_INIT("clientId"),             FIELD_TEXT,       OAUTH(client_id),             0, NULL},
    {TEXT_INIT("clientSecret"),         FIELD_TEXT,       OAUTH(client_secret),         0, NULL},
    {TEXT_INIT("requestParameters"),    FIELD_OBJECT,     OAUTH(parameters),            0, &parameter_shape},
    {TEXT_INIT("csrfInfo"),             FIELD_OBJECT,     OAUTH(csrf),                  0, &csrf_shape},
    {TEXT_INIT("clientAuthentication"), FIELD_TEXT,       OAUTH(client_authentication), 0, NULL},
    {TEXT_INIT("scope"),                FIELD_TEXT,       OAUTH(scope),                 0, NULL},
    {TEXT_INIT("audience"),             FIELD_TEXT,       OAUTH(audience),              0, NULL},
    {TEXT_INIT("resource"),             FIELD_TEXT,       OAUTH(resource),              0, NULL},
    {TEXT_INIT("formParameters"),       FIELD_PARAMETERS, OAUTH(form),                  OAUTH(form_given), NULL},
    {TEXT_INIT("commonName"),           FIELD_TEXT,       OAUTH(common_name),           0, NULL},
    {TEXT_INIT("certificate"),          FIELD_TEXT,       OAUTH(certificate_pem),       0, NULL},
    {TEXT_INIT("key"),                  FIELD_TEXT,       OAUTH(key_pem),               0, NULL},
};
#define OAUTH_CONTRACT 5 /* the first rows */
static const struct shape oauth_shape = {oauth_fields, OAUTH_CONTRACT, SIZE_OF(struct credentials, oauth),
                                         COUNT(oauth_fields) - OAUTH_CONTRACT};
/* To fetch a specification with. */
static const struct shape fetch_oauth_shape = {oauth_fields, OAUTH_CONTRACT, SIZE_OF(struct credentials, oauth), 0};

#define BASIC(member) (CREDENTIALS(basic.member) - CREDENTIALS(basic))
static const struct field basic_fields[] = {
    {TEXT_INIT("username"), FIELD_TEXT,   BASIC(username), 0, NULL},
    {TEXT_INIT("password"), FIELD_TEXT,   BASIC(password), 0, NULL},
    {TEXT_INIT("csrfInfo"), FIELD_OBJECT, BASIC(csrf),     0, &csrf_shape},
};
static const struct shape basic_shape = {basic_fields, COUNT(basic_fields), SIZE_OF(struct credentials, basic), 0};

#define CERTIFICATE(member) (CREDENTIALS(certificate.member) - CREDENTIALS(certificate))
static const struct field certificate_fields[] = {
    {TEXT_INIT("commonName"),  FIELD_TEXT,         CERTIFICATE(common_name), 0, NULL},
    {TEXT_INIT("certificate"), FIELD_TEXT_IGNORED, 0,                        0, NULL},
    {TEXT_INIT("csrfInfo"),    FIELD_OBJECT,       CERTIFICATE(csrf),        0, &csrf_shape},
};
static const struct shape certificate_shape = {
    certificate_fields, COUNT(certificate_fields), SIZE_OF(struct credentials, certificate), 0};

static const struct field credential_fields[] = {
    {TEXT_INIT("oauth"),           FIELD_OBJECT,     CREDENTIALS(oauth),         0, &oauth_shape},
    {TEXT_INIT("basic"),           FIELD_OBJECT,     CREDENTIALS(basic),         0, &basic_shape},
    {TEXT_INIT("certificateGen"),  FIELD_OBJECT,     CREDENTIALS(certificate),   0, &certificate_shape},
    /* Kyma 1.2.0 (contract 1.19) */
    {TEXT_INIT("headers"),         FIELD_PARAMETERS, CREDENTIALS(extra.headers), CREDENTIALS(extra.given), NULL},
    {TEXT_INIT("queryParameters"), FIELD_PARAMETERS, CREDENTIALS(extra.query),   CREDENTIALS(extra.given), NULL},
};
static const struct shape credential_shape = {
    credential_fields, COUNT(credential_fields), sizeof(struct credentials), 0};
static const struct field fetch_credential_fields[] = {
    {TEXT_INIT("oauth"), FIELD_OBJECT, CREDENTIALS(oauth), 0, &fetch_oauth_shape},
    {TEXT_INIT("basic"), FIELD_OBJECT, CREDENTIALS(basic), 0, &basic_shape},
};
static const struct shape fetch_credential_shape = {
    fetch_credential_fields, COUNT(fetch_credential_fields), sizeof(struct credentials), 0};

#define API(member) offsetof(struct api_details, member)
static const struct field api_fields[] = {
    {TEXT_INIT("targetUrl"),                      FIELD_TEXT,   API(target_url),                0, NULL},
    {TEXT_INIT("credentials"),                    FIELD_OBJECT, API(credentials),               0, &credential_shape},
    {TEXT_INIT("spec"),                           FIELD_SPEC,   API(spec),                      API(spec_is_text), NULL},
    {TEXT_INIT("specificationUrl"),               FIELD_TEXT,   API(specification_url),         0, NULL},
    {TEXT_INIT("apiType"),                        FIELD_TEXT,   API(api_type),                  0, NULL},
    {TEXT_INIT("requestParameters"),              FIELD_OBJECT, API(parameters),                0, &parameter_shape},
    {TEXT_INIT("specificationCredentials"),       FIELD_OBJECT, API(specification_credentials), 0, &fetch_credential_shape},
    {TEXT_INIT("specificationRequestParameters"), FIELD_OBJECT, API(specification_parameters),  0, &parameter_shape},
    {TEXT_INIT("headers"),                        FIELD_OLD_PARAMETERS, PARAMETERS(headers),    0, NULL},
    {TEXT_INIT("queryParameters"),                FIELD_OLD_PARAMETERS, PARAMETERS(query),      0, NULL},
};
static const struct shape api_shape = {api_fields, COUNT(api_fields), sizeof(struct api_details), 0};

#define SERVICE(member) offsetof(struct service_details, member)

#define EVENTS(member) (SERVICE(events.member) - SERVICE(events))
static const struct field event_fields[] = {
    {TEXT_INIT("spec"), FIELD_SPEC, EVENTS(spec), EVENTS(spec_is_text), NULL},
};
static const struct shape event_shape = {event_fields, COUNT(event_fields), SIZE_OF(struct service_details, events), 0};

#define DOCUMENT(member) offsetof(struct document_details, member)
static const struct field document_fields[] = {
    {TEXT_INIT("title"),  FIELD_TEXT, DOCUMENT(title),  0, NULL},
    {TEXT_INIT("type"),   FIELD_TEXT, DOCUMENT(type),   0, NULL},
    {TEXT_INIT("source"), FIELD_TEXT, DOCUMENT(source), 0, NULL},
};
static const struct shape document_shape = {
    document_fields, COUNT(document_fields), sizeof(struct document_details), 0};

#define DOCUMENTATION(member) offsetof(struct documentation_details, member)
static const struct field documentation_fields[] = {
    {TEXT_INIT("displayName"), FIELD_TEXT, DOCUMENTATION(display_name), 0, NULL},
    {TEXT_INIT("description"), FIELD_TEXT, DOCUMENTATION(description),  0, NULL},
    {TEXT_INIT("type"),        FIELD_TEXT, DOCUMENTATION(type),         0, NULL},
    {TEXT_INIT("tags"),        FIELD_TAGS, 0,                           0, NULL},
    {TEXT_INIT("docs"),        FIELD_DOCS, 0,                           0, NULL},
};
static const struct shape documentation_shape = {
    documentation_fields, COUNT(documentation_fields), sizeof(struct documentation_details), 0};

static const struct field service_fields[] = {
    {TEXT_INIT("provider"),         FIELD_TEXT,   SERVICE(provider),          0, NULL},
    {TEXT_INIT("name"),             FIELD_TEXT,   SERVICE(name),              0, NULL},
    {TEXT_INIT("description"),      FIELD_TEXT,   SERVICE(description),       0, NULL},
    {TEXT_INIT("shortDescription"), FIELD_TEXT,   SERVICE(short_description), 0, NULL},
    {TEXT_INIT("identifier"),       FIELD_TEXT,   SERVICE(identifier),        0, NULL},
    {TEXT_INIT("labels"),           FIELD_LABELS, 0,                          0, NULL},
    {TEXT_INIT("api"),              FIELD_API,    SERVICE(api),               0, NULL},
    {TEXT_INIT("events"),           FIELD_OBJECT, SERVICE(events),            0, &event_shape},
    {TEXT_INIT("documentation"),    FIELD_OBJECT, SERVICE(documentation),     0, &documentation_shape},
};
static const struct shape service_shape = {service_fields, COUNT(service_fields), sizeof(struct service_details), 0};
/* clang-format on */

static_assert(PARAMETERS(given) == 0 && offsetof(struct csrf_details, given) == 0 && OAUTH(given) == 0 &&
                  BASIC(given) == 0 && CERTIFICATE(given) == 0 && CREDENTIALS(given) == 0 &&
                  API(given) == 0 && EVENTS(given) == 0 && DOCUMENTATION(given) == 0,
              "objects begin with `given`");

struct reading {
    struct decoding d;
    struct request_parameters old; /* api.headers and api.queryParameters (contract 1.5) */
};

static struct status read_object(struct reading *r, const struct place *at, const struct shape *shape,
                                 void *base, struct json_cursor *c);

static void *at_offset(void *base, size_t offset)
{
    return (char *)base + offset;
}

/* An object whose struct begins with `bool given`. A later duplicate replaces an earlier one altogether. */
static struct status read_given(struct reading *r, const struct place *at, const struct shape *shape,
                                void *base, struct json_cursor *c)
{
    const enum json_type type = json_cursor_type(c);
    memset(base, 0, shape->size);
    if (type == JSON_TYPE_NULL) {
        json_cursor_skip(c);
        return DONE;
    }
    if (type != JSON_TYPE_OBJECT)
        return refuse_type(&r->d, at, "an object", type);
    *(bool *)base = true;
    return read_object(r, at, shape, base, c);
}

static struct status read_api(struct reading *r, const struct place *at, struct api_details *api,
                              struct json_cursor *c)
{
    r->old = (struct request_parameters){0};
    TRY(read_given(r, at, &api_shape, api, c));
    if (!api->parameters.given)
        api->parameters = r->old;
    return DONE;
}

/* Null is a value here (contract 1.4). What kind of JSON it is, is for validation to judge. */
static struct status read_spec(struct reading *r, const struct place *at, struct json_cursor *c,
                               struct text *out, bool *out_is_text)
{
    *out_is_text = (r->d.flags & DECODE_TEXT_SPECS) && json_cursor_type(c) == JSON_TYPE_STRING;
    if (*out_is_text)
        return decode_text(&r->d, at, c, out);
    *out = json_cursor_skip(c);
    return DONE;
}

static struct status read_docs(struct reading *r, const struct place *at, struct documentation_details *into,
                               struct json_cursor *c)
{
    const enum json_type type = json_cursor_type(c);
    into->docs = NULL;
    into->doc_count = 0;
    into->docs_given = type != JSON_TYPE_NULL;
    if (type == JSON_TYPE_NULL) {
        json_cursor_skip(c);
        return DONE;
    }
    if (type != JSON_TYPE_ARRAY)
        return refuse_type(&r->d, at, "an array of objects", type);
    void *array;
    TRY(decode_array(&r->d, at, c, sizeof(struct document_details), &array));
    struct document_details *list = array;
    size_t n = 0;
    for (bool more = json_cursor_enter(c); more; more = json_cursor_next(c), n++) {
        const struct place item = {.up = at, .index = n};
        const enum json_type item_type = json_cursor_type(c);
        if (item_type == JSON_TYPE_OBJECT)
            TRY(read_object(r, &item, &document_shape, &list[n], c));
        else if (item_type == JSON_TYPE_NULL)
            json_cursor_skip(c);
        else
            return refuse_type(&r->d, &item, "an object", item_type);
    }
    into->docs = list;
    into->doc_count = n;
    return DONE;
}

static struct status read_field(struct reading *r, const struct place *at, const struct field *f, void *base,
                                struct json_cursor *c)
{
    struct service_details *service = base;             /* FIELD_LABELS */
    struct documentation_details *documentation = base; /* FIELD_TAGS, FIELD_DOCS */
    struct text ignored;
    switch (f->kind) {
    case FIELD_TEXT:
        return decode_text(&r->d, at, c, at_offset(base, f->offset));
    case FIELD_TEXT_IGNORED:
        return decode_text(&r->d, at, c, &ignored);
    case FIELD_OBJECT:
        return read_given(r, at, f->shape, at_offset(base, f->offset), c);
    case FIELD_API:
        return read_api(r, at, at_offset(base, f->offset), c);
    case FIELD_PARAMETERS:
        return decode_parameters(&r->d, at, c, at_offset(base, f->offset), at_offset(base, f->flag));
    case FIELD_OLD_PARAMETERS:
        return decode_parameters(&r->d, at, c, at_offset(&r->old, f->offset), &r->old.given);
    case FIELD_LABELS:
        return decode_labels(&r->d, at, c, &service->labels, &service->label_count);
    case FIELD_SPEC:
        return read_spec(r, at, c, at_offset(base, f->offset), at_offset(base, f->flag));
    case FIELD_TAGS:
        return decode_texts(&r->d, at, c, &documentation->tags, &documentation->tag_count,
                            &documentation->tags_given);
    case FIELD_DOCS:
        break;
    }
    return read_docs(r, at, documentation, c);
}

static size_t known_rows(const struct reading *r, const struct shape *shape)
{
    return shape->count + (r->d.flags & DECODE_STRICT ? shape->strict : 0);
}

static const struct field *find_field(const struct reading *r, const struct shape *shape, struct text key)
{
    for (size_t i = 0; i < known_rows(r, shape); i++) {
        if (json_key_is(key, shape->fields[i].name))
            return &shape->fields[i];
    }
    return NULL;
}

static struct status refuse_key(struct reading *r, const struct place *at, const struct shape *shape)
{
    char where[PLACE_TEXT];
    struct suggestion s;
    suggest_start(&s, at->name);
    for (size_t i = 0; i < known_rows(r, shape); i++)
        suggest_offer(&s, shape->fields[i].name);
    if (s.best.p)
        return error_set(r->d.err, E_INVALID, "%s is no known key (did you mean %.*s?)",
                         place_text(at, where), TEXT_ARG(s.best));
    return error_set(r->d.err, E_INVALID, "%s is no known key", place_text(at, where));
}

static struct status read_object(struct reading *r, const struct place *at, const struct shape *shape,
                                 void *base, struct json_cursor *c)
{
    for (bool more = json_cursor_enter(c); more; more = json_cursor_next(c)) {
        const struct text key = json_cursor_key(c);
        const struct field *f = find_field(r, shape, key);
        const struct place member = {.up = at, .name = name_of_key(key)};
        if (f)
            TRY(read_field(r, &member, f, base, c));
        else if (r->d.flags & DECODE_STRICT)
            return refuse_key(r, &member, shape);
        else
            json_cursor_skip(c);
    }
    return DONE;
}

struct status service_decode(struct text body, unsigned flags, struct arena *a, struct service_details *out,
                             struct error *err)
{
    struct reading r = {.d = {.a = a, .err = err, .flags = flags, .items_left = DECODE_ITEMS_MAX}};
    struct json_position where;
    char words[JSON_POSITION_TEXT];
    *out = (struct service_details){0};
    if (!status_ok(json_scan_with(body, LIMIT_SPECIFICATION_TOKENS, &where)))
        return error_set(err, E_INVALID, "%.*s", TEXT_ARG(json_position_text(&where, words)));
    struct json_cursor c = json_cursor_at(body);
    const enum json_type type = json_cursor_type(&c);
    if (type == JSON_TYPE_NULL)
        return DONE;
    if (type != JSON_TYPE_OBJECT)
        return error_set(err, E_INVALID, "a JSON object is expected, not %s", type_in_words(type));
    return read_object(&r, NULL, &service_shape, out, &c);
}
