/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/request_build.h"

#include "x509/crypto.h"
#include "x509/signature_make.h"

#define REQUEST_MAX 65536

/* CertificationRequestInfo, RFC 2986 4.1: the attributes are there even when there are none. */
static struct status write_info(const struct name *subject, struct bytes spki, struct buffer *out)
{
    size_t info = der_begin(out, DER_SEQUENCE);
    der_put_unsigned(out, 0);
    name_encode(subject, out);
    buffer_append(out, spki);
    der_put(out, DER_CONTEXT_CONSTRUCTED(0), (struct bytes){NULL, 0});
    der_finish(out, info);
    return buffer_status(out);
}

struct status request_build(const struct name *subject, EVP_PKEY *key, struct buffer *out, struct error *err)
{
    OWNED(buffer_release) struct buffer spki, info, signature;
    struct spki parsed;
    buffer_init(&spki, REQUEST_MAX);
    buffer_init(&info, REQUEST_MAX);
    buffer_init(&signature, REQUEST_MAX);
    TRY(key_to_spki(key, &spki, err));
    TRY(spki_parse(buffer_bytes(&spki), &parsed, err));
    TRY(write_info(subject, buffer_bytes(&spki), &info));
    TRY(signature_make(key, parsed.kind, buffer_bytes(&info), &signature, err));
    size_t request = der_begin(out, DER_SEQUENCE);
    buffer_append(out, buffer_bytes(&info));
    signature_algorithm_encode(signature_algorithm_for(parsed.kind), out);
    der_put_bits(out, buffer_bytes(&signature));
    der_finish(out, request);
    return buffer_status(out);
}

void key_free(EVP_PKEY *key)
{
    EVP_PKEY_free(key);
}
