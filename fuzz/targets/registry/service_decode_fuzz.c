/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers service_decode, service_validate, details_write, details_read, labels_write, labels_read and the
 * put_ functions (registry/decode.h, validate.h, details.h).
 * Properties: a refusal has words on one line; what is accepted is written to a row and its secrets and comes
 * back equal; what answers show is JSON, and read again it is the same.
 */

#include "base/json_scan.h"
#include "base/limits.h"
#include "base/own.h"
#include "registry/decode.h"
#include "registry/details.h"
#include "registry/secret_data.h"
#include "registry/validate.h"

#define LARGEST (64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(const struct service_details *d, struct buffer *out)
{
    struct json_out j;
    buffer_init(out, 16 * (size_t)LARGEST);
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    json_text(&j, "name", d->name);
    json_text(&j, "provider", d->provider);
    json_text(&j, "description", d->description);
    put_labels(&j, "labels", d->labels, d->label_count);
    json_open_object(&j, "api");
    json_text(&j, "targetUrl", d->api.target_url);
    put_credentials(&j, "credentials", &d->api.credentials);
    json_text(&j, "specificationUrl", d->api.specification_url);
    json_text(&j, "apiType", d->api.api_type);
    put_request_parameters(&j, "requestParameters", &d->api.parameters);
    json_end(&j);
    put_documentation(&j, "documentation", &d->documentation);
    json_end(&j);
    must(status_ok(buffer_status(out)));
    must(status_ok(json_scan(buffer_as_text(out), NULL)));
}

static void check_shown_again(const struct service_details *d, struct arena *a)
{
    OWNED(buffer_release) struct buffer shown;
    OWNED(buffer_release) struct buffer again;
    struct service_details read;
    show(d, &shown);
    must(status_ok(service_decode(buffer_as_text(&shown), DECODE_STRICT, a, &read, NULL)));
    show(&read, &again);
    must(text_equal(buffer_as_text(&shown), buffer_as_text(&again)));
}

/* Nothing when the service has no such secret. */
static const struct secret_data *made(struct status s, const struct secret_data *data)
{
    must(status_ok(s) || s.code == E_NOT_FOUND);
    return status_ok(s) ? data : NULL;
}

static void check_kept(const struct service_details *d, struct arena *a)
{
    OWNED(buffer_release) struct buffer labels;
    OWNED(buffer_release) struct buffer details;
    OWNED(secret_data_release) struct secret_data credentials = {0};
    OWNED(secret_data_release) struct secret_data parameters = {0};
    struct service_details read = {0};
    buffer_init(&labels, 16 * (size_t)LARGEST);
    buffer_init(&details, 16 * (size_t)LARGEST);
    const struct secret_data *c =
        made(secret_data_of_credentials(&d->api.credentials, &credentials), &credentials);
    const struct secret_data *p = made(secret_data_of_parameters(&d->api, &parameters), &parameters);
    must(status_ok(labels_write(d->labels, d->label_count, &labels)));
    must(status_ok(details_write(d, NULL, &details)));
    const struct service row = {
        .name = d->name,
        .provider = d->provider,
        .description = d->description,
        .labels = buffer_as_text(&labels),
        .target_url = d->api.target_url,
        .credential_kind = (int)credential_kind_of(&d->api.credentials),
        .details = buffer_as_text(&details),
    };
    must(status_ok(details_read(&row, c, p, a, &read)));
    read.documentation = d->documentation; /* kept as a specification */
    OWNED(buffer_release) struct buffer before;
    OWNED(buffer_release) struct buffer after;
    show(d, &before);
    show(&read, &after);
    must(text_equal(buffer_as_text(&before), buffer_as_text(&after)));
}

static void check(struct text body, unsigned flags)
{
    OWNED(arena_release) struct arena a;
    struct service_details d;
    struct error err = {.message = ""};
    struct text message = {NULL, 0};
    arena_init(&a, 4096, 16 * (size_t)LIMIT_REQUEST_ARENA);
    const struct status s = service_decode(body, flags, &a, &d, &err);
    if (!status_ok(s)) {
        must(s.code == E_INVALID && err.message[0] != '\0' && !strchr(err.message, '\n'));
        must(text_is_utf8(text_of(err.message)) || !text_is_utf8(body));
        return;
    }
    const struct status v = service_validate(&d, &a, &message);
    must(status_ok(v) || (v.code == E_INVALID && message.n > 0 && text_is_utf8(message)));
    if (!status_ok(v))
        return;
    check_kept(&d, &a);
    service_mask(&d);
    check_shown_again(&d, &a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > LARGEST)
        return 0;
    check((struct text){(const char *)data + 1, size - 1}, data[0] & (DECODE_STRICT | DECODE_TEXT_SPECS));
    return 0;
}
