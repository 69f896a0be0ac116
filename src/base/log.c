/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log_line.h"

#define LINE_MAX_BYTES                                                                                       \
    (16 * 1024) /* a request target is 8 KiB at most, and may double when it is escaped                      \
                 */
#define LINE_USUAL  512
#define PROCESS_MAX 32
#define REQUEST_MAX 64

static atomic_int threshold = LOG_INFO;
static atomic_int chosen_format = LOG_FORMAT_TEXT;

/* Held to copy a few bytes, never over a write. */
static pthread_mutex_t settings_lock = PTHREAD_MUTEX_INITIALIZER;
static struct settings {
    char process[PROCESS_MAX];
    void (*sink)(void *ctx, struct text line);
    void *sink_ctx;
} settings;

static _Thread_local char request_id[REQUEST_MAX];
static _Thread_local size_t request_id_n;

void log_configure(enum log_level level, enum log_format format, const char *process)
{
    atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
    atomic_store_explicit(&chosen_format, (int)format, memory_order_relaxed);
    if (!process)
        return;
    struct text name = text_first(text_of(process), PROCESS_MAX - 1);
    pthread_mutex_lock(&settings_lock);
    text_to_cstr(name, settings.process, sizeof(settings.process));
    pthread_mutex_unlock(&settings_lock);
}

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&threshold, memory_order_relaxed);
}

void log_set_request(struct text id)
{
    id = text_first(id, REQUEST_MAX);
    if (id.n)
        memcpy(request_id, id.p, id.n);
    request_id_n = id.n;
}

void log_set_sink(void (*sink)(void *ctx, struct text line), void *ctx)
{
    pthread_mutex_lock(&settings_lock);
    settings.sink = sink;
    settings.sink_ctx = ctx;
    pthread_mutex_unlock(&settings_lock);
}

static struct settings current_settings(void)
{
    pthread_mutex_lock(&settings_lock);
    struct settings copy = settings;
    pthread_mutex_unlock(&settings_lock);
    return copy;
}

static void put(const struct settings *now, struct text line)
{
    if (now->sink) {
        now->sink(now->sink_ctx, line);
        return;
    }
    ssize_t n;
    do {
        n = write(STDERR_FILENO, line.p, line.n);
    } while (n < 0 && errno == EINTR);
    /* Anything else is a lost line: there is no better place to say that the log cannot be written. */
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    if (!log_enabled(level))
        return;
    struct settings now = current_settings();
    struct log_line line = {
        .format = (enum log_format)atomic_load_explicit(&chosen_format, memory_order_relaxed),
        .now_ms = clock_now_ms(),
        .level = level,
        .event = event,
        .process = text_of(now.process),
        .request = {request_id, request_id_n},
        .fields = fields,
    };
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, LINE_MAX_BYTES);
    (void)buffer_reserve(&out, LINE_USUAL); /* a failure shows below */
    log_line_encode(&out, &line);
    buffer_byte(&out, '\n');
    if (buffer_status(&out).code == E_TOO_LARGE) {
        /* The event is worth more than its fields, and half a line is worth less than none to a machine. */
        line.fields = (const struct log_field[]){F_BOOL("fields_too_long", true), {.name = NULL}};
        buffer_clear(&out);
        log_line_encode(&out, &line);
        buffer_byte(&out, '\n');
    }
    if (status_ok(buffer_status(&out)))
        put(&now, buffer_as_text(&out));
    else
        put(&now, TEXT("log: out of memory, a line was lost\n"));
}

void log_encode(struct buffer *out, enum log_format format, int64_t now_ms, enum log_level level,
                const char *event, const struct log_field *fields)
{
    struct settings now = current_settings();
    struct log_line line = {.format = format,
                            .now_ms = now_ms,
                            .level = level,
                            .event = event,
                            .process = text_of(now.process),
                            .fields = fields};
    log_line_encode(out, &line);
}
