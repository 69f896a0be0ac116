/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers registry_url_is_valid (registry/validate.h).
 * Properties: what is accepted has 4 bytes to 2082 characters, none of them white space or a control
 * character, and stays accepted with a query behind it; nothing changes when it is asked twice.
 */

#include "registry/validate.h"

#include "base/buffer.h"
#include "base/own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_accepted(struct text url)
{
    OWNED(buffer_release) struct buffer longer;
    buffer_init(&longer, 4096);
    must(url.n > 3 && url.n < 4 * 2083 && text_is_utf8(url));
    for (size_t i = 0; i < url.n; i++)
        must((uint8_t)url.p[i] > 0x20 && url.p[i] != 0x7f);
    if (url.n > 2000 || text_contains(url, '@')) /* behind which anything may be the host */
        return;
    buffer_text(&longer, url);
    buffer_text(&longer,
                text_find(url, '?') < url.n || text_find(url, '#') < url.n ? TEXT("x") : TEXT("?x=%41"));
    must(registry_url_is_valid(buffer_as_text(&longer)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text url = {(const char *)data, size};
    const bool valid = registry_url_is_valid(url);
    must(registry_url_is_valid(url) == valid);
    if (valid)
        check_accepted(url);
    return 0;
}
