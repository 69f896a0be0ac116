/* SPDX-License-Identifier: Apache-2.0 */

/*
 * "schema NUL value" -> json_schema_check (registry/json_schema.h), of what json_scan accepts.
 * Properties: a verdict or E_INVALID with words; nothing is fine by a schema that is not supported; the
 * schemas `true` and `{}` allow what `false` does not.
 */

#include "base/json_scan.h"
#include "registry/json_schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text value = {(const char *)data, size};
    const struct text schema = text_cut(&value, '\0');
    struct error err = {0};
    if (size > 65536 || !status_ok(json_scan(schema, NULL)) || !status_ok(json_scan(value, NULL)))
        return 0;
    const struct status s = json_schema_check(schema, value, &err);
    must(status_ok(s) || (s.code == E_INVALID && err.message[0] != '\0'));
    const struct status supported = json_schema_supported(schema, NULL);
    must(status_ok(supported) || (supported.code == E_INVALID && !status_ok(s)));
    must(status_ok(json_schema_check(TEXT("true"), value, NULL)));
    must(status_ok(json_schema_check(TEXT("{}"), value, NULL)));
    must(json_schema_check(TEXT("false"), value, NULL).code == E_INVALID);
    return 0;
}
