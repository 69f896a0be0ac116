/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/own.h"
#include "cli/json_list.h"
#include "cli/table.h"

#define TABLE_MAX    (128 * 1024 * 1024)
#define SHORT_DIGITS 16
#define PAIRS_MAX    65536

struct listing {
    struct cli *cli;
    const struct list_view *view;
    enum output output;
    struct table table;
    struct buffer json; /* the rows, comma-separated */
    size_t count;
};

static bool two_digits(struct text t, size_t at, uint64_t max, int *out)
{
    uint64_t v;
    if (!text_to_u64(text_first(text_from(t, at), 2), max, &v))
        return false;
    *out = (int)v;
    return true;
}

bool cli_parse_time(struct text t, int64_t *out)
{
    uint64_t year;
    int month, day, hour, minute, second;
    bool ok = t.n >= 20 && t.p[4] == '-' && t.p[7] == '-' && t.p[10] == 'T' && t.p[13] == ':' &&
              t.p[16] == ':' && t.p[t.n - 1] == 'Z' && text_to_u64(text_first(t, 4), 9999, &year) &&
              two_digits(t, 5, 12, &month) && two_digits(t, 8, 31, &day) && two_digits(t, 11, 23, &hour) &&
              two_digits(t, 14, 59, &minute) && two_digits(t, 17, 60, &second);
    if (!ok || month == 0 || day == 0)
        return false;
    *out = clock_from_civil((int)year, month, day, hour, minute, second);
    return true;
}

static struct text distance(struct text value, bool past, struct arena *a)
{
    int64_t at;
    char words[CLOCK_RFC3339_MAX];
    if (!cli_parse_time(value, &at))
        return value;
    int64_t seconds = past ? clock_now_s() - at : at - clock_now_s();
    if (seconds <= 0)
        return past ? TEXT("now") : TEXT("over");
    return arena_text(a, text_of(duration_format(seconds * 1000, words)));
}

/* What ends in a SHA-256 ("8bb4...", "certificate:8bb4...") loses the end of it; other values stay whole. */
static struct text shortened(struct text value)
{
    uint8_t hash[SHA256_SIZE];
    const size_t digits = 2 * SHA256_SIZE;
    if (value.n < digits || !hex_decode(hash, sizeof hash, text_from(value, value.n - digits)))
        return value;
    return text_first(value, value.n - digits + SHORT_DIGITS);
}

/* {"kind":"application","reason":"lost"} -> kind=application reason=lost */
static struct text pairs(struct text object, struct arena *a)
{
    struct text rest = object, name, raw;
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, PAIRS_MAX);
    while (json_next_member(&rest, &name, &raw)) {
        const char *member = arena_cstr(a, name);
        if (!member)
            return object;
        buffer_printf(&out, "%s%s=", buffer_size(&out) ? " " : "", member);
        buffer_text(&out, json_shown(object, member, a));
    }
    struct text words = arena_text(a, buffer_as_text(&out));
    return words.p && status_ok(buffer_status(&out)) ? words : object;
}

static struct text shown(const struct column *column, struct text value, struct arena *a)
{
    switch (column->kind) {
    case COLUMN_TEXT:
        break;
    case COLUMN_SHORT:
        return shortened(value);
    case COLUMN_PAIRS:
        return value.n ? pairs(value, a) : value;
    case COLUMN_AGE:
        return value.n ? distance(value, true, a) : value;
    case COLUMN_LEFT:
        return value.n ? distance(value, false, a) : value;
    }
    return value;
}

/* A time is shown twice in a table, as a date and as what is left; a file needs it once. */
static bool is_repeated(const struct column *columns, const struct column *column)
{
    for (; columns != column; columns++)
        if (text_equal(text_of(columns->member), text_of(column->member)))
            return true;
    return false;
}

static void csv_row(struct listing *l, struct text row)
{
    struct cli *c = l->cli;
    const struct column *columns = l->view->columns;
    for (const struct column *column = columns; column->title; column++) {
        if (is_repeated(columns, column))
            continue;
        if (column != columns)
            buffer_byte(&c->out, ',');
        if (row.p)
            csv_field(json_shown(row, column->member, &c->arena), &c->out);
        else
            buffer_cstr(&c->out, column->member);
    }
    buffer_cstr(&c->out, "\r\n"); /* RFC 4180 section 2 */
}

static void add_row(struct listing *l, struct text row)
{
    struct cli *c = l->cli;
    if (l->output == OUTPUT_JSON) {
        buffer_text(&l->json, l->count ? TEXT(",") : TEXT(""));
        buffer_text(&l->json, row);
    }
    if (l->output == OUTPUT_CSV)
        csv_row(l, row);
    for (const struct column *column = l->view->columns; column->title && l->output == OUTPUT_TABLE; column++)
        table_cell(&l->table, shown(column, json_shown(row, column->member, &c->arena), &c->arena));
    l->count++;
}

/* One page; *out_next is the cursor of the next one, or empty. */
static struct status read_page(struct listing *l, struct text target, const char *after, size_t most,
                               struct text *out_next, struct error *err)
{
    struct cli *c = l->cli;
    OWNED(buffer_release) struct buffer full;
    buffer_init(&full, 16384);
    buffer_text(&full, target);
    cli_query(&full, l->view->cursor ? l->view->cursor : "after", after);
    TRY(buffer_status(&full));
    struct text json, row;
    TRY(cli_call(c, HTTP_GET, buffer_as_text(&full), (struct text){NULL, 0}, &json, err));
    struct text rest = json_raw_member(json, l->view->member);
    const size_t before = l->count;
    if (!rest.p)
        return error_set(err, E_BROKEN, "the server's answer has no \"%s\": is it of another version?",
                         l->view->member);
    while ((most == 0 || l->count < most) && json_item(&rest, &row))
        add_row(l, row);
    if (after && l->count == before)
        return error_set(err, E_BROKEN, "the server's pages do not end");
    *out_next = most > 0 && l->count >= most ? (struct text){NULL, 0} : json_string(json, "next", &c->arena);
    return DONE;
}

static void start(struct listing *l)
{
    const char *titles[TABLE_COLUMNS_MAX + 1] = {NULL};
    for (size_t i = 0; l->view->columns[i].title; i++)
        titles[i] = l->view->columns[i].title;
    if (l->output == OUTPUT_TABLE)
        table_header(&l->table, titles);
    else if (l->output == OUTPUT_CSV)
        csv_row(l, (struct text){NULL, 0});
}

static struct status finish(struct listing *l)
{
    struct cli *c = l->cli;
    TRY(buffer_status(&l->table.cells));
    TRY(buffer_status(&l->json));
    if (l->output == OUTPUT_TABLE && l->count > 0)
        table_print(&l->table, &c->out);
    else if (l->output == OUTPUT_TABLE)
        cli_progress("%s", l->view->none);
    else if (l->output == OUTPUT_JSON)
        buffer_printf(&c->out, "{\"%s\":[", l->view->member);
    if (l->output == OUTPUT_JSON) {
        buffer_text(&c->out, buffer_as_text(&l->json));
        buffer_cstr(&c->out, "]}\n");
    }
    return buffer_status(&c->out);
}

struct status cli_list(struct cli *c, struct text target, const struct list_view *view, size_t most,
                       size_t *out_count, struct error *err)
{
    struct listing l = {.cli = c, .view = view};
    TRY(cli_output(c, &l.output, err));
    table_init(&l.table, TABLE_MAX);
    buffer_init(&l.json, TABLE_MAX);
    start(&l);
    struct text next = {NULL, 0};
    struct status s;
    do {
        const char *after = next.n ? arena_cstr(&c->arena, next) : NULL;
        s = read_page(&l, target, after, most, &next, err);
    } while (status_ok(s) && next.n > 0);
    if (status_ok(s))
        s = finish(&l);
    if (out_count)
        *out_count = l.count;
    table_release(&l.table);
    buffer_release(&l.json);
    return s;
}
