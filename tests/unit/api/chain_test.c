/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ask.h"
#include "base/encoding.h"
#include "check.h"
#include "x509/pem.h"

/* A supplied signing CA with RSA key under an EC root: who stands where in the answers (contract 5.4, and its
 * deliberate difference). */

static char directory[] = "/tmp/fairlead-chain-XXXXXX";

static const char *path_of(const char *name)
{
    static char paths[4][96];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static X509 *authority(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
    X509 *cert = X509_new();
    X509V3_CTX ctx;
    must(cert && X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), 7));
    must(X509_gmtime_adj(X509_getm_notBefore(cert), -3600) &&
         X509_gmtime_adj(X509_getm_notAfter(cert), 400L * 24 * 3600));
    must(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                                    (const unsigned char *)name, -1, -1, 0));
    must(X509_set_issuer_name(cert, X509_get_subject_name(issuer ? issuer : cert)) &&
         X509_set_pubkey(cert, key));
    X509V3_set_ctx(&ctx, issuer ? issuer : cert, cert, NULL, NULL, 0);
    static const struct field extensions[] = {{"basicConstraints", "critical,CA:TRUE"},
                                              {"keyUsage", "critical,keyCertSign,cRLSign"},
                                              {"subjectKeyIdentifier", "hash"}};
    for (size_t i = 0; i < 3; i++) {
        X509_EXTENSION *e = X509V3_EXT_conf(NULL, &ctx, extensions[i].name, extensions[i].value);
        must(e && X509_add_ext(cert, e, -1));
        X509_EXTENSION_free(e);
    }
    must(X509_sign(cert, issuer_key ? issuer_key : key, EVP_sha256()));
    return cert;
}

static void write_certificate(const char *name, X509 *cert)
{
    FILE *f = fopen(path_of(name), "w");
    must(f && PEM_write_X509(f, cert) && fclose(f) == 0);
}

static void write_key(const char *name, EVP_PKEY *key)
{
    const int fd = open(path_of(name), O_WRONLY | O_CREAT | O_EXCL, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    must(f && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) && fclose(f) == 0);
}

static struct world *world_under_a_root(void)
{
    EVP_PKEY *root_key = test_key("ec:P-384");
    EVP_PKEY *ca_key = test_key("rsa:2048");
    X509 *root = authority("Root", root_key, NULL, NULL);
    X509 *ca = authority("Signing CA", ca_key, root, root_key);
    write_certificate("root.crt", root);
    write_certificate("ca.crt", ca);
    write_key("ca.key", ca_key);
    X509_free(root);
    X509_free(ca);
    char set[3][160];
    snprintf(set[0], sizeof set[0], "ca.certificate_file=%s", path_of("ca.crt"));
    snprintf(set[1], sizeof set[1], "ca.key_file=%s", path_of("ca.key"));
    snprintf(set[2], sizeof set[2], "ca.root_file=%s", path_of("root.crt"));
    return world_open((const char *const[]){set[0], set[1], set[2], NULL});
}

/* "leaf CA root" for what the member holds, by the names in the certificates. */
static struct text order(struct world *w, struct text body, const char *member)
{
    struct buffer pem;
    struct buffer der;
    struct buffer names;
    buffer_init(&pem, 1 << 20);
    buffer_init(&der, 1 << 20);
    buffer_init(&names, 1 << 10);
    assert_ok(base64_decode(&pem, answer_member(w, body, member)));
    struct text rest = buffer_as_text(&pem);
    struct text label;
    while (status_ok(pem_next(&rest, &label, &der, NULL))) {
        const unsigned char *p = buffer_bytes(&der).p;
        X509 *cert = d2i_X509(NULL, &p, (long)buffer_size(&der));
        char name[128] = "";
        must(cert &&
             X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof name) > 0);
        buffer_printf(&names, "[%s]", name);
        X509_free(cert);
    }
    const struct text out = arena_text(&w->arena, buffer_as_text(&names));
    buffer_release(&pem);
    buffer_release(&der);
    buffer_release(&names);
    return out;
}

static void orders_leaf_signing_ca_and_root(void **state)
{
    (void)state;
    must(mkdtemp(directory));
    struct world *w = world_under_a_root();
    const struct connector_holder h = world_application("app");
    const struct text token = world_token(w, &h);
    const struct text csr = world_csr(w, NULL);
    const struct ask in = {
        .method = HTTP_POST,
        .target = arena_cstr(
            &w->arena, arena_printf(&w->arena, "/v1/applications/certificates?token=%.*s", TEXT_ARG(token))),
        .listener = ON_CONNECTOR,
        .body = arena_printf(&w->arena, "{\"csr\":\"%.*s\"}", TEXT_ARG(csr))};
    const struct answer got = ask(w, &in);
    assert_int_equal(got.status, 201);
    assert_text(order(w, got.body, "crt"), "[app][Signing CA][Root]");
    assert_text(order(w, got.body, "clientCrt"), "[app]");
    assert_text(order(w, got.body, "caCrt"), "[Signing CA][Root]");
    world_close(w);
    unlink(path_of("root.crt"));
    unlink(path_of("ca.crt"));
    unlink(path_of("ca.key"));
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_leaf_signing_ca_and_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
