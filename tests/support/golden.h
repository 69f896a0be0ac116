/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Golden files: text that a reviewer should see change. assert_golden() compares with the file (path from the
 * source root; the test's meson.build defines SOURCE_ROOT). With FAIRLEAD_RENEW_GOLDEN=1 in the environment
 * it writes the file instead.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "check.h"

static inline void golden_write(const char *path, struct text text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    assert_int_equal(fclose(f), 0);
}

static inline void assert_golden(const char *path, struct text actual)
{
    char full[4096];
    snprintf(full, sizeof full, "%s/%s", SOURCE_ROOT, path);
    if (getenv("FAIRLEAD_RENEW_GOLDEN")) {
        golden_write(full, actual);
        return;
    }
    struct buffer expected;
    buffer_init(&expected, 4 * 1024 * 1024);
    FILE *f = fopen(full, "r");
    if (!f)
        fail_msg("%s is missing: run this test with FAIRLEAD_RENEW_GOLDEN=1", path);
    for (;;) {
        uint8_t *room = buffer_reserve(&expected, 4096);
        assert_non_null(room);
        size_t n = fread(room, 1, 4096, f);
        buffer_commit(&expected, n);
        if (n == 0)
            break;
    }
    fclose(f);
    bool same = text_equal(actual, buffer_as_text(&expected));
    buffer_release(&expected);
    if (!same) {
        char made[4128];
        snprintf(made, sizeof made, "/tmp/golden-%d.txt", getpid());
        golden_write(made, actual);
        fail_msg("%s differs from %s: if that is intended, run this test with FAIRLEAD_RENEW_GOLDEN=1", made,
                 path);
    }
}
