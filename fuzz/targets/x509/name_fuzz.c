/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers name_parse, name_from_text, name_encode, name_format (x509/name.h).
 * Properties: a name we read OpenSSL reads; what name_encode writes is read again by both, and writing it
 * again changes nothing.
 */

#include <openssl/err.h>
#include <openssl/x509.h>

#include "x509/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_openssl_reads(struct bytes der)
{
    const uint8_t *p = der.p;
    X509_NAME *theirs = d2i_X509_NAME(NULL, &p, (long)der.n);
    must(theirs && p == der.p + der.n);
    X509_NAME_free(theirs);
}

static void check_encoding(const struct name *n, struct arena *a)
{
    OWNED(buffer_release) struct buffer der, again;
    buffer_init(&der, 1 << 20);
    buffer_init(&again, 1 << 20);
    name_encode(n, &der);
    must(status_ok(buffer_status(&der)));
    struct name back;
    must(status_ok(name_parse(buffer_bytes(&der), a, &back, NULL)));
    check_openssl_reads(buffer_bytes(&der));
    name_encode(&back, &again);
    must(bytes_equal(buffer_bytes(&der), buffer_bytes(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 4 << 20);
    struct bytes in = {data, size};
    struct name n;
    if (status_ok(name_parse(in, &a, &n, NULL))) {
        check_openssl_reads(in);
        check_encoding(&n, &a);
        must(name_format(&n, &a).p || n.count == 0);
    }
    if (status_ok(name_from_text(bytes_text(in), &a, &n, NULL)))
        check_encoding(&n, &a);
    ERR_clear_error();
    return 0;
}
