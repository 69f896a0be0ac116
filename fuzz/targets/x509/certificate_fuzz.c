/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers certificate_parse, certificate_read_extensions, the texts of x509/certificate.h and lint_tbs
 * (x509/lint.h). Property: a certificate we read OpenSSL reads, with the same serial number, subject and
 * times.
 */

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/clock.h"
#include "x509/certificate.h"
#include "x509/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm tm;
    must(ASN1_TIME_to_tm(time, &tm) == 1);
    return clock_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void check_same(const struct certificate_fields *c)
{
    const uint8_t *p = c->der.p;
    X509 *theirs = d2i_X509(NULL, &p, (long)c->der.n);
    must(theirs && p == c->der.p + c->der.n);
    const unsigned char *name;
    size_t name_size;
    unsigned char *serial = NULL;
    must(X509_NAME_get0_der(X509_get_subject_name(theirs), &name, &name_size) == 1);
    must(bytes_equal(c->subject.der, (struct bytes){name, name_size}));
    must(seconds_of(X509_get0_notBefore(theirs)) == c->not_before &&
         seconds_of(X509_get0_notAfter(theirs)) == c->not_after);
    int serial_size = i2d_ASN1_INTEGER(X509_get0_serialNumber(theirs), &serial);
    must(serial_size > 0 && (size_t)serial_size >= c->serial.n + 2);
    must(memcmp(serial + ((size_t)serial_size - c->serial.n), c->serial.p, c->serial.n) == 0);
    OPENSSL_free(serial);
    X509_free(theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 4 << 20);
    struct certificate_fields c;
    if (!status_ok(certificate_parse((struct bytes){data, size}, &a, &c, NULL)))
        return 0;
    check_same(&c);
    (void)certificate_purposes_text(&c, &a);
    (void)certificate_key_usage_text(&c, &a);
    (void)certificate_serial_text(&c, &a);
    const struct lint_context context = {PROFILE_SERVER,     c.algorithm, c.issuer.der,
                                         c.authority_key_id, INT64_MIN,   INT64_MAX};
    status_ignore(lint_tbs(&context, c.tbs, &a, NULL));
    ERR_clear_error();
    return 0;
}
