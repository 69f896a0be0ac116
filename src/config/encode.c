/* SPDX-License-Identifier: Apache-2.0 */
#include "config/settings.h"

#include "base/buffer.h"
#include "base/own.h"
#include "config/load.h"
#include "config/value.h"
#include "os/processes.h"

/*
 * One line per row, in the order of the schema: "token.length=64\n". No value can hold a newline
 * (setting_parse refuses control characters), so nothing is escaped and the round trip is exact. Reader and
 * writer are the same binary: any deviation is a bug.
 */

OWNABLE(struct settings, settings_free);

struct status settings_encode(const struct settings *s, struct buffer *out)
{
    for (size_t i = 0; i < settings_schema_count; i++) {
        buffer_cstr(out, settings_schema[i].key);
        buffer_byte(out, '=');
        setting_format(&settings_schema[i], s, out);
        buffer_byte(out, '\n');
    }
    return buffer_status(out);
}

struct status settings_decode(struct text in, struct settings **out, struct error *err)
{
    OWNED(settings_free) struct settings *s = settings_new();
    if (!s)
        return STATUS(NOMEM);
    for (size_t i = 0; i < settings_schema_count; i++) {
        const struct setting *row = &settings_schema[i];
        if (!text_contains(in, '\n'))
            return error_set(err, E_INVALID, "%s: missing in the encoded configuration", row->key);
        struct text value = text_cut(&in, '\n');
        struct text key = text_cut(&value, '=');
        if (!value.p || !text_equal(key, text_of(row->key)))
            return error_set(err, E_INVALID, "%s: not where it belongs in the encoded configuration",
                             row->key);
        struct status status = setting_parse(row, s, value, err);
        if (status.code == E_NOMEM)
            return status;
        if (!status_ok(status))
            return error_wrap(err, status, "%s", row->key);
    }
    if (in.n > 0)
        return error_set(err, E_INVALID, "more lines than settings in the encoded configuration");
    *out = TAKE(s);
    return DONE;
}

struct status settings_check_reload(const struct settings *running, const struct settings *wanted,
                                    struct error *err)
{
    for (size_t i = 0; i < settings_schema_count; i++) {
        const struct setting *row = &settings_schema[i];
        if (row->reload == RELOAD_RESTART && !setting_equal(row, running, wanted))
            return error_set(err, E_CONFLICT,
                             "%s: cannot change while the server runs: restart it, or undo the change",
                             row->key);
    }
    return DONE;
}

struct status settings_read(int fd, struct settings **out, struct error *err)
{
    OWNED(buffer_release) struct buffer text;
    buffer_init(&text, SETTINGS_TEXT_MAX);
    const struct status st = memfd_read(fd, &text);
    if (!status_ok(st))
        return error_set(err, st.code, "cannot read the configuration: %s", code_text(st.code));
    return settings_decode(buffer_as_text(&text), out, err);
}
