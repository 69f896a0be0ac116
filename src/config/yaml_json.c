/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml_json.h"

#include <yaml.h>

#include "base/json_scan.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/own.h"
#include "config/yaml_scalar.h"

OWNABLE_VALUE(yaml_parser_t, yaml_parser_delete);
OWNABLE_VALUE(yaml_event_t, yaml_event_delete);
OWNABLE_VALUE(struct map, map_release);

#define KEYS_MAX 1000000 /* of one mapping; the size of the input bounds it further */

struct converter {
    yaml_parser_t *parser;
    struct buffer *out;
    unsigned depth; /* of mappings and lists that are open */
};

static struct status refuse_at(yaml_mark_t at, struct error *err, const char *why)
{
    return error_set(err, E_INVALID, "line %zu, column %zu: %s", at.line + 1, at.column + 1, why);
}

static struct status next_event(const struct converter *c, yaml_event_t *out, struct error *err)
{
    if (yaml_parser_parse(c->parser, out))
        return DONE;
    *out = (yaml_event_t){.type = YAML_NO_EVENT};
    if (c->parser->error == YAML_MEMORY_ERROR)
        return STATUS(NOMEM);
    const char *what = c->parser->problem ? c->parser->problem : "not YAML";
    if (c->parser->error == YAML_READER_ERROR) /* the reader knows where in bytes, not in lines */
        return error_set(err, E_INVALID, "byte %zu: %s", c->parser->problem_offset, what);
    return refuse_at(c->parser->problem_mark, err, what);
}

static struct text scalar_text(const yaml_event_t *e)
{
    return (struct text){(const char *)e->data.scalar.value, e->data.scalar.length};
}

static bool is_plain(const yaml_event_t *e)
{
    return e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* libyaml gives UTF-8 only. */
static void write_string(struct buffer *out, struct text t)
{
    buffer_byte(out, '"');
    size_t done = 0;
    for (size_t i = 0; i < t.n; i++) {
        uint8_t c = (uint8_t)t.p[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buffer_text(out, (struct text){t.p + done, i - done});
        if (c >= 0x20)
            buffer_printf(out, "\\%c", c);
        else
            buffer_printf(out, "\\u%04x", c);
        done = i + 1;
    }
    buffer_text(out, text_from(t, done));
    buffer_byte(out, '"');
}

/* What no node may have, wherever it stands. */
static struct status check_node(const yaml_event_t *e, struct error *err)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (e->type == YAML_ALIAS_EVENT)
        return refuse_at(e->start_mark, err, "aliases (*name) are not supported: write the value out");
    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    }
    if (anchor)
        return refuse_at(e->start_mark, err, "anchors (&name) are not supported: write the value out");
    if (tag)
        return refuse_at(e->start_mark, err, "tags (!name) are not supported");
    return DONE;
}

static struct status write_scalar(const struct converter *c, const yaml_event_t *e, struct error *err)
{
    enum yaml_plain plain = is_plain(e) ? yaml_plain_to_json(scalar_text(e), c->out) : YAML_PLAIN_STRING;
    if (plain == YAML_PLAIN_REFUSED)
        return refuse_at(e->start_mark, err, "JSON has no infinity and no NaN: quote it to have a string");
    if (plain == YAML_PLAIN_STRING)
        write_string(c->out, scalar_text(e));
    return buffer_status(c->out);
}

static struct status write_node(struct converter *c, const yaml_event_t *e, struct error *err);

static struct status write_list(struct converter *c, struct error *err)
{
    buffer_byte(c->out, '[');
    for (bool first = true;; first = false) {
        OWNED(yaml_event_delete) yaml_event_t e;
        TRY(next_event(c, &e, err));
        if (e.type == YAML_SEQUENCE_END_EVENT)
            break;
        buffer_text(c->out, first ? TEXT("") : TEXT(","));
        TRY(write_node(c, &e, err));
    }
    buffer_byte(c->out, ']');
    return DONE;
}

static struct status write_key(struct converter *c, const yaml_event_t *e, struct map *seen,
                               struct error *err)
{
    TRY(check_node(e, err));
    if (e->type != YAML_SCALAR_EVENT)
        return refuse_at(e->start_mark, err, "a key must be a single word or text");
    struct text key = scalar_text(e);
    if (is_plain(e) && key.n == 0)
        return refuse_at(e->start_mark, err, "a key is missing");
    if (is_plain(e) && text_equal(key, TEXT("<<")))
        return refuse_at(e->start_mark, err, "merge keys (<<) are not supported: write the values out");
    if (map_get(seen, text_bytes(key)))
        return error_set(err, E_INVALID, "line %zu, column %zu: the key '%.*s' is given twice",
                         e->start_mark.line + 1, e->start_mark.column + 1, TEXT_ARG(text_first(key, 80)));
    TRY(map_put(seen, text_bytes(key), seen));
    write_string(c->out, key);
    buffer_byte(c->out, ':');
    return DONE;
}

static struct status write_mapping(struct converter *c, struct error *err)
{
    OWNED(map_release) struct map seen;
    map_init(&seen, KEYS_MAX);
    buffer_byte(c->out, '{');
    for (bool first = true;; first = false) {
        OWNED(yaml_event_delete) yaml_event_t key, value = {.type = YAML_NO_EVENT};
        TRY(next_event(c, &key, err));
        if (key.type == YAML_MAPPING_END_EVENT)
            break;
        buffer_text(c->out, first ? TEXT("") : TEXT(","));
        TRY(write_key(c, &key, &seen, err));
        TRY(next_event(c, &value, err));
        TRY(write_node(c, &value, err));
    }
    buffer_byte(c->out, '}');
    return DONE;
}

static struct status write_node(struct converter *c, const yaml_event_t *e, struct error *err)
{
    TRY(check_node(e, err));
    if (e->type == YAML_SCALAR_EVENT)
        return write_scalar(c, e, err);
    if (c->depth == JSON_DEPTH_MAX)
        return refuse_at(e->start_mark, err, "nested too deeply (64 levels)");
    c->depth++;
    struct status st = e->type == YAML_MAPPING_START_EVENT ? write_mapping(c, err) : write_list(c, err);
    c->depth--;
    TRY(st);
    return buffer_status(c->out);
}

/* stream start, document start, node, document end, stream end */
static struct status write_stream(struct converter *c, struct error *err)
{
    for (bool seen = false;;) {
        OWNED(yaml_event_delete) yaml_event_t e;
        TRY(next_event(c, &e, err));
        if (e.type == YAML_STREAM_END_EVENT)
            return seen ? DONE : error_set(err, E_INVALID, "line 1, column 1: there is nothing in it");
        if (e.type == YAML_DOCUMENT_START_EVENT && seen)
            return refuse_at(e.start_mark, err, "a second document: there may be only one");
        if (e.type == YAML_DOCUMENT_START_EVENT)
            seen = true;
        else if (e.type != YAML_STREAM_START_EVENT && e.type != YAML_DOCUMENT_END_EVENT)
            TRY(write_node(c, &e, err));
    }
}

struct status yaml_to_json(struct text yaml, struct buffer *out, struct error *err)
{
    /* JSON goes through as it is: libyaml knows YAML 1.1, which has no surrogate pairs in its escapes. */
    if (status_ok(json_scan_with(yaml, LIMIT_SPECIFICATION_TOKENS, NULL))) {
        buffer_text(out, yaml);
        return buffer_status(out);
    }
    OWNED(yaml_parser_delete) yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        parser = (yaml_parser_t){.error = YAML_NO_ERROR};
        return STATUS(NOMEM);
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)(yaml.p ? yaml.p : ""), yaml.n);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    struct converter c = {.parser = &parser, .out = out};
    return write_stream(&c, err);
}
