/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/certificate.h"

/* The parts of a certificate in words. */

#define TEXT_SIZE_MAX (16 * 1024)

static void append_item(struct buffer *out, const char *item)
{
    if (buffer_size(out))
        buffer_cstr(out, ", ");
    buffer_cstr(out, item);
}

static struct text keep(struct buffer *out, struct arena *a)
{
    struct text t =
        status_ok(buffer_status(out)) ? arena_text(a, buffer_as_text(out)) : (struct text){NULL, 0};
    buffer_release(out);
    return t;
}

struct text certificate_key_usage_text(const struct certificate_fields *c, struct arena *a)
{
    static const char *const names[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                        "dataEncipherment", "keyAgreement",   "keyCertSign",
                                        "cRLSign",          "encipherOnly",   "decipherOnly"};
    struct buffer out;
    buffer_init(&out, TEXT_SIZE_MAX);
    for (unsigned bit = 0; bit < sizeof(names) / sizeof(names[0]); bit++) {
        if (c->key_usage & (1u << bit))
            append_item(&out, names[bit]);
    }
    return keep(&out, a);
}

struct text certificate_purposes_text(const struct certificate_fields *c, struct arena *a)
{
    struct buffer out;
    buffer_init(&out, TEXT_SIZE_MAX);
    for (size_t i = 0; i < c->purpose_count; i++) {
        char dotted[OID_TEXT_MAX];
        enum oid known = oid_find(c->purposes[i]);
        append_item(&out, known == OID_UNKNOWN ? oid_format(c->purposes[i], dotted) : oid_name(known));
    }
    return keep(&out, a);
}

struct text certificate_serial_text(const struct certificate_fields *c, struct arena *a)
{
    struct buffer out;
    buffer_init(&out, TEXT_SIZE_MAX);
    for (size_t i = 0; i < c->serial.n; i++)
        buffer_printf(&out, i ? ":%02x" : "%02x", c->serial.p[i]);
    return keep(&out, a);
}
