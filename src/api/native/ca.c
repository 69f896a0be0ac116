/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "base/encoding.h"
#include "ca/ca.h"

struct status native_ca_show(struct call *c)
{
    const struct ca *ca = c->domain->ca;
    char hex[2 * SHA256_SIZE + 1];
    OWNED(buffer_release) struct buffer chain;
    buffer_init(&chain, LIMIT_BODY_JSON);
    connector_ca_pem(c->domain->connector, &chain);
    TRY(buffer_status(&chain));

    struct json_out j;
    reply_json(c, 200);
    json_out_init(&j, &c->reply.body);
    json_open_object(&j, NULL);
    json_text(&j, "subject", ca_subject(ca));
    json_text(&j, "keyAlgorithm", ca_key_algorithm(ca));
    hex_encode(hex, (struct bytes){ca_fingerprint(ca), SHA256_SIZE});
    json_cstr(&j, "fingerprint", hex);
    json_time(&j, "notBefore", ca_not_before(ca));
    json_time(&j, "notAfter", ca_not_after(ca));
    json_text(&j, "pem", ca_certificate_pem(ca));
    json_text(&j, "rootPem", ca_root_pem(ca));
    json_text(&j, "chainPem", buffer_as_text(&chain));
    hex_encode(hex, (struct bytes){ca_root_fingerprint(ca), SHA256_SIZE});
    json_cstr(&j, "rootFingerprint", hex);
    json_end(&j);
    return DONE;
}
