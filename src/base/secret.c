/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <openssl/crypto.h>

#include "base/alloc.h"

struct status secret_copy(struct secret *out, struct bytes from)
{
    TRY(secret_alloc(out, from.n));
    if (from.n)
        memcpy(out->p, from.p, from.n);
    return DONE;
}

struct status secret_alloc(struct secret *out, size_t n)
{
    uint8_t *p = mem_alloc(n);
    if (!p)
        return STATUS(NOMEM);
    *out = (struct secret){p, n};
    return DONE;
}

void secret_release(struct secret *s)
{
    if (s->p)
        OPENSSL_cleanse(s->p, s->n);
    mem_free(s->p);
    *s = (struct secret){NULL, 0};
}

void secret_wipe(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}
