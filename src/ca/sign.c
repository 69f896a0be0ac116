/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/internal.h"

struct status ca_sign_certificate(const struct ca_to_sign *in, struct arena *a, struct buffer *out_der,
                                  struct error *err)
{
    OWNED(buffer_release) struct buffer tbs;
    buffer_init(&tbs, CA_CERTIFICATE_SIZE_MAX);
    OWNED(buffer_release) struct buffer signature;
    buffer_init(&signature, CA_CERTIFICATE_SIZE_MAX);
    template_write(in->template, in->fields, &tbs);
    TRY(buffer_status(&tbs));
    TRY(lint_tbs(in->lint, buffer_bytes(&tbs), a, err));
    TRY(signer_sign(in->signer, buffer_bytes(&tbs), &signature, err));
    template_assemble(in->template, buffer_bytes(&tbs), buffer_bytes(&signature), out_der);
    return buffer_status(out_der);
}
