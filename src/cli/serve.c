/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "server/server.h"

struct status command_serve(struct cli *c, struct error *err)
{
    (void)err; /* the server says itself what is wrong: it may run for months before that */
    struct server_options options;
    cli_sources(c, &options.sources);
    c->exit_status = server_run(&options);
    return DONE;
}
