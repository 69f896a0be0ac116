/* SPDX-License-Identifier: Apache-2.0 */

/*
 * YAML bytes -> yaml_to_json (config/yaml_json.c, yaml_scalar.c). What comes out is JSON, and JSON goes
 * through unchanged; a refusal says why.
 */

#include "config/yaml_json.h"

#include "base/json_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUTPUT_MAX (1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer out, again;
    struct error err = {.message = ""};
    buffer_init(&out, OUTPUT_MAX);
    buffer_init(&again, OUTPUT_MAX);
    struct status st = yaml_to_json((struct text){(const char *)data, size}, &out, &err);
    must(st.code != E_INVALID || err.message[0]);
    if (status_ok(st)) {
        must(status_ok(json_scan_with(buffer_as_text(&out), OUTPUT_MAX, NULL)));
        must(status_ok(yaml_to_json(buffer_as_text(&out), &again, NULL)));
        must(text_equal(buffer_as_text(&out), buffer_as_text(&again)));
    }
    buffer_release(&out);
    buffer_release(&again);
    return 0;
}
