/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/internal.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "base/clock.h"
#include "os/files.h"
#include "x509/crypto.h"
#include "x509/keys.h"

OWNABLE(X509, X509_free);
OWNABLE(X509_STORE, X509_STORE_free);
OWNABLE(X509_STORE_CTX, X509_STORE_CTX_free);

#define PATH_SIZE_MAX 4096
#define FILE_SIZE_MAX (256 * 1024)

struct path {
    char text[PATH_SIZE_MAX];
};

static struct status as_path(struct text from, struct path *out, struct error *err)
{
    if (!text_to_cstr(from, out->text, sizeof(out->text)))
        return error_set(err, E_INVALID, "the path '%.*s' is too long", TEXT_ARG(from));
    return DONE;
}

static struct status read_certificate(const char *path, struct arena *a, struct certificate_fields *out,
                                      struct error *err)
{
    OWNED(buffer_release) struct buffer pem;
    buffer_init(&pem, FILE_SIZE_MAX);
    TRY(file_read(path, FILE_SIZE_MAX, &pem, err));
    struct status s = certificate_from_pem(buffer_as_text(&pem), a, out, err);
    return status_ok(s) ? s : error_wrap(err, s, "%s", path);
}

static struct status read_key(const char *path, EVP_PKEY **out, struct error *err)
{
    OWNED(secret_release) struct secret pem = {0};
    TRY(file_read_secret(path, FILE_SIZE_MAX, &pem, err));
    struct status s = key_from_pem(secret_bytes(&pem), out, err);
    return status_ok(s) ? s : error_wrap(err, s, "%s", path);
}

/* RFC 5280 4.2.1.9 and 4.2.1.3. Key usage may be absent: 'openssl req -x509' does not write it. */
static struct status check_authority(const char *path, const struct certificate_fields *c, struct error *err)
{
    if (!c->has_basic_constraints || !c->is_ca)
        return error_set(err, E_INVALID, "%s is not a CA certificate (basicConstraints without CA:TRUE)",
                         path);
    if (c->has_key_usage && !(c->key_usage & KEY_USAGE_CERT_SIGN))
        return error_set(err, E_INVALID, "%s may not sign certificates (keyUsage without keyCertSign)", path);
    if (!c->key_is_known)
        return error_set(err, E_INVALID,
                         "%s has a key that is not accepted; use RSA of at least 2048 bits or EC", path);
    return DONE;
}

static struct status check_time(const char *path, const struct certificate_fields *c, int64_t now,
                                struct error *err)
{
    char at[CLOCK_RFC3339_MAX];
    if (now < c->not_before)
        return error_set(err, E_INVALID, "%s is not valid before %s", path,
                         clock_format_rfc3339(c->not_before, at));
    if (now >= c->not_after)
        return error_set(err, E_INVALID, "%s ended at %s", path, clock_format_rfc3339(c->not_after, at));
    return DONE;
}

static struct status check_key_matches(const struct certificate_fields *c, const EVP_PKEY *key,
                                       const struct path *certificate_path, const struct path *key_path,
                                       struct error *err)
{
    OWNED(EVP_PKEY_free) EVP_PKEY *public_key = NULL;
    TRY(key_from_spki(&c->key, &public_key, err));
    if (EVP_PKEY_eq(public_key, key) == 1)
        return DONE;
    ERR_clear_error();
    return error_set(err, E_INVALID, "the key in %s does not belong to the certificate in %s", key_path->text,
                     certificate_path->text);
}

static X509 *decode(struct bytes der)
{
    const uint8_t *p = der.p;
    return d2i_X509(NULL, &p, (long)der.n);
}

/* libcrypto's own path check, once at start: whoever verifies our certificates will build this path. */
static struct status check_issued(struct bytes root_der, struct bytes ca_der, const char *root_path,
                                  struct error *err)
{
    OWNED(X509_free) X509 *root = decode(root_der);
    OWNED(X509_free) X509 *ca = decode(ca_der);
    OWNED(X509_STORE_free) X509_STORE *anchors = X509_STORE_new();
    OWNED(X509_STORE_CTX_free) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (!root || !ca || !anchors || !ctx || X509_STORE_add_cert(anchors, root) != 1 ||
        X509_STORE_CTX_init(ctx, anchors, ca, NULL) != 1)
        return crypto_failed(err, E_INVALID, root_path);
    X509_STORE_CTX_set_time(ctx, 0, (time_t)clock_now_s());
    if (X509_verify_cert(ctx) == 1)
        return DONE;
    int reason = X509_STORE_CTX_get_error(ctx);
    ERR_clear_error();
    return error_set(err, E_INVALID, "the CA certificate does not verify against %s: %s", root_path,
                     X509_verify_cert_error_string(reason));
}

static struct status open_root(const struct ca *ca, struct arena *a, struct text file, struct bytes *root_der,
                               struct error *err)
{
    struct path path;
    struct certificate_fields root;
    TRY(as_path(file, &path, err));
    TRY(read_certificate(path.text, a, &root, err));
    if (bytes_equal(root.der, ca->certificate.der))
        return DONE; /* the CA is its own root: nothing to add */
    TRY(check_authority(path.text, &root, err));
    TRY(check_time(path.text, &root, clock_now_s(), err));
    TRY(check_issued(root.der, ca->certificate.der, path.text, err));
    *root_der = root.der;
    return DONE;
}

struct status ca_open_supplied(struct ca *ca, const struct ca_settings *settings, struct bytes *root_der,
                               struct error *err)
{
    if (settings->key_file.n == 0)
        return error_set(err, E_INVALID, "ca.certificate_file needs ca.key_file");
    struct path certificate_path, key_path;
    TRY(as_path(settings->certificate_file, &certificate_path, err));
    TRY(as_path(settings->key_file, &key_path, err));
    TRY(read_certificate(certificate_path.text, &ca->memory, &ca->certificate, err));
    TRY(check_authority(certificate_path.text, &ca->certificate, err));
    TRY(check_time(certificate_path.text, &ca->certificate, clock_now_s(), err));
    OWNED(EVP_PKEY_free) EVP_PKEY *key = NULL;
    TRY(read_key(key_path.text, &key, err));
    TRY(check_key_matches(&ca->certificate, key, &certificate_path, &key_path, err));
    struct status s = signer_local_open(key, &ca->signer, err);
    if (!status_ok(s))
        return error_wrap(err, s, "%s", key_path.text);
    (void)TAKE(key); /* the signer's now */
    if (settings->root_file.n)
        TRY(open_root(ca, &ca->memory, settings->root_file, root_der, err));
    return DONE;
}
