/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include <errno.h>
#include <unistd.h>

#include "base/json_out.h"
#include "base/limits.h"
#include "cli/json_list.h"
#include "config/yaml_json.h"
#include "os/files.h"

#define READ_SIZE 65536

void input_release(struct buffer *b)
{
    buffer_wipe(b);
    buffer_release(b);
}

const char *input_name(const char *path)
{
    return text_equal(text_of(path), TEXT("-")) ? "standard input" : path;
}

static struct status read_standard_input(struct buffer *out, struct error *err)
{
    uint8_t chunk[READ_SIZE];
    struct status s = DONE;
    for (;;) {
        ssize_t n = read(STDIN_FILENO, chunk, sizeof chunk);
        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            s = error_set(err, E_UNAVAILABLE, "cannot read standard input: %s", strerror(errno));
            break;
        }
        buffer_append(out, (struct bytes){chunk, (size_t)n});
    }
    secret_wipe(chunk, sizeof chunk);
    if (status_ok(s) && out->failed == E_TOO_LARGE)
        return error_set(err, E_TOO_LARGE, "standard input: more than %d MiB", LIMIT_BODY_SERVICE >> 20);
    return status_ok(s) ? buffer_status(out) : s;
}

struct status input_read_raw(const char *path, enum input_kind kind, struct buffer *out, struct error *err)
{
    buffer_init(out, LIMIT_BODY_SERVICE);
    if (text_equal(text_of(path), TEXT("-")))
        return read_standard_input(out, err);
    if (kind == INPUT_DESCRIPTION)
        return file_read(path, LIMIT_BODY_SERVICE, out, err);
    OWNED(secret_release) struct secret content = {NULL, 0};
    TRY(file_read_key(path, LIMIT_BODY_SERVICE, &content, err));
    buffer_append(out, secret_bytes(&content));
    return buffer_status(out);
}

static bool is_json(const char *path, struct text content)
{
    struct text name = text_of(path);
    if (text_ends_with(name, TEXT(".json")))
        return true;
    if (text_ends_with(name, TEXT(".yaml")) || text_ends_with(name, TEXT(".yml")))
        return false;
    size_t i = 0;
    while (i < content.n && text_contains(TEXT(" \t\r\n"), content.p[i]))
        i++;
    return i < content.n && content.p[i] == '{';
}

/* "line 3, column 5: why" of the YAML reader as "FILE:3:5: why", which editors can jump to. */
static struct status name_the_place(const char *path, struct status s, struct error *err)
{
    uint64_t line, column;
    char message[ERROR_MESSAGE_MAX];
    must(text_to_cstr(text_of(err->message), message, sizeof message));
    struct text why = text_of(message);
    struct text first = text_cut(&why, ':'), place = first;
    struct text before = text_cut(&place, ',');
    bool is_place = why.p && text_starts_with(before, TEXT("line ")) &&
                    text_starts_with(place, TEXT(" column ")) &&
                    text_to_u64(text_from(before, 5), INT32_MAX, &line) &&
                    text_to_u64(text_from(place, 8), INT32_MAX, &column);
    if (!is_place)
        return error_wrap(err, s, "%s", input_name(path));
    return error_set(err, s.code, "%s:%d:%d:%.*s", input_name(path), (int)line, (int)column, TEXT_ARG(why));
}

struct status input_read(const char *path, enum input_kind kind, struct buffer *out, struct error *err)
{
    OWNED(input_release) struct buffer typed;
    buffer_init(out, LIMIT_BODY_SERVICE);
    TRY(input_read_raw(path, kind, &typed, err));
    if (buffer_size(&typed) == 0)
        return error_set(err, E_INVALID, "%s: it is empty", input_name(path));
    if (is_json(path, buffer_as_text(&typed))) {
        buffer_append(out, buffer_bytes(&typed));
        return buffer_status(out);
    }
    struct status s = yaml_to_json(buffer_as_text(&typed), out, err);
    return status_ok(s) || s.code == E_NOMEM ? s : name_the_place(path, s, err);
}

static bool names(struct text word, struct text name)
{
    return text_equal(text_first(word, text_find(word, '=')), name);
}

/* Whether a word after `from` names it: the last one counts. */
static bool is_named(const struct input_labels *in, unsigned from, struct text name)
{
    for (unsigned i = from; i < in->count; i++)
        if (names(text_of(in->words[i]), name))
            return true;
    return false;
}

static bool is_removed(const struct input_labels *in, struct text name)
{
    for (unsigned i = 0; i < in->removed_count; i++)
        if (text_equal(text_of(in->removed[i]), name))
            return true;
    return false;
}

static void put_string(struct buffer *out, struct text t)
{
    struct json_out j;
    json_out_init(&j, out);
    json_text(&j, NULL, t);
}

static void put_label(struct buffer *out, bool *first, struct text name, struct text value)
{
    buffer_byte(out, *first ? '{' : ',');
    *first = false;
    put_string(out, name);
    buffer_byte(out, ':');
    put_string(out, value);
}

struct status input_put_labels(struct cli *c, const struct input_labels *in, struct text before,
                               struct buffer *out, struct error *err)
{
    bool first = true;
    struct text raw_name, raw;
    while (json_next_member(&before, &raw_name, &raw)) {
        struct text name = json_member_name(raw_name, &c->arena);
        if (!is_removed(in, name) && !is_named(in, 0, name))
            put_label(out, &first, name, json_value_shown(raw, &c->arena));
    }
    for (unsigned i = 0; i < in->count; i++) {
        struct text word = text_of(in->words[i]);
        size_t equals = text_find(word, '=');
        if (equals == 0 || equals == word.n)
            return cli_usage(c, err, "--label takes NAME=VALUE");
        struct text name = text_first(word, equals);
        if (!is_named(in, i + 1, name))
            put_label(out, &first, name, text_from(word, equals + 1));
    }
    buffer_cstr(out, first ? "{}" : "}");
    return buffer_status(out);
}
