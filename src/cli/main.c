/* SPDX-License-Identifier: Apache-2.0 */

/* The one binary. Its commands are rows of cli/commands.c; a child of the supervisor is the same binary with
 * --child. */

#include <unistd.h>

#include "base/bytes.h"
#include "cli/cli.h"
#include "server/server.h"

int main(int argc, char **argv)
{
    if (argc > 1 && text_equal(text_of(argv[1]), TEXT("--child")))
        return server_child_main(argc, argv);
    /* What people type first, whatever the program. */
    static const char *const help[] = {"help"}, *const version[] = {"version"};
    struct text first = argc > 1 ? text_of(argv[1]) : (struct text){NULL, 0};
    if (argc < 2 || text_equal(first, TEXT("--help")) || text_equal(first, TEXT("-h")))
        return cli_main(1, help, environ);
    if (text_equal(first, TEXT("--version")) || text_equal(first, TEXT("-V")))
        return cli_main(1, version, environ);
    return cli_main(argc - 1, (const char *const *)argv + 1, environ);
}
