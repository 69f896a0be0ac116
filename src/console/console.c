/* SPDX-License-Identifier: Apache-2.0 */
#include "console/console.h"

const struct console_asset *console_find(struct text path)
{
    for (size_t i = 0; i < console_asset_count; i++)
        if (text_equal(path, console_assets[i].path))
            return &console_assets[i];
    return NULL;
}
