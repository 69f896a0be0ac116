/* SPDX-License-Identifier: Apache-2.0 */
#include "config/reference.h"

#include "base/json_out.h"
#include "base/own.h"
#include "config/value.h"

#define VALUE_MAX (64 * 1024)

static struct text section_of(const struct setting *row)
{
    struct text key = text_of(row->key);
    return text_first(key, text_find(key, '.'));
}

static bool starts_section(size_t i)
{
    return i == 0 || !text_equal(section_of(&settings_schema[i]), section_of(&settings_schema[i - 1]));
}

static const char *default_of(const struct setting *row)
{
    if (row->default_text[0])
        return row->default_text;
    return row->default_note ? row->default_note : "none";
}

void reference_text(struct buffer *out)
{
    char type[SETTING_RANGE_MAX];
    char variable[SETTING_VARIABLE_MAX];
    for (size_t i = 0; i < settings_schema_count; i++) {
        const struct setting *row = &settings_schema[i];
        if (i > 0)
            buffer_byte(out, '\n');
        buffer_printf(out, "%s\n    %s\n", row->key, row->help);
        buffer_printf(out, "    Value:       %s\n", setting_describe_type(row, type));
        buffer_printf(out, "    Default:     %s\n", default_of(row));
        buffer_printf(out, "    Example:     --set '%s=%s'\n", row->key, row->example);
        buffer_printf(out, "    Environment: %s\n", setting_variable(row, variable));
        buffer_printf(out, "    A change:    %s\n", setting_reload_text(row->reload));
    }
}

void reference_json(struct buffer *out)
{
    char type[SETTING_RANGE_MAX];
    char variable[SETTING_VARIABLE_MAX];
    struct json_out j;
    json_out_init(&j, out);
    json_open_array(&j, NULL);
    for (size_t i = 0; i < settings_schema_count; i++) {
        const struct setting *row = &settings_schema[i];
        json_open_object(&j, NULL);
        json_cstr(&j, "key", row->key);
        json_cstr(&j, "help", row->help);
        json_cstr(&j, "value", setting_describe_type(row, type));
        json_cstr(&j, "default", row->default_text);
        if (row->default_note)
            json_cstr(&j, "defaultNote", row->default_note);
        json_cstr(&j, "example", row->example);
        json_cstr(&j, "environment", setting_variable(row, variable));
        json_cstr(&j, "change", setting_reload_text(row->reload));
        json_end(&j);
    }
    json_end(&j);
    buffer_byte(out, '\n');
}

static const char markdown_head[] = "# Configuration\n"
                                    "\n"
                                    "Made by `fairlead config reference -o markdown`; do not edit.\n"
                                    "\n"
                                    "Everything works without configuration. A value comes from, later wins: "
                                    "the default, the YAML file (`--config FILE`, or\n"
                                    "`FAIRLEAD_CONFIG`), the environment (`FAIRLEAD_TOKEN_LENGTH=32`), "
                                    "`--set token.length=32`. In the file the dots are sections:\n"
                                    "\n"
                                    "```yaml\n"
                                    "token:\n"
                                    "  length: 32\n"
                                    "```\n"
                                    "\n"
                                    "Unknown keys, wrong types and key files that others can read stop the "
                                    "start with a message that names file, line and key.\n"
                                    "`fairlead config check` says so beforehand, `fairlead config show` "
                                    "prints what is in force. The last column says when a change takes\n"
                                    "effect after SIGHUP (`systemctl reload fairlead`); *restart* means that "
                                    "a reload that changes it is refused as a whole.\n";

/* A '|' in a cell would end it. */
static void cell(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|' || *text == '*')
            buffer_byte(out, '\\');
        buffer_byte(out, (uint8_t)*text);
    }
}

static void markdown_row(const struct setting *row, struct buffer *out)
{
    char type[SETTING_RANGE_MAX];
    buffer_printf(out, "| `%s` | ", row->key);
    cell(out, row->help);
    buffer_cstr(out, " | ");
    cell(out, setting_describe_type(row, type));
    buffer_cstr(out, row->default_text[0] ? " | `" : " | ");
    buffer_cstr(out, default_of(row));
    buffer_printf(out, "%s | `%s` | %s |\n", row->default_text[0] ? "`" : "", row->example,
                  setting_reload_text(row->reload));
}

void reference_markdown(struct buffer *out)
{
    buffer_cstr(out, markdown_head);
    for (size_t i = 0; i < settings_schema_count; i++) {
        if (starts_section(i)) {
            buffer_printf(out, "\n## %.*s\n\n", TEXT_ARG(section_of(&settings_schema[i])));
            buffer_cstr(out, "| Key | What it does | Value | Default | Example | Change |\n");
            buffer_cstr(out, "|---|---|---|---|---|---|\n");
        }
        markdown_row(&settings_schema[i], out);
    }
}

/* ---- a configuration ---- */

/* "postgresql://user:password@host" -> "postgresql://user:***@host" */
static void append_masked(struct text url, struct buffer *out)
{
    size_t scheme = 0;
    while (scheme < url.n && !text_starts_with(text_from(url, scheme), TEXT("://")))
        scheme++;
    struct text rest = text_from(url, scheme + 3);
    size_t at = text_find(rest, '@');
    size_t colon = text_find(text_first(rest, at), ':');
    if (at == rest.n || colon == at) {
        buffer_text(out, url);
        return;
    }
    buffer_text(out, text_first(url, scheme + 3 + colon + 1));
    buffer_cstr(out, "***");
    buffer_text(out, text_from(rest, at));
}

static void append_value(const struct setting *row, const struct settings *s, struct buffer *out)
{
    OWNED(buffer_release) struct buffer value;
    buffer_init(&value, VALUE_MAX);
    setting_format(row, s, &value);
    if (row->type == SETTING_STORE_URL)
        append_masked(buffer_as_text(&value), out);
    else
        buffer_text(out, buffer_as_text(&value));
}

/* Double-quoted YAML when the plain form could be read as something else. */
static void append_yaml(const struct setting *row, struct text value, struct buffer *out)
{
    bool plain = value.n > 0 && !setting_is_text(row) && !setting_is_list(row);
    if (plain) {
        buffer_text(out, value);
        return;
    }
    buffer_byte(out, '"');
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '"' || value.p[i] == '\\')
            buffer_byte(out, '\\');
        buffer_byte(out, (uint8_t)value.p[i]);
    }
    buffer_byte(out, '"');
}

/* Opens the sections of `key` that differ from those of `before`; the last word is left to the caller. */
static struct text open_sections(struct text key, struct text before, struct buffer *out)
{
    int depth = 0;
    bool same = true;
    for (size_t dot = text_find(key, '.'); dot < key.n; dot = text_find(key, '.'), depth++) {
        struct text word = text_first(key, dot);
        struct text other = before.p ? text_cut(&before, '.') : (struct text){NULL, 0};
        same = same && text_equal(word, other);
        if (!same)
            buffer_printf(out, "%*s%.*s:\n", 2 * depth, "", TEXT_ARG(word));
        key = text_from(key, dot + 1);
    }
    buffer_printf(out, "%*s", 2 * depth, "");
    return key;
}

void settings_show(const struct settings *s, struct buffer *out)
{
    struct text before = {NULL, 0};
    for (size_t i = 0; i < settings_schema_count; i++) {
        const struct setting *row = &settings_schema[i];
        OWNED(buffer_release) struct buffer value;
        buffer_init(&value, VALUE_MAX);
        append_value(row, s, &value);
        struct text word = open_sections(text_of(row->key), before, out);
        buffer_printf(out, "%.*s: ", TEXT_ARG(word));
        append_yaml(row, buffer_as_text(&value), out);
        buffer_byte(out, '\n');
        before = text_of(row->key);
    }
}

void settings_show_json(const struct settings *s, struct buffer *out)
{
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    for (size_t i = 0; i < settings_schema_count; i++) {
        OWNED(buffer_release) struct buffer value;
        buffer_init(&value, VALUE_MAX);
        append_value(&settings_schema[i], s, &value);
        json_text(&j, settings_schema[i].key, buffer_as_text(&value));
    }
    json_end(&j);
    buffer_byte(out, '\n');
}
