/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h1_rules.h"

#include "http/h1_target.h"

#define LENGTH_DIGITS_MAX 16
/* Every field of a message is looked up among its connection options: many of both would cost their product.
 */
#define CONNECTION_OPTIONS_MAX 32

/* A field that decides something: how often it came, and its first value. */
struct seen {
    unsigned count;
    struct text value;
};

/* All that the rules look at, gathered in one pass over the message. */
struct facts {
    const struct h1_rules_settings *settings; /* requests */
    enum http_version version;
    bool method_known; /* requests */
    enum http_method method;
    struct text target_text;
    struct h1_target target;
    int status; /* answers */
    struct seen host, length, coding, expect;
    bool length_valid;
    uint64_t length_number;
    bool close, keep_alive, odd_option;
    unsigned options;
};

/* Fields whose removal as "hop-by-hop" would change whose request it is or how it is read. */
static bool is_end_to_end_only(struct text option)
{
    static const struct text names[] = {
        TEXT_INIT("Host"),
        TEXT_INIT("Content-Length"),
        TEXT_INIT("Content-Type"),
        TEXT_INIT("Cookie"),
        TEXT_INIT("Expect"),
        TEXT_INIT("Forwarded"),
        TEXT_INIT("Authorization"),
        TEXT_INIT("X-Forwarded-Client-Cert"),
        TEXT_INIT("X-Forwarded-For"),
        TEXT_INIT("X-Forwarded-Host"),
        TEXT_INIT("X-Forwarded-Proto"),
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (text_equal_nocase(option, names[i]))
            return true;
    return false;
}

static void note_connection(struct facts *f, struct text list)
{
    while (list.p && f->options <= CONNECTION_OPTIONS_MAX) {
        const struct text option = text_trim(text_cut(&list, ','));
        f->options++;
        if (text_equal_nocase(option, TEXT("close")))
            f->close = true;
        else if (text_equal_nocase(option, TEXT("keep-alive")))
            f->keep_alive = true;
        else if (is_end_to_end_only(option))
            f->odd_option = true;
    }
}

static void note(struct seen *seen, struct text value)
{
    if (seen->count++ == 0)
        seen->value = value;
}

static void gather_fields(struct facts *f, const struct headers *h)
{
    for (size_t i = 0; i < h->count; i++) {
        const struct text name = h->list[i].name;
        const struct text value = h->list[i].value;
        /* The length first: nearly all fields need no comparison at all. */
        if (name.n == 4 && text_equal_nocase(name, TEXT("Host")))
            note(&f->host, value);
        else if (name.n == 6 && text_equal_nocase(name, TEXT("Expect")))
            note(&f->expect, value);
        else if (name.n == 10 && text_equal_nocase(name, TEXT("Connection")))
            note_connection(f, value);
        else if (name.n == 14 && text_equal_nocase(name, TEXT("Content-Length")))
            note(&f->length, value);
        else if (name.n == 17 && text_equal_nocase(name, TEXT("Transfer-Encoding")))
            note(&f->coding, value);
    }
    const struct text length = f->length.value;
    f->length_valid = length.n <= LENGTH_DIGITS_MAX && text_to_u64(length, UINT64_MAX, &f->length_number);
}

static bool target_too_long(const struct facts *f)
{
    return f->target_text.n > f->settings->uri_max;
}

static bool method_unknown(const struct facts *f)
{
    return !f->method_known;
}

static bool method_is_connect(const struct facts *f)
{
    return f->method == HTTP_CONNECT;
}

static bool method_is_trace(const struct facts *f)
{
    return f->method == HTTP_TRACE;
}

static bool target_form_wrong(const struct facts *f)
{
    return f->target.form == H1_TARGET_OTHER ||
           (f->target.form == H1_TARGET_ASTERISK && f->method != HTTP_OPTIONS);
}

/* A backslash in a path is a slash to some readers. */
static bool target_path_ambiguous(const struct facts *f)
{
    return text_contains(text_first(f->target_text, text_find(f->target_text, '?')), '\\');
}

static bool host_missing(const struct facts *f)
{
    return f->version == HTTP_1_1 && f->host.count == 0;
}

static bool host_repeated(const struct facts *f)
{
    return f->host.count > 1;
}

static bool host_invalid(const struct facts *f)
{
    if (f->host.count == 0)
        return f->target.form == H1_TARGET_ABSOLUTE && !h1_authority_is_valid(f->target.authority);
    if (f->settings->trusted_peer && f->host.value.n == 0)
        return false;
    return !h1_authority_is_valid(f->host.value);
}

static bool authorities_differ(const struct facts *f)
{
    return f->target.form == H1_TARGET_ABSOLUTE && f->host.count > 0 &&
           !text_equal_nocase(f->target.authority, f->host.value);
}

static bool option_odd(const struct facts *f)
{
    return f->odd_option;
}

static bool options_too_many(const struct facts *f)
{
    return f->options > CONNECTION_OPTIONS_MAX;
}

static bool expect_unknown(const struct facts *f)
{
    return f->expect.count > 1 ||
           (f->expect.count == 1 && !text_equal_nocase(f->expect.value, TEXT("100-continue")));
}

static bool length_and_coding(const struct facts *f)
{
    return f->length.count > 0 && f->coding.count > 0;
}

static bool coding_repeated(const struct facts *f)
{
    return f->coding.count > 1;
}

static bool coding_unknown(const struct facts *f)
{
    return f->coding.count > 0 && !text_equal_nocase(f->coding.value, TEXT("chunked"));
}

static bool coding_in_1_0(const struct facts *f)
{
    return f->coding.count > 0 && f->version == HTTP_1_0;
}

static bool length_repeated(const struct facts *f)
{
    return f->length.count > 1;
}

static bool length_invalid(const struct facts *f)
{
    return f->length.count > 0 && !f->length_valid;
}

static bool length_too_large(const struct facts *f)
{
    return f->length.count > 0 && f->length_number > f->settings->body_max;
}

/* RFC 9110 15.2, 15.3.5: 1xx and 204 have no body. A Content-Length of 0 in a 204 is common and harmless. */
static bool body_forbidden(const struct facts *f)
{
    return (f->status < 200 || f->status == 204) && (f->coding.count > 0 || f->length_number > 0);
}

struct rule {
    enum h1_reason reason;
    bool (*broken)(const struct facts *f);
};

static const struct rule request_rules[] = {
    {H1_TARGET_TOO_LONG, target_too_long},     {H1_METHOD_UNKNOWN, method_unknown},
    {H1_METHOD_CONNECT, method_is_connect},    {H1_METHOD_TRACE, method_is_trace},
    {H1_TARGET_FORM, target_form_wrong},       {H1_TARGET_CHARACTER, target_path_ambiguous},
    {H1_HOST_MISSING, host_missing},           {H1_HOST_REPEATED, host_repeated},
    {H1_HOST_INVALID, host_invalid},           {H1_TARGET_AUTHORITY, authorities_differ},
    {H1_LENGTH_AND_CODING, length_and_coding}, {H1_CODING_REPEATED, coding_repeated},
    {H1_CODING_UNKNOWN, coding_unknown},       {H1_CODING_IN_1_0, coding_in_1_0},
    {H1_LENGTH_REPEATED, length_repeated},     {H1_LENGTH_INVALID, length_invalid},
    {H1_LENGTH_TOO_LARGE, length_too_large},   {H1_CONNECTION_OPTION, option_odd},
    {H1_EXPECT_UNKNOWN, expect_unknown},       {H1_CONNECTION_OPTIONS, options_too_many},
};

static const struct rule response_rules[] = {
    {H1_LENGTH_AND_CODING, length_and_coding}, {H1_CODING_REPEATED, coding_repeated},
    {H1_CODING_UNKNOWN, coding_unknown},       {H1_CODING_IN_1_0, coding_in_1_0},
    {H1_LENGTH_REPEATED, length_repeated},     {H1_LENGTH_INVALID, length_invalid},
    {H1_BODY_FORBIDDEN, body_forbidden},       {H1_CONNECTION_OPTIONS, options_too_many},
};

static enum h1_reason first_broken(const struct rule *rules, size_t count, const struct facts *f)
{
    for (size_t i = 0; i < count; i++)
        if (rules[i].broken(f))
            return rules[i].reason;
    return H1_NONE;
}

/* RFC 9112 9.3. */
static bool connection_persists(const struct facts *f)
{
    return !f->close && (f->version == HTTP_1_1 || f->keep_alive);
}

/* The target in origin-form: an absolute one loses scheme and authority (RFC 9112 3.2.2), and gets the "/" it
 * may lack. */
static struct text reduced_target(const struct h1_target *target, enum http_method method, struct arena *a)
{
    if (target->form != H1_TARGET_ABSOLUTE || text_starts_with(target->rest, TEXT("/")))
        return target->rest;
    if (target->rest.n == 0)
        return method == HTTP_OPTIONS ? TEXT("*") : TEXT("/");
    return arena_printf(a, "/%.*s", TEXT_ARG(target->rest));
}

enum h1_reason h1_rules_request(const struct h1_rules_settings *settings, const struct h1_request_line *line,
                                struct arena *a, struct request *out, bool *out_keep_alive)
{
    struct facts f = {.settings = settings,
                      .version = line->version,
                      .target_text = line->target,
                      .target = h1_target_parse(line->target)};
    f.method_known = http_method_parse(line->method, &f.method);
    gather_fields(&f, &out->headers);
    const enum h1_reason reason =
        first_broken(request_rules, sizeof(request_rules) / sizeof(request_rules[0]), &f);
    if (reason != H1_NONE)
        return reason;

    out->version = f.version;
    out->method = f.method;
    out->target = reduced_target(&f.target, f.method, a);
    if (!out->target.p)
        return H1_NO_MEMORY;
    struct text query = out->target;
    out->path = text_cut(&query, '?');
    out->query = query;
    out->authority = f.host.count > 0 ? f.host.value : f.target.authority;
    out->body = f.coding.count > 0 ? BODY_STREAM : f.length.count > 0 ? BODY_SIZED : BODY_NONE;
    out->content_length = f.length_number;
    /* RFC 9110 10.1.1: to be ignored in HTTP/1.0, and without a body there is nothing to wait for. */
    out->expect_continue =
        f.expect.count > 0 && f.version == HTTP_1_1 && (out->body == BODY_STREAM || out->content_length > 0);
    *out_keep_alive = connection_persists(&f);
    return H1_NONE;
}

enum h1_reason h1_rules_response(const struct h1_status_line *line, enum http_method method,
                                 struct response *out, enum h1_delimiter *out_delimiter, bool *out_keep_alive)
{
    struct facts f = {.version = line->version, .status = line->status};
    gather_fields(&f, &out->headers);
    const enum h1_reason reason =
        first_broken(response_rules, sizeof(response_rules) / sizeof(response_rules[0]), &f);
    if (reason != H1_NONE)
        return reason;

    const bool no_body = method == HTTP_HEAD || f.status < 200 || f.status == 204 || f.status == 304;
    out->status = f.status;
    out->content_length = f.length_number;
    if (f.length.count > 0 && f.status >= 200 && f.status != 204)
        out->body = BODY_SIZED; /* of HEAD and 304: what a GET would have brought */
    else
        out->body = no_body ? BODY_NONE : BODY_STREAM;
    *out_delimiter = no_body              ? H1_NO_BODY
                     : f.coding.count > 0 ? H1_BY_CHUNKS
                     : f.length.count > 0 ? H1_BY_LENGTH
                                          : H1_BY_CLOSE;
    *out_keep_alive = connection_persists(&f) && *out_delimiter != H1_BY_CLOSE;
    return H1_NONE;
}
