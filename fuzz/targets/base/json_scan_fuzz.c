/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers json_scan, json_member, json_string_decode, json_drop_newlines_in_strings (base/json_scan.h) and
 * json_text (base/json_out.h).
 *
 * Differential: json_scan and jansson agree on what JSON is, except for what jansson refuses although it is
 * well-formed (numbers beyond its types, NUL in a member name, half a surrogate pair) and for our limits of
 * depth and tokens. Round trip: a span cut out is JSON of the type that was said; a string decodes to what
 * jansson says and, written again, to itself.
 */

#include <jansson.h>

#include "base/buffer.h"
#include "base/json_out.h"
#include "base/json_scan.h"
#include "base/own.h"

#define LARGEST (256 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

OWNABLE(json_t, json_decref);

static bool is_design_of_jansson(const json_error_t *error)
{
    return json_error_code(error) == json_error_numeric_overflow ||
           json_error_code(error) == json_error_null_byte_in_key ||
           strstr(error->text, "invalid Unicode '\\u") != NULL;
}

static void check_written_again(struct text decoded)
{
    OWNED(buffer_release) struct buffer written;
    OWNED(buffer_release) struct buffer again;
    buffer_init(&written, 8 * (size_t)LARGEST);
    buffer_init(&again, LARGEST);
    struct json_out j;
    json_out_init(&j, &written);
    json_text(&j, NULL, decoded);
    must(status_ok(json_scan(buffer_as_text(&written), NULL)));
    must(status_ok(json_string_decode(buffer_as_text(&written), &again)));
    must(text_equal(buffer_as_text(&again), decoded));
}

static void check_string(struct text raw)
{
    OWNED(buffer_release) struct buffer decoded;
    buffer_init(&decoded, LARGEST);
    must(status_ok(json_string_decode(raw, &decoded)));
    must(text_is_utf8(buffer_as_text(&decoded)));
    check_written_again(buffer_as_text(&decoded));
    OWNED(json_decref) json_t *theirs = json_loadb(raw.p, raw.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (theirs) {
        struct text value = {json_string_value(theirs), json_string_length(theirs)};
        must(text_equal(buffer_as_text(&decoded), value));
    }
}

static void check_member(struct text in, struct text name)
{
    struct text raw;
    enum json_type type;
    if (!json_member(in, name, &raw, &type))
        return;
    must(raw.p >= in.p && raw.p + raw.n <= in.p + in.n);
    must(status_ok(json_scan(raw, NULL)));
    OWNED(json_decref) json_t *theirs = json_loadb(raw.p, raw.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (theirs) {
        must(json_is_object(theirs) == (type == JSON_TYPE_OBJECT));
        must(json_is_array(theirs) == (type == JSON_TYPE_ARRAY));
        must(json_is_string(theirs) == (type == JSON_TYPE_STRING));
        must(json_is_number(theirs) == (type == JSON_TYPE_NUMBER));
        must(json_is_boolean(theirs) == (type == JSON_TYPE_BOOL));
        must(json_is_null(theirs) == (type == JSON_TYPE_NULL));
    }
    if (type == JSON_TYPE_STRING)
        check_string(raw);
}

/* Every name jansson sees in the top-level object can be found. */
static void check_all_members(struct text in, json_t *theirs)
{
    const char *name;
    json_t *value;
    size_t looked_at = 0;
    json_object_foreach(theirs, name, value)
    {
        struct text raw;
        enum json_type type;
        must(json_member(in, text_of(name), &raw, &type));
        check_member(in, text_of(name));
        if (++looked_at == 8)
            break;
    }
}

static void check_accepted(struct text in)
{
    OWNED(buffer_release) struct buffer same;
    buffer_init(&same, LARGEST);
    json_drop_newlines_in_strings(in, &same);
    must(text_equal(buffer_as_text(&same), in)); /* strings of accepted text hold no line breaks */
    json_error_t error;
    OWNED(json_decref) json_t *theirs = json_loadb(in.p, in.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    must(theirs || is_design_of_jansson(&error));
    check_member(in, TEXT("csr"));
    if (json_is_object(theirs))
        check_all_members(in, theirs);
}

static void check_refused(struct text in, const struct json_position *where, struct status s)
{
    must(where->offset <= in.n && where->line >= 1 && where->column >= 1 && where->what);
    OWNED(json_decref) json_t *theirs = json_loadb(in.p, in.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    bool nul = where->offset < in.n && in.p[where->offset] == '\0'; /* which jansson takes for the end */
    must(!theirs || nul || s.code == E_TOO_LARGE);
    /* Not for such input, but it must stay inside it. */
    struct text raw;
    enum json_type type;
    json_member(in, TEXT("csr"), &raw, &type);
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, LARGEST);
    status_ignore(json_string_decode(in, &out));
    buffer_clear(&out);
    json_drop_newlines_in_strings(in, &out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > LARGEST)
        return 0;
    struct text in = bytes_text((struct bytes){data, size});
    struct json_position where = {.what = NULL};
    struct status s = json_scan(in, &where);
    if (status_ok(s))
        check_accepted(in);
    else
        check_refused(in, &where, s);
    return 0;
}
