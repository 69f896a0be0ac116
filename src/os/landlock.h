/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to os/: the Landlock half of the sandbox, by system call numbers, as glibc has no wrappers. */

#include "os/sandbox.h"

/* From now on only these paths. *out_abi is 0 when the kernel has no Landlock (nothing is restricted then).
 */
struct status landlock_enter(const struct sandbox_path *paths, unsigned count, int *out_abi,
                             struct error *err);
