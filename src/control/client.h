/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The client's end of the control socket, {data}/run/control.sock: plain HTTP/1.1 with the native API,
 * answered by the core to the same user and root (peer credentials). Blocking; one connection per call. Any
 * thread.
 */

#include "control/exchange.h"

#define CONTROL_ANSWER_MAX  (16 * 1024 * 1024)
#define CONTROL_TIMEOUT_MS  (10 * 60 * 1000) /* a backup of a large store */
#define CONTROL_SOCKET_NAME "run/control.sock"

/*
 * `target` is path and query; `body` JSON or {NULL, 0}. E_UNAVAILABLE "fairlead is not running in DIR: start
 * it with `fairlead serve --data DIR`", E_DENIED for another user's server. Any HTTP status is a success
 * here. `out` was initialised with exchange_answer_init.
 */
struct status control_call(const char *data_dir, enum http_method method, struct text target,
                           struct text body, struct exchange_answer *out, struct error *err);
/* The same for a request with more than that; its authority is not looked at. */
struct status control_send(const char *data_dir, const struct exchange_request *request,
                           struct exchange_answer *out, struct error *err);
