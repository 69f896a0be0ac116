/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <yaml.h>

#include "base/buffer.h"
#include "base/own.h"
#include "config/value.h"

/*
 * The subset of YAML that a configuration needs: one document of nested mappings whose leaves are scalars or
 * lists of scalars. Anchors, aliases, tags and several documents are refused; a key given twice is refused,
 * nested or dotted.
 */

OWNABLE_VALUE(yaml_parser_t, yaml_parser_delete);
OWNABLE_VALUE(yaml_event_t, yaml_event_delete);

struct reader_state {
    struct loader *loader;
    yaml_parser_t *parser;
};

static struct status refuse_at(const struct reader_state *r, size_t line, struct status cause,
                               struct text key, struct error *err)
{
    if (key.n > 0)
        return error_wrap(err, cause, "%s:%zu: %.*s", r->loader->file, line, TEXT_ARG(key));
    return error_wrap(err, cause, "%s:%zu", r->loader->file, line);
}

static size_t line_of(const yaml_event_t *e)
{
    return e->start_mark.line + 1;
}

static struct status next_event(const struct reader_state *r, yaml_event_t *out, struct error *err)
{
    if (yaml_parser_parse(r->parser, out))
        return DONE;
    *out = (yaml_event_t){.type = YAML_NO_EVENT};
    if (r->parser->error == YAML_MEMORY_ERROR)
        return STATUS(NOMEM);
    const char *what = r->parser->problem ? r->parser->problem : "not YAML";
    struct status s = error_set(err, E_INVALID, "not YAML: %s", what);
    return refuse_at(r, r->parser->problem_mark.line + 1, s, TEXT(""), err);
}

static struct text scalar_text(const yaml_event_t *e)
{
    return (struct text){(const char *)e->data.scalar.value, e->data.scalar.length};
}

static bool is_null(const yaml_event_t *e)
{
    struct text t = scalar_text(e);
    return e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (t.n == 0 || text_equal(t, TEXT("~")) || text_equal_nocase(t, TEXT("null")));
}

/* What no value may be, whatever the key. */
static struct status check_scalar(const yaml_event_t *e, struct error *err)
{
    if (e->type != YAML_SCALAR_EVENT)
        return error_set(err, E_INVALID, "must hold plain values only");
    if (e->data.scalar.anchor || e->data.scalar.tag)
        return error_set(err, E_INVALID, "anchors and tags are not supported");
    if (is_null(e))
        return error_set(err, E_INVALID, "has no value (write \"\" to leave it empty)");
    return DONE;
}

/* A list: its items, comma-separated, are what --set would say. */
static struct status read_list(const struct reader_state *r, const struct setting *row, struct origin origin,
                               struct error *err)
{
    OWNED(buffer_release) struct buffer items;
    buffer_init(&items, CONFIG_FILE_MAX);
    struct text key = text_of(row->key);
    for (bool first = true;; first = false) {
        OWNED(yaml_event_delete) yaml_event_t e;
        TRY(next_event(r, &e, err));
        if (e.type == YAML_SEQUENCE_END_EVENT)
            break;
        struct status s = check_scalar(&e, err);
        if (status_ok(s) && text_contains(scalar_text(&e), ','))
            s = error_set(err, E_INVALID, "an item must not hold a comma");
        if (!status_ok(s))
            return refuse_at(r, line_of(&e), s, key, err);
        buffer_text(&items, first ? TEXT("") : TEXT(","));
        buffer_text(&items, scalar_text(&e));
    }
    TRY(buffer_status(&items));
    return loader_set(r->loader, row, origin, buffer_as_text(&items), err);
}

static struct status read_mapping(const struct reader_state *r, struct text prefix, struct error *err);

/* The value of a section's key: must be a mapping. */
static struct status read_section(const struct reader_state *r, struct text name, const yaml_event_t *value,
                                  struct error *err)
{
    if (value->type == YAML_MAPPING_START_EVENT && !value->data.mapping_start.anchor &&
        !value->data.mapping_start.tag)
        return read_mapping(r, name, err);
    if (value->type == YAML_SCALAR_EVENT && is_null(value))
        return DONE; /* a section whose lines are all commented out */
    struct status s = error_set(err, E_INVALID, "is a section: its keys go below it, indented");
    return refuse_at(r, line_of(value), s, name, err);
}

static struct status read_value(const struct reader_state *r, const struct setting *row, struct origin origin,
                                const yaml_event_t *value, struct error *err)
{
    struct text key = text_of(row->key);
    char type[SETTING_RANGE_MAX];
    struct status s = DONE;
    if (value->type == YAML_SEQUENCE_START_EVENT && value->data.sequence_start.anchor == NULL &&
        value->data.sequence_start.tag == NULL) {
        if (setting_is_list(row))
            return read_list(r, row, origin, err);
        s = error_set(err, E_INVALID, "must be %s, not a list", setting_describe_type(row, type));
    } else if (value->type == YAML_MAPPING_START_EVENT) {
        s = error_set(err, E_INVALID, "must be %s, not a section", setting_describe_type(row, type));
    } else {
        s = check_scalar(value, err);
    }
    if (!status_ok(s))
        return refuse_at(r, line_of(value), s, key, err);
    return loader_set(r->loader, row, origin, scalar_text(value), err);
}

static struct status read_pair(const struct reader_state *r, struct text key, size_t line, struct error *err)
{
    const struct setting *row = setting_find(key);
    if (!row && !setting_is_section(key))
        return refuse_at(r, line, loader_unknown(key, err), key, err);
    struct origin *known = row ? &r->loader->origins[row - settings_schema] : NULL;
    if (known && known->source == SOURCE_FILE) {
        struct status s = error_set(err, E_INVALID, "given twice (the first is on line %zu)", known->line);
        return refuse_at(r, line, s, key, err);
    }
    OWNED(yaml_event_delete) yaml_event_t value;
    TRY(next_event(r, &value, err));
    if (!row)
        return read_section(r, key, &value, err);
    return read_value(r, row, (struct origin){SOURCE_FILE, line}, &value, err);
}

static struct status read_mapping(const struct reader_state *r, struct text prefix, struct error *err)
{
    for (;;) {
        OWNED(yaml_event_delete) yaml_event_t e;
        TRY(next_event(r, &e, err));
        if (e.type == YAML_MAPPING_END_EVENT)
            return DONE;
        struct status s = DONE;
        if (e.type != YAML_SCALAR_EVENT || e.data.scalar.length == 0)
            s = error_set(err, E_INVALID, "a key must be a word such as token.length");
        else if (e.data.scalar.anchor || e.data.scalar.tag)
            s = error_set(err, E_INVALID, "anchors and tags are not supported");
        else if (e.data.scalar.length + prefix.n >= SETTING_KEY_MAX)
            s = error_set(err, E_INVALID, "a key of this length is unknown");
        if (!status_ok(s))
            return refuse_at(r, line_of(&e), s, prefix, err);
        char path[SETTING_KEY_MAX + 1];
        int n = snprintf(path, sizeof path, "%.*s%s%.*s", TEXT_ARG(prefix), prefix.n ? "." : "",
                         TEXT_ARG(scalar_text(&e)));
        /* A NUL inside a quoted key ends the printed text early: that is no known key either. */
        TRY(read_pair(r, (struct text){path, n > 0 ? strlen(path) : 0}, line_of(&e), err));
    }
}

/* stream start, document start, mapping, document end, stream end; an empty file is an empty configuration.
 */
static struct status read_stream(const struct reader_state *r, struct error *err)
{
    for (bool seen = false;;) {
        OWNED(yaml_event_delete) yaml_event_t e;
        TRY(next_event(r, &e, err));
        struct status s = DONE;
        if (e.type == YAML_STREAM_END_EVENT)
            return DONE;
        if (e.type == YAML_STREAM_START_EVENT || e.type == YAML_DOCUMENT_END_EVENT)
            continue;
        if (e.type == YAML_DOCUMENT_START_EVENT && seen)
            s = error_set(err, E_INVALID, "a second document: there may be only one");
        else if (e.type == YAML_DOCUMENT_START_EVENT)
            seen = true;
        else if (e.type == YAML_MAPPING_START_EVENT && !e.data.mapping_start.anchor &&
                 !e.data.mapping_start.tag)
            TRY(read_mapping(r, TEXT(""), err));
        else if (e.type != YAML_SCALAR_EVENT || !is_null(&e))
            s = error_set(err, E_INVALID,
                          "must be sections and keys, such as 'token:' and below it '  length: 64'");
        if (!status_ok(s))
            return refuse_at(r, line_of(&e), s, TEXT(""), err);
    }
}

struct status yaml_read(struct loader *l, struct text yaml, struct error *err)
{
    OWNED(yaml_parser_delete) yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        parser = (yaml_parser_t){.error = YAML_NO_ERROR};
        return STATUS(NOMEM);
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)(yaml.p ? yaml.p : ""), yaml.n);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    struct reader_state r = {l, &parser};
    return read_stream(&r, err);
}
