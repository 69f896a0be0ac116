/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which files the core needs, from its settings: what Landlock lets it see. */

#include "base/own.h"
#include "config/settings.h"
#include "os/sandbox.h"

#define SANDBOX_PATHS_MAX 64

struct sandbox_paths {
    struct sandbox_path list[SANDBOX_PATHS_MAX];
    unsigned count;
    char *owned[SANDBOX_PATHS_MAX];
};

/* Makes the directory of the vault's key if it is missing, as a rule needs something to name. */
struct status sandbox_paths_for_core(const struct settings *settings, struct sandbox_paths *out,
                                     struct error *err);
/* A running core cannot be shown more: E_CONFLICT naming the first directory that `wanted` needs and
 * `running` did not. */
struct status sandbox_paths_check_reload(const struct settings *running, const struct settings *wanted,
                                         struct error *err);
void sandbox_paths_release(struct sandbox_paths *p);
OWNABLE_VALUE(struct sandbox_paths, sandbox_paths_release);
