/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/path_name.h"

/* '-' for what is neither letter nor digit. */
static char fold(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}

void service_path_name(struct text name, struct buffer *out)
{
    char folded[PATH_NAME_MAX + 1] = ""; /* one more tells what was cut from what just fits */
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < sizeof folded; i++) {
        const char c = fold(name.p[i]);
        if (c != '-' || n == 0 || folded[n - 1] != '-')
            folded[n++] = c;
    }
    /* With one byte too many, the name's own end does not matter: either it lies behind the cut, or its '-'
     * is that byte. */
    if (n > PATH_NAME_MAX)
        n = PATH_NAME_MAX;
    else if (n > 0 && folded[n - 1] == '-')
        n--;
    const size_t start = n > 0 && folded[0] == '-';
    buffer_text(out, (struct text){folded + start, n - start});
}
