/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/own.h"
#include "cli/json_list.h"
#include "cli/table.h"

#define TABLE_MAX   (64 * 1024 * 1024)
#define TABLE_ROWS  5000              /* printed together, with columns as wide as these need; */
#define TABLE_BYTES (4 * 1024 * 1024) /* or as many as hold so much */
#define WRITE_BYTES 262144
#define PAGE_MEMORY (64 * 1024 * 1024)
#define CURSOR_MAX  16384

struct listing {
    struct cli *cli;
    const struct list_view *view;
    enum output output;
    struct table table;
    struct buffer cursor; /* of the next page; empty after the last */
    size_t count;         /* rows seen */
    size_t waiting;       /* of those, in the table and not printed */
    bool written;         /* something went to standard output */
};

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
    const struct column *columns = l->view->columns;
    if (l->output == OUTPUT_JSON) {
        buffer_cstr(&c->out, l->count ? "," : "");
        buffer_text(&c->out, row);
    }
    if (l->output == OUTPUT_CSV)
        csv_row(l, row);
    for (; columns->title && l->output == OUTPUT_TABLE; columns++)
        table_cell(&l->table,
                   cli_cell(columns->kind, json_shown(row, columns->member, &c->arena), &c->arena));
    l->count++;
    if (l->output == OUTPUT_TABLE)
        l->waiting++;
}

static struct status read_page(struct listing *l, struct text target, size_t most, struct error *err)
{
    struct cli *c = l->cli;
    const char *after = buffer_size(&l->cursor) ? arena_cstr(&c->arena, buffer_as_text(&l->cursor)) : NULL;
    OWNED(buffer_release) struct buffer full;
    buffer_init(&full, CURSOR_MAX);
    buffer_text(&full, target);
    cli_query(&full, l->view->cursor ? l->view->cursor : "after", after);
    TRY(buffer_status(&full));
    struct text json, row;
    TRY(cli_call(c, HTTP_GET, buffer_as_text(&full), (struct text){NULL, 0}, &json, err));
    struct text rest = json_raw_member(json, l->view->member);
    if (!rest.p)
        return error_set(err, E_BROKEN, "the server's answer has no \"%s\": is it of another version?",
                         l->view->member);
    while ((most == 0 || l->count < most) && json_item(&rest, &row))
        add_row(l, row);
    struct text next = json_string(json, "next", &c->arena);
    /* A page may be empty and not the last; one that leads back to itself is a fault. */
    if (after && text_equal(next, text_of(after)))
        return error_set(err, E_BROKEN, "the server's pages do not end");
    buffer_clear(&l->cursor);
    if (most == 0 || l->count < most)
        buffer_text(&l->cursor, next);
    return buffer_status(&l->cursor);
}

/* Cells of standard output's terminal; 0 when it is none. */
static size_t terminal_width(void)
{
    struct winsize size = {.ws_col = 0};
    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static void start(struct listing *l)
{
    const char *titles[TABLE_COLUMNS_MAX + 1] = {NULL};
    enum column_kind last = COLUMN_TEXT;
    for (size_t i = 0; l->view->columns[i].title; i++) {
        const struct column *column = &l->view->columns[i];
        titles[i] = column->title;
        last = column->kind;
        for (size_t k = 0; k < 2; k++) {
            if (text_equal(text_of(column->title), text_of(l->view->optional[k])))
                l->table.optional |= UINT32_C(1) << i;
        }
    }
    if (last == COLUMN_CUT)
        l->table.line_max = terminal_width();
    if (l->output == OUTPUT_TABLE)
        table_header(&l->table, titles);
    else if (l->output == OUTPUT_CSV)
        csv_row(l, (struct text){NULL, 0});
    else
        buffer_printf(&l->cli->out, "{\"%s\":[", l->view->member);
}

/* Writes out what has come together, once it is enough. */
static struct status write_some(struct listing *l, struct error *err)
{
    struct cli *c = l->cli;
    TRY(buffer_status(&l->table.cells));
    if (l->waiting >= TABLE_ROWS || buffer_size(&l->table.cells) >= TABLE_BYTES) {
        table_print(&l->table, &c->out);
        l->waiting = 0;
    }
    if (buffer_size(&c->out) < WRITE_BYTES)
        return buffer_status(&c->out);
    l->written = true;
    return cli_flush(c, err);
}

static struct status finish(struct listing *l)
{
    struct cli *c = l->cli;
    TRY(buffer_status(&l->table.cells));
    if (l->output == OUTPUT_TABLE && l->waiting > 0)
        table_print(&l->table, &c->out);
    else if (l->output == OUTPUT_TABLE && l->count == 0)
        cli_progress("%s", l->view->none);
    else if (l->output == OUTPUT_JSON)
        buffer_cstr(&c->out, "]}\n");
    return buffer_status(&c->out);
}

/* A page with memory of its own: the command's arena would grow with the list. */
static struct status page(struct listing *l, struct text target, size_t most, struct error *err)
{
    struct arena kept = l->cli->arena;
    arena_init(&l->cli->arena, 65536, PAGE_MEMORY);
    struct status s = read_page(l, target, most, err);
    arena_release(&l->cli->arena);
    l->cli->arena = kept;
    return s;
}

struct status cli_list(struct cli *c, struct text target, const struct list_view *view, size_t most,
                       size_t *out_count, struct error *err)
{
    struct listing l = {.cli = c, .view = view};
    TRY(cli_output(c, &l.output, err));
    table_init(&l.table, TABLE_MAX);
    buffer_init(&l.cursor, CURSOR_MAX);
    start(&l);
    struct status s;
    do {
        s = page(&l, target, most, err);
        if (status_ok(s))
            s = write_some(&l, err);
    } while (status_ok(s) && buffer_size(&l.cursor) > 0);
    if (status_ok(s))
        s = finish(&l);
    else if (!l.written)
        buffer_clear(&c->out);
    if (out_count)
        *out_count = l.count;
    table_release(&l.table);
    buffer_release(&l.cursor);
    return s;
}
