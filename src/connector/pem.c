/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/connector.h"

#include "base/encoding.h"
#include "ca/ca.h"

/* RFC 7468 section 2: lines of 64 characters, that is 48 bytes. */
#define PEM_LINE_BYTES 48

void connector_der_pem(struct bytes der, struct buffer *out)
{
    buffer_text(out, TEXT("-----BEGIN CERTIFICATE-----\n"));
    for (size_t at = 0; at < der.n; at += PEM_LINE_BYTES) {
        const size_t left = der.n - at;
        base64_encode(out, (struct bytes){der.p + at, left < PEM_LINE_BYTES ? left : PEM_LINE_BYTES});
        buffer_byte(out, '\n');
    }
    buffer_text(out, TEXT("-----END CERTIFICATE-----\n"));
}

void connector_leaf_pem(const struct connector_issued *issued, struct buffer *out)
{
    connector_der_pem(issued->der, out);
}
