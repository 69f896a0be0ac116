/* SPDX-License-Identifier: Apache-2.0 */

/*
 * YAML bytes -> settings_load_text (config/yaml.c, value.c, check.c, load.c). Whatever is accepted survives
 * settings_encode -> settings_decode -> settings_encode unchanged, and settings_show gives YAML that is
 * accepted again.
 */

#include "base/buffer.h"
#include "config/reference.h"
#include "config/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUTPUT_MAX (1024 * 1024)

static void check_round_trip(const struct settings *s)
{
    struct buffer first, second;
    buffer_init(&first, OUTPUT_MAX);
    buffer_init(&second, OUTPUT_MAX);
    struct settings *back = NULL;
    must(status_ok(settings_encode(s, &first)));
    must(status_ok(settings_decode(buffer_as_text(&first), &back, NULL)));
    must(status_ok(settings_encode(back, &second)));
    must(text_equal(buffer_as_text(&first), buffer_as_text(&second)));
    settings_free(back);

    buffer_clear(&first);
    settings_show(s, &first);
    must(status_ok(settings_load_text(buffer_as_text(&first), "shown", &back, NULL)));
    settings_free(back);
    buffer_release(&first);
    buffer_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings *s = NULL;
    struct error err = {.code = E_OK};
    struct status status = settings_load_text((struct text){(const char *)data, size}, "fuzz.yaml", &s, &err);
    must(status_ok(status) == (s != NULL));
    must(status_ok(status) || status.code == E_NOMEM || err.message[0]);
    if (s)
        check_round_trip(s);
    settings_free(s);
    return 0;
}
