/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/fetcher.h"

#include <poll.h>

/* Stands in for fetch/ in builds without it: keeps the supervisor's protocol and accepts no job. */
int fetcher_main(const struct child_channels *ch)
{
    status_ignore(child_send(ch->control_fd, CHILD_READY, NULL, -1));
    for (;;) {
        struct pollfd p = {.fd = ch->control_fd, .events = POLLIN};
        struct child_message m;
        (void)poll(&p, 1, -1);
        struct status st = child_receive(ch->control_fd, &m);
        if (st.code == E_UNAVAILABLE || (status_ok(st) && m.word == CHILD_STOP))
            return 0;
        if (status_ok(st) && m.word == CHILD_RELOAD)
            status_ignore(child_send(ch->control_fd, CHILD_RELOAD_OK, NULL, -1));
    }
}
