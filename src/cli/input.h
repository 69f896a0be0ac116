/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a person describes in a file, or types into a pipe, on its way to the server. One thread; blocks. */

#include "cli/cli.h"

/* A buffer that held a secret: wiped, then released. */
void input_release(struct buffer *b);
OWNABLE_VALUE(struct buffer, input_release);

enum input_kind {
    INPUT_DESCRIPTION, /* any readable file */
    INPUT_SECRET,      /* of ours alone (os/files.h, file_read_key); standard input is taken as it is */
};

/*
 * Reads `path` ("-" is standard input) as JSON or YAML into `out`, which was not initialised. JSON is left
 * as it was typed, so that what the server says about it names the person's own line; YAML becomes JSON.
 * Names that end in .json, .yaml and .yml say what it is, otherwise text that begins with '{' is JSON.
 *
 * `err` is not NULL. E_INVALID with "FILE:LINE:COLUMN: " for YAML; for files what os/files.h says;
 * E_TOO_LARGE over LIMIT_BODY_SERVICE.
 */
struct status input_read(const char *path, enum input_kind kind, struct buffer *out, struct error *err);
/* The file (or "-") as it is; for PEM. */
struct status input_read_raw(const char *path, enum input_kind kind, struct buffer *out, struct error *err);
/* How messages name the file: "standard input" for "-". */
const char *input_name(const char *path);

/*
 * A JSON object of texts from words "name=value", as --label takes them; appended to `out` behind what
 * `before` (an object of texts, or empty) holds and `words` and `removed` do not name. E_INVALID, as wrong
 * usage, for a word without '=' or a name.
 */
struct input_labels {
    const char *const *words;
    unsigned count;
    const char *const *removed;
    unsigned removed_count;
};
struct status input_put_labels(struct cli *c, const struct input_labels *in, struct text before,
                               struct buffer *out, struct error *err);
