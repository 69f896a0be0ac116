/* SPDX-License-Identifier: Apache-2.0 */
#include "director/internal.h"

#include "base/clock.h"
#include "base/json_cursor.h"
#include "base/json_out.h"
#include "base/own.h"
#include "base/utf8.h"

#define APPLICATION_NAME_MAX 100 /* characters (contract 2.3) */
#define RUNTIME_NAME_MAX     256
#define DESCRIPTION_MAX      2000
#define LOCAL_TENANT_MAX     256
#define ORIGIN_MAX           4096
#define LABELS_MAX           (64u * 1024)
#define LABEL_MAX            (8u * 1024) /* one value: filters look at all of it, in every application */

enum director_problem director_problem_of(struct status s)
{
    if (s.code == E_NOT_FOUND)
        return DIRECTOR_NOT_FOUND;
    if (s.code == E_CONFLICT)
        return DIRECTOR_NAME_NOT_UNIQUE;
    if (s.code == E_INVALID)
        return DIRECTOR_INVALID;
    return s.code == E_DENIED ? DIRECTOR_UNAUTHORIZED : DIRECTOR_INTERNAL;
}

const char *kind_word(enum object_kind kind)
{
    return kind == OBJECT_APPLICATION ? "application" : "runtime";
}

struct status no_object(const struct director_call *d, enum object_kind kind, struct text id)
{
    return error_set(d->err, E_NOT_FOUND, "Object not found [ID=%.*s; object=%s]",
                     TEXT_ARG(text_first(id, 100)), kind_word(kind));
}

struct audit_entry director_audit(const struct director_call *d, const char *action, const struct object *o,
                                  struct text subject)
{
    const int64_t now = clock_now_s();
    return (struct audit_entry){
        .at = now,
        .last_at = now,
        .count = 1,
        .action = text_of(action),
        .actor = d->caller->actor,
        .tenant = d->tenant,
        .application = o->kind == OBJECT_APPLICATION ? o->name : TEXT(""),
        .subject = subject,
        .address = d->caller->address,
        .user_agent = d->caller->user_agent,
        .request_id = d->caller->request_id,
        .certificate = d->caller->certificate,
    };
}

struct text id_text(const struct director_call *d, const uint8_t id[static OBJECT_ID_SIZE])
{
    char text[UUID_TEXT + 1];
    return arena_text(d->arena, uuid_text(id, text));
}

/* ---- checks ---- */

size_t characters(struct text t)
{
    size_t n = 0;
    for (size_t i = 0; i < t.n; n++) {
        uint32_t point;
        const size_t used = utf8_decode(t.p + i, t.n - i, &point);
        i += used > 0 ? used : 1;
    }
    return n;
}

bool is_word(struct text t, const char *more)
{
    for (size_t i = 0; i < t.n; i++) {
        const char c = t.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              text_contains(text_of(more), c)))
            return false;
    }
    return t.n > 0;
}

static struct status invalid(const struct director_call *d, enum object_kind kind, const char *field,
                             const char *why)
{
    return error_set(d->err, E_INVALID, "Invalid data %s [%s=%s]",
                     kind == OBJECT_APPLICATION ? "ApplicationRegisterInput" : "RuntimeRegisterInput", field,
                     why);
}

struct status check_label_key(const struct director_call *d, enum object_kind kind, struct text key)
{
    if (!is_word(key, "_"))
        return invalid(d, kind, "labels", "a key holds other characters than a-z, A-Z, 0-9 and _");
    return text_equal(key, TEXT("scenarios")) ? invalid(d, kind, "labels", "scenarios cannot be set") : DONE;
}

static struct status check_labels(const struct director_call *d, enum object_kind kind, struct text labels)
{
    if (labels.n > LABELS_MAX)
        return invalid(d, kind, "labels", "they are larger than 64 KiB");
    struct json_cursor c = json_cursor_at(labels);
    if (labels.n > 0 && json_cursor_type(&c) != JSON_TYPE_OBJECT)
        return invalid(d, kind, "labels", "they are no object");
    for (bool more = labels.n > 0 && json_cursor_enter(&c); more; more = json_cursor_next(&c)) {
        const struct text raw = json_cursor_key(&c);
        TRY(check_label_key(d, kind, text_first(text_from(raw, 1), raw.n - 2)));
        if (json_cursor_skip(&c).n > LABEL_MAX)
            return invalid(d, kind, "labels", "a value is larger than 8 KiB");
    }
    return DONE;
}

static struct status check(const struct director_call *d, enum object_kind kind,
                           const struct director_registration *in)
{
    const size_t length = characters(in->name);
    if (length == 0)
        return invalid(d, kind, "name", "cannot be blank");
    if (length > (kind == OBJECT_APPLICATION ? APPLICATION_NAME_MAX : RUNTIME_NAME_MAX))
        return invalid(d, kind, "name",
                       kind == OBJECT_APPLICATION ? "the length must be between 1 and 100"
                                                  : "the length must be between 1 and 256");
    if (kind == OBJECT_RUNTIME && !is_word(in->name, "-._"))
        return invalid(d, kind, "name", "must be in a valid format");
    if (characters(in->description) > DESCRIPTION_MAX)
        return invalid(d, kind, "description", "the length must be no more than 2000");
    if (in->local_tenant_id.n > LOCAL_TENANT_MAX)
        return invalid(d, kind, "localTenantID", "the length must be no more than 256");
    return check_labels(d, kind, in->labels);
}

/* ---- names and labels that the server sets ---- */

static bool is_normal(struct text name)
{
    if (!text_starts_with(name, TEXT("mp-")) || name.p[name.n - 1] == '-')
        return false;
    for (size_t i = 0; i < name.n; i++) {
        const char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-') ||
            (c == '-' && i > 0 && name.p[i - 1] == '-'))
            return false;
    }
    return true;
}

struct text director_normalise(struct text name, struct arena *a)
{
    if (is_normal(name))
        return arena_text(a, name);
    char *p = arena_alloc(a, name.n + 4);
    if (!p)
        return (struct text){NULL, 0};
    size_t n = 0;
    for (const char *prefix = "mp-"; *prefix; prefix++)
        p[n++] = *prefix;
    for (size_t i = 0; i < name.n; i++) {
        const char c = name.p[i];
        const char lower = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        const bool plain = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
        if (plain || p[n - 1] != '-')
            p[n++] = plain ? lower : '-';
    }
    if (p[n - 1] == '-')
        n--;
    return (struct text){p, n};
}

/* Sorted, with the server's own in place of the client's (contract 2.6). */
static struct text with_own_labels(const struct director_call *d, enum object_kind kind, struct text labels,
                                   struct text normal)
{
    struct text name = (struct text){NULL, 0};
    if (kind == OBJECT_APPLICATION) {
        name = arena_printf(d->arena, "\"%.*s\"", TEXT_ARG(normal));
        labels = labels_with(d->arena, labels, TEXT("managed"), TEXT("\"false\""));
        return labels_with(d->arena, labels, TEXT("name"), name);
    }
    struct text is;
    if (labels_find(labels, TEXT("isNormalized"), &is))
        return labels_with(d->arena, labels, (struct text){NULL, 0}, (struct text){NULL, 0});
    return labels_with(d->arena, labels, TEXT("isNormalized"), TEXT("\"true\""));
}

/* ---- registering ---- */

struct status director_register(const struct director_call *d, enum object_kind kind,
                                const struct director_registration *in, struct object *out)
{
    TRY(check(d, kind, in));
    const int64_t now = clock_now_s();
    const bool application = kind == OBJECT_APPLICATION;
    struct object o = {
        .kind = kind,
        .tenant = d->tenant,
        .name = application ? director_normalise(in->name, d->arena) : in->name,
        .description = in->description,
        .details = in->details,
        .local_tenant_id = in->local_tenant_id,
        .status = in->status,
        .status_at = now,
        .created_at = now,
        .updated_at = now,
    };
    if (!o.name.p)
        return STATUS(NOMEM);
    o.labels = with_own_labels(d, kind, in->labels, o.name);
    uuid_new(o.id);
    const struct text id = id_text(d, o.id);
    if (!o.labels.p || !id.p)
        return STATUS(NOMEM);
    const struct audit_entry audit =
        director_audit(d, application ? "application.create" : "runtime.create", &o, id);
    const struct status stored = store_object_create(d->parts->store, &o, &audit);
    if (stored.code == E_CONFLICT)
        return error_set(d->err, E_CONFLICT, "Object name is not unique [object=%s]", kind_word(kind));
    TRY(stored);
    o.revision = 1;
    *out = o;
    return DONE;
}

struct status director_get(const struct director_call *d, enum object_kind kind, struct text id,
                           struct object *out)
{
    uint8_t octets[OBJECT_ID_SIZE];
    if (!uuid_parse(id, octets))
        return no_object(d, kind, id);
    const struct status found = store_object_get(d->parts->store, kind, d->tenant, octets, d->arena, out);
    return found.code == E_NOT_FOUND ? no_object(d, kind, id) : found;
}

bool may_change(const struct director_call *d, enum object_kind kind, const uint8_t id[static OBJECT_ID_SIZE])
{
    return !d->bound || (d->bound_kind == kind && memcmp(d->bound_id, id, OBJECT_ID_SIZE) == 0);
}

struct status get_to_change(const struct director_call *d, enum object_kind kind, struct text id,
                            struct object *out)
{
    TRY(director_get(d, kind, id, out));
    return may_change(d, kind, out->id) ? DONE : no_object(d, kind, id);
}

struct status director_change(const struct director_call *d, const struct object *o,
                              const struct object_change *change, const char *action)
{
    const struct text id = id_text(d, o->id);
    if (!id.p)
        return STATUS(NOMEM);
    const struct audit_entry audit = director_audit(d, action, o, id);
    const struct status s = store_object_update(d->parts->store, o->kind, d->tenant, o->id, change, &audit);
    if (s.code == E_NOT_FOUND)
        return no_object(d, o->kind, id);
    if (s.code == E_CONFLICT)
        return error_set(d->err, E_CONFLICT, "Object name is not unique [object=%s]", kind_word(o->kind));
    return s;
}

struct status director_update(const struct director_call *d, enum object_kind kind, struct text id,
                              const struct director_registration *in, struct object *out)
{
    struct object o;
    TRY(get_to_change(d, kind, id, &o));
    struct director_registration checked = *in;
    if (kind == OBJECT_APPLICATION)
        checked.name = TEXT("-"); /* it stays */
    TRY(check(d, kind, &checked));
    const bool runtime = kind == OBJECT_RUNTIME;
    const struct text labels = runtime ? with_own_labels(d, kind, in->labels, in->name) : TEXT("");
    if (!labels.p)
        return STATUS(NOMEM);
    const struct object_change change = {
        .name = runtime ? &in->name : NULL,
        .description = &in->description,
        .details = &in->details,
        .labels = runtime && in->labels.n > 0 ? &labels : NULL,
        .local_tenant_id = runtime ? NULL : &in->local_tenant_id,
        .status = in->status >= 0 ? &in->status : NULL,
        .now = clock_now_s(),
    };
    TRY(director_change(d, &o, &change, runtime ? "runtime.update" : "application.update"));
    return director_get(d, kind, id, out);
}

struct status director_connected(const struct director_call *d, enum object_kind kind,
                                 const uint8_t id[static OBJECT_ID_SIZE])
{
    struct object o;
    const int connected = kind == OBJECT_APPLICATION ? (int)APPLICATION_CONNECTED : (int)RUNTIME_CONNECTED;
    TRY(store_object_get(d->parts->store, kind, d->tenant, id, d->arena, &o));
    if (o.status != 0) /* INITIAL of either kind */
        return DONE;
    const struct object_change change = {
        .status = &connected, .now = clock_now_s(), .expected_revision = o.revision};
    return director_change(d, &o, &change,
                           kind == OBJECT_APPLICATION ? "application.connected" : "runtime.connected");
}

/* "https://user@host:1/path?q" is "https://host:1". */
static struct text origin_of(const struct director_call *d, struct text url)
{
    size_t scheme = text_find(url, ':');
    if (!text_starts_with(text_from(url, scheme), TEXT("://")))
        return (struct text){NULL, 0};
    scheme += 3;
    struct text host = text_from(url, scheme);
    size_t n = 0;
    while (n < host.n && host.p[n] != '/' && host.p[n] != '?' && host.p[n] != '#')
        n++;
    host = text_first(host, n);
    const size_t at = text_find(host, '@');
    if (at < host.n)
        host = text_from(host, at + 1);
    return arena_printf(d->arena, "%.*s%.*s", TEXT_ARG(text_first(url, scheme)), TEXT_ARG(host));
}

struct status director_base_url(const struct director_call *d, struct text application,
                                struct text target_url)
{
    struct object o;
    struct text was;
    TRY(store_object_named(d->parts->store, OBJECT_APPLICATION, d->tenant, application, d->arena, &o));
    const struct text origin = origin_of(d, target_url);
    if (!origin.p || labels_find(o.details, TEXT("baseUrl"), &was))
        return DONE;
    OWNED(buffer_release) struct buffer quoted;
    buffer_init(&quoted, ORIGIN_MAX);
    struct json_out j;
    json_out_init(&j, &quoted);
    json_text(&j, NULL, origin);
    TRY(buffer_status(&quoted));
    const struct text details = labels_with(d->arena, o.details, TEXT("baseUrl"), buffer_as_text(&quoted));
    if (!details.p)
        return STATUS(NOMEM);
    const struct object_change change = {
        .details = &details, .now = clock_now_s(), .expected_revision = o.revision};
    return director_change(d, &o, &change, "application.update");
}

/* ---- labels ---- */

#define LABEL_TRIES 5

static struct status put_label(const struct director_call *d, enum object_kind kind, struct text id,
                               struct text key, struct text value, struct text *out_value)
{
    struct object o;
    struct text was = {NULL, 0};
    TRY(get_to_change(d, kind, id, &o));
    const bool found = labels_find(o.labels, key, &was);
    if (!value.p && !found)
        return error_set(d->err, E_NOT_FOUND, "Object not found [key=%.*s; object=label]",
                         TEXT_ARG(text_first(key, 100)));
    const struct text labels = labels_with(d->arena, o.labels, key, value);
    if (!labels.p)
        return STATUS(NOMEM);
    if (labels.n > LABELS_MAX || value.n > LABEL_MAX)
        return invalid(d, kind, "labels", "they are larger than 64 KiB, or one of them than 8 KiB");
    const struct object_change change = {
        .labels = &labels, .now = clock_now_s(), .expected_revision = o.revision};
    TRY(director_change(d, &o, &change, kind == OBJECT_RUNTIME ? "runtime.label" : "application.label"));
    *out_value = value.p ? value : was;
    return DONE;
}

struct status director_label(const struct director_call *d, enum object_kind kind, struct text id,
                             struct text key, struct text value, struct text *out_value)
{
    if (value.p)
        TRY(check_label_key(d, kind, key));
    struct status s = STATUS(CHANGED);
    for (int i = 0; i < LABEL_TRIES && s.code == E_CHANGED; i++) /* somebody else set another one meanwhile */
        s = put_label(d, kind, id, key, value, out_value);
    return s;
}
