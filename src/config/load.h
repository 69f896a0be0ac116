/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where values come from while a configuration is put together. Private to config/. */

#include "config/schema.h"

struct settings *settings_new(
    void); /* every text of a listener without rows is ""; other texts are still NULL. NULL = no memory */

#define CONFIG_FILE_MAX (1024 * 1024) /* bytes of YAML; a file with every key is 4 KiB */

enum source { SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_OPTION, SOURCE_DATA_OPTION };

struct origin {
    enum source source;
    size_t line; /* SOURCE_FILE, from 1 */
};

#define SETTINGS_SCHEMA_MAX 192

struct loader {
    struct settings *settings;
    const char *file;                           /* for messages */
    struct origin origins[SETTINGS_SCHEMA_MAX]; /* by row */
};

/* "fairlead.yaml:12: token.length", "environment FAIRLEAD_TOKEN_LENGTH", "--set token.length"; returns out.
 */
#define PLACE_MAX 320
const char *loader_place(const struct loader *l, const struct setting *row, char out[static PLACE_MAX]);
/* Puts the row's place in front of the message and returns the status. */
struct status loader_refuse(const struct loader *l, const struct setting *row, struct status cause,
                            struct error *err);
/* Sets the row's value and origin; on failure the message holds the new place. */
struct status loader_set(struct loader *l, const struct setting *row, struct origin origin, struct text value,
                         struct error *err);
/* "unknown key (did you mean x?)" for a key or section, without the place. */
struct status loader_unknown(struct text key, struct error *err);

/* YAML into the loader. */
struct status yaml_read(struct loader *l, struct text yaml, struct error *err);
/* FAIRLEAD_A_B. */
struct status environment_read(struct loader *l, char *const *environment, struct error *err);

/* The file's text, owned by *out; E_INVALID when it cannot be read. */
struct buffer;
struct status config_file_read(const char *path, struct buffer *out, struct error *err);
/* Relative paths become absolute; an unset data.dir gets its default for this user. */
struct status paths_resolve(struct loader *l, const struct settings_sources *from, struct error *err);
/* Readable files, private key files, ownership (DESIGN 5). */
struct status files_check(const struct loader *l, struct error *err);
