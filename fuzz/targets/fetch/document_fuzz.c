/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes -> document_check (fetch/document.c, xml.c; config/yaml_json.c). The first byte chooses the claim.
 * Every refusal has a reason of one line of UTF-8, nothing with a DOCTYPE is accepted as XML, and what is
 * accepted under a claim is accepted without one.
 */

#include "base/status.h"
#include "fetch/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool check(struct bytes document, const char *claim, enum fetch_format *out_format)
{
    char reason[400] = "";
    enum fetch_format format = FETCH_FORMAT_END;
    enum fetch_outcome outcome = document_check(document, text_of(claim), &format, reason, sizeof reason);
    if (outcome == FETCH_FINE) {
        must(format < FETCH_FORMAT_END);
        *out_format = format;
        return true;
    }
    must(outcome == FETCH_WRONG_TYPE || outcome == FETCH_TOO_LARGE);
    struct text t = text_of(reason);
    must(t.n > 0 && !text_contains(t, '\n') && !text_contains(t, '\r'));
    return false;
}

static bool has(struct bytes document, struct text what)
{
    for (size_t i = 0; i + what.n <= document.n; i++) {
        if (text_starts_with((struct text){(const char *)document.p + i, document.n - i}, what))
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const claims[] = {"", "odata", "openapi", "asyncapi"};
    if (size == 0)
        return 0;
    const struct bytes document = {data + 1, size - 1};
    enum fetch_format claimed = FETCH_FORMAT_END, plain = FETCH_FORMAT_END;
    bool fine = check(document, claims[data[0] % 4], &claimed);
    bool any = check(document, "", &plain);
    must(!fine || (any && claimed == plain));
    /* In UTF-16 the bytes of these words mean something else. */
    bool wide = size > 2 && (data[1] == 0xff || data[1] == 0xfe);
    bool quoting =
        has(document, TEXT("<!--")) || has(document, TEXT("<![CDATA[")) || has(document, TEXT("<?"));
    if (any && plain == FETCH_FORMAT_XML && !wide && !quoting)
        must(!has(document, TEXT("<!DOCTYPE")));
    return 0;
}
