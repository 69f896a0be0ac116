/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/error.h"
#include "base/status.h"

/*
 * Copies what is left to read in `from` into a new file (mode 0600). The file is complete and synced before
 * it gets its name, and nothing that is there is written over: E_CONFLICT. E_UNAVAILABLE for everything else.
 * Beside it, while it is written: "PATH.partial".
 */
struct status file_copy_new(int from, const char *path, struct error *err);
