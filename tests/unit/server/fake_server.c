/* SPDX-License-Identifier: Apache-2.0 */

/* server_fake --child front|core, or server_fake CONFIG-FILE DATA-DIRECTORY [key=value...] */

#include <string.h>

#include "server/server.h"

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--child") == 0)
        return server_child_main(argc, argv);
    if (argc < 3)
        return 2;
    const struct server_options options = {.sources = {.file = argv[1],
                                                       .set = (const char *const *)(argv + 3),
                                                       .set_count = (unsigned)argc - 3,
                                                       .data_dir = argv[2]}};
    return server_run(&options);
}
