/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What every subcommand works with. A command reads its arguments, talks to the server (or the disk), writes
 * text into cli->out and returns a status; main prints the error and chooses the exit status: 0 ok, 1 error,
 * 2 usage, 3 "found something". One thread. Paths in the real process only: commands may block.
 */

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "cli/args.h"
#include "config/settings.h"
#include "control/exchange.h"
#include "http/message.h"

enum output { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV };

enum {
    EXIT_STATUS_OK = 0,
    EXIT_STATUS_ERROR = 1,
    EXIT_STATUS_USAGE = 2,
    EXIT_STATUS_FOUND = 3,
};

struct cli {
    struct args args;
    struct arena arena; /* of the command */
    struct buffer out;  /* standard output, written when the command ends, or by cli_flush */
    int exit_status;    /* EXIT_STATUS_FOUND, set by the command; counts when it succeeds */
    bool usage;         /* the failure is the caller's: exit status 2 */
    char *const *environment;
    const char *set[ARGS_OPTIONS_MAX]; /* what cli_sources found */
    const char *config_file;           /* named by an argument rather than --config; NULL otherwise */
};

/* Parses, runs, prints; the exit status. `environment` is environ. */
int cli_main(int argc, const char *const *argv, char *const *environment);
extern const struct command_table cli_commands;

OWNABLE(struct settings, settings_free);

/* ---- helpers for commands ---- */

/* Marks a failure as wrong usage and says it; the message should name the right form. */
[[gnu::format(printf, 3, 4)]] struct status cli_usage(struct cli *c, struct error *err, const char *fmt, ...);
struct status cli_output(struct cli *c, enum output *out,
                         struct error *err); /* -o; csv only where the command takes it */
struct status
cli_flush(struct cli *c,
          struct error *err); /* cli->out to standard output; E_UNAVAILABLE when nobody reads it */
/* A line for the person at the terminal: standard error, only when it is a terminal. */
[[gnu::format(printf, 1, 2)]] void cli_progress(const char *fmt, ...);
/* Asks on the terminal; false without one, and for anything but y or yes. *out_asked (may be NULL) says
 * whether anybody could answer. */
bool cli_confirm(const char *question, bool *out_asked);
const char *cli_variable(const struct cli *c, const char *name); /* environment; NULL when unset or empty */

/*
 * The configuration this command line names: --config, else FAIRLEAD_CONFIG, else /etc/fairlead/fairlead.yaml
 * when it is there; then environment, --set and --data. `client` commands need data.dir only and look at no
 * other file.
 */
void cli_sources(struct cli *c, struct settings_sources *out); /* borrows from argv, environment and `c` */
struct status cli_settings(struct cli *c, bool client, struct settings **out, struct error *err);

/* ---- the server ---- */

/*
 * One call of the native API over the control socket. The JSON text of a 2xx answer lives in cli->arena
 * (empty for 204). Another status becomes an error with the server's words.
 */
struct status cli_call(struct cli *c, enum http_method method, struct text target, struct text body,
                       struct text *out_json, struct error *err);
/* The same for a request with a condition; and for an answer that need not be JSON (`out` was initialised).
 */
struct status cli_request(struct cli *c, const struct exchange_request *request, struct text *out_json,
                          struct error *err);
struct status cli_send(struct cli *c, const struct exchange_request *request, struct exchange_answer *out,
                       struct error *err);
/* Appends "?name=value" or "&name=value", percent-encoded; nothing when value is NULL. */
void cli_query(struct buffer *target, const char *name, const char *value);
/* Appends a path segment, percent-encoded. */
void cli_segment(struct buffer *target, const char *value);

enum column_kind {
    COLUMN_TEXT,
    COLUMN_SHORT, /* what ends in a fingerprint: its first 16 digits; a unique prefix is enough everywhere */
    COLUMN_AGE,   /* a time in the past: "3d 4h" */
    COLUMN_LEFT,  /* a time in the future: "91d 2h", "over" */
    COLUMN_PAIRS, /* an object of scalars: "kind=application reason=..." */
    COLUMN_WORDS, /* an array of scalars: "a b c" */
    COLUMN_CUT,   /* a text, in the last column: on a terminal cut to what is left of the line */
};
struct column {
    const char *title;  /* NULL ends the list */
    const char *member; /* of a row's JSON object */
    enum column_kind kind;
};
struct list_view {
    const char *member;           /* of the answer: "tokens" */
    const char *none;             /* said (on a terminal) when there is nothing; also what to do next */
    const struct column *columns; /* table; csv has the raw values of the same */
    const char *optional[2]; /* titles of columns that a table goes without while no row has them; or NULL */
    const char *cursor;      /* the query parameter that takes "next"; NULL = "after" */
};
/*
 * Follows "next" to the end (or to `most` rows; 0 = all) and prints in the wanted form. JSON is one object
 * with all rows: {"tokens":[...]}. *out_count may be NULL. `target` may have a query already.
 *
 * Memory is bounded: what a page needs is released with it, and what came is written out every few thousand
 * rows. A failure before that prints nothing; after it the output ends where it stopped, and JSON is not
 * complete.
 */
struct status cli_list(struct cli *c, struct text target, const struct list_view *view, size_t most,
                       size_t *out_count, struct error *err);

/* A value as a column of that kind shows it; in `a` or borrowed from `value`. */
struct text cli_cell(enum column_kind kind, struct text value, struct arena *a);
/* {"kind":"application","reason":"lost"} -> kind=application reason=lost */
struct text cli_pairs(struct text object, struct arena *a);
/* ["a","b"] -> a b */
struct text cli_words(struct text array, struct arena *a);

/* "2026-11-21T05:13:44Z" -> seconds. */
bool cli_parse_time(struct text t, int64_t *out);
/* "AB:CD:..." as openssl prints it, or its beginning -> lower-case hex; false when it is no hex. */
#define CLI_FINGERPRINT_MAX 65
bool cli_fingerprint(const char *typed, char out[static CLI_FINGERPRINT_MAX]);
/* Name and value lines that line up, for one thing: {"Subject", text}. Empty values are left out. */
struct fact {
    const char *name;
    struct text value;
};
void cli_facts(struct cli *c, const struct fact *facts, size_t count);
