/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/fetch.h"

#include <poll.h>

#include "base/clock.h"
#include "fetch/answer.h"
#include "fetch/frame.h"
#include "os/files.h"
#include "os/sockets.h"

#define CONNECT_WAIT_MS  2000 /* a fetcher that is being started again; the socket is the supervisor's */
#define CONNECT_PAUSE_MS 20
#define MARGIN_MS        5000 /* after the job's own deadline: waiting for its turn, and the answer's way */

static struct status connect_to(const struct fetch_client *client, int *out_fd, struct error *err)
{
    int64_t until = clock_monotonic_ms() + CONNECT_WAIT_MS;
    for (;;) {
        struct status st = unix_connect(client->path, out_fd);
        if (status_ok(st))
            return st;
        bool may_come = st.code == E_AGAIN || st.code == E_NOT_FOUND || st.code == E_UNAVAILABLE;
        if (!may_come || clock_monotonic_ms() >= until)
            return error_set(err, E_UNAVAILABLE, "the fetcher process cannot be reached: %s",
                             code_text(st.code));
        (void)poll(NULL, 0, CONNECT_PAUSE_MS);
    }
}

/* The request holds passwords: it is wiped, and made in one piece, since growing would leave copies. */
static struct status send_request(int fd, const struct fetch_request *request, int64_t deadline_ms)
{
    struct buffer message;
    buffer_init(&message, FETCH_MESSAGE_MAX);
    (void)buffer_reserve(&message, fetch_request_size(request));
    fetch_request_encode(request, &message);
    struct status st = buffer_status(&message);
    if (status_ok(st))
        st = frame_write(fd, buffer_bytes(&message), deadline_ms);
    buffer_wipe(&message);
    buffer_release(&message);
    return st;
}

/* The answer may hold a token. */
static struct status exchange(int fd, const struct fetch_request *request, int64_t deadline_ms,
                              struct fetch_answer *out)
{
    struct buffer message;
    TRY(send_request(fd, request, deadline_ms));
    buffer_init(&message, FETCH_MESSAGE_MAX);
    struct status st = frame_read(fd, &message, deadline_ms);
    if (status_ok(st))
        st = fetch_answer_decode(buffer_bytes(&message), out);
    buffer_wipe(&message);
    buffer_release(&message);
    return st;
}

struct status fetch_call(const struct fetch_client *client, const struct fetch_request *request,
                         struct fetch_answer *out, struct error *err)
{
    int64_t timeout_ms = request->timeout_ms;
    OWNED(descriptor_release) int fd = -1;
    TRY(connect_to(client, &fd, err));
    int64_t begun = clock_monotonic_ms();
    struct status st = exchange(fd, request, begun + timeout_ms + MARGIN_MS, out);
    if (status_ok(st))
        return st;
    if (st.code == E_NOMEM || st.code == E_TOO_LARGE)
        return error_set(err, st.code, "the message to or from the fetcher: %s", code_text(st.code));
    /* A process that is killed at its deadline says nothing: the broken connection does. */
    if (st.code == E_AGAIN || (st.code == E_UNAVAILABLE && clock_monotonic_ms() - begun >= timeout_ms)) {
        answer_init(out);
        answer_timeout(out, request->timeout_ms);
        return DONE;
    }
    return error_set(err, E_UNAVAILABLE, "the process that does it ended unexpectedly");
}
