/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#if FAIRLEAD_SANITIZED

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void fault_point(const char *name)
{
    const char *directory = getenv("FAULT_POINTS_DIR");
    if (!directory)
        return;
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", directory, name);
    if (n > 0 && (size_t)n < sizeof path && unlink(path) == 0)
        _exit(FAULT_EXIT);
}

#endif
