/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers csr_parse, csr_verify (x509/csr.h), spki_parse, signature_algorithm_parse, signature_verify.
 * Property: whatever we accept OpenSSL accepts, with the same subject, the same key and the same verdict on
 * the signature.
 */

#include "csr_differential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 20);
    struct bytes der = {data, size};
    struct csr csr;
    struct error err;
    struct status s = csr_parse(der, &a, &csr, &err);
    if (!status_ok(s)) {
        must(s.code == E_INVALID && err.message[0] != '\0');
        return 0;
    }
    char name[16];
    must(csr_key_name(&csr, name)[0] != '\0' && name_format(&csr.subject, &a).n >= csr.subject.count);
    const char *difference = csr_difference(der, &csr);
    must(difference == NULL);
    return 0;
}
