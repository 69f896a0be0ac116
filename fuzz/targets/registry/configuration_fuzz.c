/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers configuration_read (registry/configuration.h): "type\njson", the two values of a kept secret.
 * Properties: what is refused says why; what is accepted has the method's values, and no header that would
 * cut a request in two.
 */

#include "registry/configuration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_headers(const struct parameter_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        must(l->list[i].name.n > 0 && !text_contains(l->list[i].name, '\n') &&
             !text_contains(l->list[i].name, ':'));
        for (size_t k = 0; k < l->list[i].count; k++)
            must(!text_contains(l->list[i].values[k], '\n') && !text_contains(l->list[i].values[k], '\r'));
    }
}

static void check(const struct configuration *c)
{
    const enum credential_kind kind = credential_kind_of(&c->credentials);
    enum client_authentication how;
    must(credential_has_pair(kind) == (c->chain_pem.n > 0) &&
         credential_has_pair(kind) == (c->key_pem.n > 0));
    must(client_authentication_read(c->credentials.oauth.client_authentication, &how));
    must(kind != CREDENTIAL_OAUTH || c->credentials.oauth.client_secret.n > 0);
    must(c->csrf.given == (c->csrf.token_url.n > 0));
    check_headers(&c->parameters.headers);
    check_headers(&c->credentials.oauth.parameters.headers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(arena_release) struct arena a;
    struct configuration c;
    struct error err = {0};
    struct text rest = {(const char *)data, size};
    const struct text type = text_cut(&rest, '\n');
    arena_init(&a, 4096, 8u << 20);
    const struct status s = configuration_read(type, rest, &a, &c, &err);
    if (status_ok(s))
        check(&c);
    else
        must(s.code == E_NOMEM || s.code == E_TOO_LARGE || (s.code == E_INVALID && err.message[0]));
    return 0;
}
