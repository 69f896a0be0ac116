/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to event/: the libuv loop behind a struct loop. */

#include <uv.h>

#include "event/loop.h"

struct loop {
    uv_loop_t uv;
    uv_async_t alive; /* keeps uv_run from returning before loop_stop when nothing else is active */
};
