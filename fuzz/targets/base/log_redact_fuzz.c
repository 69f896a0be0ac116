/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers log_redact_target and log_encode (base/log.h).
 * Properties: a secret appended to any target never comes out; a line never holds a byte that ends it or
 * starts a terminal sequence; the JSON form is JSON whatever the values are.
 */

#include "base/log.h"

#include "base/buffer.h"
#include "base/json_scan.h"

#define LARGEST 4096
#define CANARY  "5ecret-canary"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool holds(struct text in, struct text what)
{
    for (size_t i = 0; i + what.n <= in.n; i++) {
        if (text_starts_with(text_from(in, i), what))
            return true;
    }
    return false;
}

static void check_secret_stays_in(struct text target)
{
    if (holds(target, TEXT("canary")))
        return;
    OWNED(buffer_release) struct buffer in;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&in, 2 * LARGEST);
    buffer_init(&out, 4 * LARGEST);
    buffer_text(&in, target);
    buffer_text(&in, TEXT("&access_token=" CANARY));
    log_redact_target(&out, buffer_as_text(&in));
    must(status_ok(buffer_status(&out)));
    must(!holds(buffer_as_text(&out), TEXT(CANARY)));
}

static void check_line(enum log_format format, struct text value)
{
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, 32 * LARGEST);
    const struct log_field fields[] = {
        F_TEXT("text", value), F_TARGET("target", value), F_HEX("hex", text_bytes(value)), {.name = NULL}};
    log_encode(&out, format, 0, LOG_INFO, "fuzz", fields);
    must(status_ok(buffer_status(&out)));
    struct text line = buffer_as_text(&out);
    for (size_t i = 0; i < line.n; i++)
        must((uint8_t)line.p[i] >= 0x20 && line.p[i] != 0x7f);
    must(text_is_utf8(line));
    if (format == LOG_FORMAT_JSON)
        must(status_ok(json_scan(line, NULL)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > LARGEST)
        return 0;
    struct text in = bytes_text((struct bytes){data, size});
    check_secret_stays_in(in);
    check_line(LOG_FORMAT_TEXT, in);
    check_line(LOG_FORMAT_JSON, in);
    return 0;
}
