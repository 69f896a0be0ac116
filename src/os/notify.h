/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The service manager's protocol, sd_notify(3), without its library. Nothing happens when NOTIFY_SOCKET is
 * not set. One thread. */

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

void notify_ready(const char *status_line); /* READY=1 and what `systemctl status` shows */
void notify_reloading(void);                /* RELOADING=1; notify_ready ends it */
void notify_stopping(const char *status_line);
void notify_status(const char *status_line);
void notify_watchdog(void);
/* Half of WATCHDOG_USEC in milliseconds, the interval sd_watchdog_enabled(3) recommends; 0 when nobody
 * watches us. */
int64_t notify_watchdog_interval_ms(void);
/* The text alone, for tests: E_NOT_FOUND without a socket, E_UNAVAILABLE. */
struct status notify_send(const char *state);
