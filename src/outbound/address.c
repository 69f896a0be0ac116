/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/address.h"

#include "base/buffer.h"
#include "outbound/query.h"

static bool is_lower_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* 8-4-4-4-12, as ids are made (contract 1.14). */
static bool is_uuid(struct text t)
{
    if (t.n != ADDRESS_ID_SIZE)
        return false;
    for (size_t i = 0; i < ADDRESS_ID_SIZE; i++) {
        const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? t.p[i] != '-' : !is_lower_hex(t.p[i]))
            return false;
    }
    return true;
}

/* Contract 3.2 and 1.14. What stands in front of the id was cut by rules that changed over time, so it is the
 * core that compares it. */
static bool names_a_service(struct text label)
{
    if (label.n < ADDRESS_ID_SIZE || !is_uuid(text_from(label, label.n - ADDRESS_ID_SIZE)))
        return false;
    return label.n == ADDRESS_ID_SIZE || label.p[label.n - ADDRESS_ID_SIZE - 1] == '-';
}

static struct text first_label(struct text authority)
{
    const struct text host = text_first(authority, text_find(authority, ':'));
    return text_first(host, text_find(host, '.'));
}

static bool is_segment(struct text t)
{
    return t.n > 0 && t.n <= ADDRESS_SEGMENT_MAX;
}

/* The segment behind `*at`, which is on a '/', and moves to the next one. */
static struct text segment(struct text path, size_t *at)
{
    const struct text behind = text_from(path, *at + 1);
    const struct text s = text_first(behind, text_find(behind, '/'));
    *at += *at < path.n ? 1 + s.n : 0;
    return s;
}

/*
 * "/secret/{secret}/api/{api}" and what follows. Anything else, and that with a segment empty, is what it
 * would have been otherwise: an application may be called "secret".
 */
static bool read_secret(struct text path, struct outbound_address *out)
{
    size_t at = 0;
    if (!text_equal(segment(path, &at), TEXT("secret")))
        return false;
    const struct text secret = segment(path, &at);
    if (!text_equal(segment(path, &at), TEXT("api")))
        return false;
    const struct text entry = segment(path, &at);
    *out = (struct outbound_address){
        .kind = ADDRESS_SECRET,
        .service = secret,
        .entry = entry,
        .rest = text_from(path, at),
        .prefix = text_first(path, at),
    };
    return is_segment(secret) && is_segment(entry);
}

/* "/app/service", "/app/service/", "/app/service/rest". */
static struct status read_path(struct text path, struct outbound_address *out)
{
    const struct text all = text_from(path, 1);
    const struct text application = text_first(all, text_find(all, '/'));
    const struct text behind = text_from(all, application.n + 1);
    const struct text service = text_first(behind, text_find(behind, '/'));
    if (!is_segment(application) || !is_segment(service))
        return STATUS(INVALID);
    const size_t prefix = 1 + application.n + 1 + service.n;
    *out = (struct outbound_address){
        .kind = ADDRESS_PATH,
        .application = application,
        .service = service,
        .rest = text_from(path, prefix),
        .prefix = text_first(path, prefix),
    };
    return DONE;
}

struct status outbound_address_read(const struct request *r, struct outbound_address *out)
{
    if (!text_starts_with(r->path, TEXT("/"))) /* "*" of OPTIONS names no service */
        return STATUS(INVALID);
    const struct text label = first_label(r->authority);
    if (!names_a_service(label))
        return read_secret(r->path, out) ? DONE : read_path(r->path, out);
    *out = (struct outbound_address){.kind = ADDRESS_HOST, .label = label, .rest = r->path};
    return DONE;
}

struct status outbound_address_enter(struct outbound_address *a)
{
    size_t at = 0;
    if (a->kind != ADDRESS_PATH || a->entry.n > 0)
        return STATUS(INVALID);
    const struct text entry = segment(a->rest, &at);
    if (!is_segment(entry))
        return STATUS(INVALID);
    a->entry = entry;
    a->rest = text_from(a->rest, at);
    a->prefix.n += at; /* the two stand one behind the other in the caller's path */
    return DONE;
}

static void parameter(struct buffer *out, const char *before, struct text value)
{
    buffer_cstr(out, before);
    query_encode(out, value);
}

void outbound_address_question(const struct outbound_address *a, struct text tenant, struct buffer *out)
{
    buffer_cstr(out, "/front/target?");
    if (tenant.n > 0) {
        parameter(out, "tenant=", tenant);
        buffer_byte(out, '&');
    }
    switch (a->kind) {
    case ADDRESS_HOST:
        parameter(out, "label=", a->label);
        return;
    case ADDRESS_PATH:
        parameter(out, "application=", a->application);
        parameter(out, "&service=", a->service);
        if (a->entry.n > 0)
            parameter(out, "&entry=", a->entry);
        return;
    case ADDRESS_SECRET:
        parameter(out, "secret=", a->service);
        parameter(out, "&entry=", a->entry);
        return;
    }
}
