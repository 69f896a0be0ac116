/* SPDX-License-Identifier: Apache-2.0 */
#include "api/native/call_options.h"

#include "base/encoding.h"
#include "base/json_cursor.h"
#include "registry/anchors.h"

/* ---- reading ---- */

static struct status read_choice(struct call *c, const char *name, struct text value, enum call_choice *out,
                                 bool *out_has)
{
    *out_has = true;
    if (text_equal(value, TEXT("null")))
        *out = CALL_UNSET;
    else if (text_equal(value, TEXT("true")))
        *out = CALL_YES;
    else if (text_equal(value, TEXT("false")))
        *out = CALL_NO;
    else
        return error_set(&c->err, E_INVALID, "call.%s must be true, false or null", name);
    return DONE;
}

static struct status read_anchors(struct call *c, struct text object, struct call_body *out)
{
    out->has_anchors = true;
    return body_text(c, object, "caCertificate", &out->anchors_pem);
}

static struct status unknown(struct call *c, const char *in, struct text key)
{
    return error_set(&c->err, E_INVALID, "%s%.*s cannot be changed here", in,
                     TEXT_ARG(text_first(key, LIMIT_NAME_LENGTH)));
}

static struct status read_members(struct call *c, struct text object, bool anchors, struct call_body *out)
{
    struct json_cursor at = json_cursor_at(object);
    for (bool more = json_cursor_enter(&at); more; more = json_cursor_next(&at)) {
        const struct text key = json_cursor_key(&at);
        const struct text value = json_cursor_skip(&at);
        if (json_key_is(key, TEXT("skipVerify")))
            TRY(read_choice(c, "skipVerify", value, &out->skip_verify, &out->has_skip_verify));
        else if (json_key_is(key, TEXT("encodeUrl")))
            TRY(read_choice(c, "encodeUrl", value, &out->encode_url, &out->has_encode_url));
        else if (anchors && json_key_is(key, TEXT("caCertificate")))
            TRY(read_anchors(c, object, out));
        else
            return unknown(c, "call.", key);
    }
    return DONE;
}

static bool is_among(struct text key, const char *const *names)
{
    while (*names && !json_key_is(key, text_of(*names)))
        names++;
    return *names != NULL;
}

struct status call_body_read(struct call *c, struct text object, const char *const *others, bool anchors,
                             struct call_body *out)
{
    *out = (struct call_body){.given = false};
    struct json_cursor at = json_cursor_at(object);
    for (bool more = json_cursor_enter(&at); more; more = json_cursor_next(&at)) {
        const struct text key = json_cursor_key(&at);
        const enum json_type type = json_cursor_type(&at);
        const struct text value = json_cursor_skip(&at);
        if (!json_key_is(key, TEXT("call"))) {
            if (!is_among(key, others))
                return unknown(c, "", key);
            continue;
        }
        if (type != JSON_TYPE_OBJECT)
            return error_set(&c->err, E_INVALID, "call must be an object");
        TRY(read_members(c, value, anchors, out));
    }
    out->given = out->has_skip_verify || out->has_encode_url || out->has_anchors;
    return DONE;
}

/* ---- showing ---- */

static void put_choice(struct json_out *j, const char *name, enum call_choice choice)
{
    if (choice == CALL_UNSET)
        json_write_null(j, name);
    else
        json_bool(j, name, choice == CALL_YES);
}

void put_call_choices(struct json_out *j, const struct call_choices *call)
{
    put_choice(j, "skipVerify", call->skip_verify);
    put_choice(j, "encodeUrl", call->encode_url);
}

static void put_anchors(struct json_out *j, const struct anchors *anchors)
{
    json_open_object(j, "caCertificate");
    json_open_array(j, "certificates");
    for (size_t i = 0; i < anchors->count; i++) {
        const struct certificate_facts *f = &anchors->list[i];
        char fingerprint[2 * SHA256_SIZE + 1];
        hex_encode(fingerprint, BYTES_OF(f->fingerprint));
        json_open_object(j, NULL);
        json_text(j, "subject", f->subject);
        json_cstr(j, "fingerprint", fingerprint);
        json_time(j, "notBefore", f->not_before);
        json_time(j, "notAfter", f->not_after);
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

struct status put_service_call(struct call *c, struct json_out *j, const struct service *row)
{
    struct anchors anchors = {.count = 0};
    if (row->call_anchors_pem.n > 0)
        TRY(anchors_read(row->call_anchors_pem, -1, c->arena, &anchors, &c->err));
    json_open_object(j, "call");
    put_call_choices(j, &row->call);
    if (anchors.count > 0)
        put_anchors(j, &anchors);
    else
        json_write_null(j, "caCertificate");
    json_end(j);
    return DONE;
}
