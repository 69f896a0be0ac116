/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"

#include "check.h"
#include "pki.h"

static char directory[] = "/tmp/fairlead-connection-XXXXXX";

struct fixture {
    struct pki *pki;
    struct arena arena;
    struct connection_info info;
};

static int start(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    if (!mkdtemp(directory))
        return -1;
    f->pki = pki_new("ec:P-256");
    arena_init(&f->arena, 65536, 1 << 24);
    f->info = (struct connection_info){.kind = TEXT("application"),
                                       .subject = TEXT("O=x,CN=shop"),
                                       .key_algorithm = TEXT("ec:P-256"),
                                       .info_url = TEXT("https://h/v1/applications/management/info"),
                                       .ca_fingerprint = TEXT("")};
    *state = f;
    return 0;
}

static const char *path(const char *name)
{
    static char out[128];
    snprintf(out, sizeof out, "%s/%s", directory, name);
    return out;
}

static int stop(void **state)
{
    static const char *const names[] = {"client.key", "client.key.next", "client.crt",
                                        "chain.crt",  "ca.crt",          "connection.json"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(path(names[i]));
    rmdir(directory);
    snprintf(directory, sizeof directory, "/tmp/fairlead-connection-XXXXXX");
    pki_free(f->pki);
    arena_release(&f->arena);
    mem_free(f);
    return 0;
}

/* What enrol_check would have made of this certificate. */
static void answer_for(struct fixture *f, const struct pki_identity *identity, struct enrol_answer *out)
{
    *out =
        (struct enrol_answer){.count = 1, .leaf_pem = identity->chain_pem, .chain_pem = identity->chain_pem};
    out->ca_pem = pki_ca_pem(f->pki);
    assert_ok(certificate_parse(identity->der, &f->arena, &out->chain[0], NULL));
}

static void write_key(const struct pki_identity *identity, bool next)
{
    OWNED(key_free) EVP_PKEY *key = NULL;
    assert_ok(key_from_pem(text_bytes(identity->key_pem), &key, NULL));
    assert_ok(connection_write_key(directory, key, next, NULL));
}

static struct status open_again(struct fixture *f, struct error *err)
{
    OWNED(connection_files_release) struct connection_files files = {.leaf_pem = {NULL, 0}};
    return connection_open(directory, &f->arena, &files, err);
}

static void connect_first(struct fixture *f, const struct pki_identity *identity)
{
    struct enrol_answer answer;
    answer_for(f, identity, &answer);
    write_key(identity, false);
    assert_ok(connection_write(directory, &f->info, &answer, false, NULL));
}

static void refuses_to_write_over_a_connection(void **state)
{
    struct fixture *f = *state;
    bool made;
    assert_ok(connection_prepare(directory, &made, NULL));
    assert_false(made);
    connect_first(f, pki_client(f->pki, PKI_GOOD, "shop"));
    assert_status(connection_prepare(directory, &made, NULL), E_CONFLICT);
}

static void what_was_saved_of_a_connector_is_found_again(void **state)
{
    struct fixture *f = *state;
    f->info.kind = TEXT("compass");
    f->info.connector_url = TEXT("https://g/connector/graphql");
    f->info.director_url = TEXT("https://g/director/graphql");
    connect_first(f, pki_client(f->pki, PKI_GOOD, "shop"));
    OWNED(connection_files_release) struct connection_files files = {.leaf_pem = {NULL, 0}};
    assert_ok(connection_open(directory, &f->arena, &files, NULL));
    assert_text(files.info.kind, "compass");
    assert_text(files.info.connector_url, "https://g/connector/graphql");
    assert_text(files.info.director_url, "https://g/director/graphql");
}

static void the_key_is_private_and_must_stay_so(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    connect_first(f, pki_client(f->pki, PKI_GOOD, "shop"));
    assert_int_equal(stat(path("client.key"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_ok(open_again(f, NULL));
    assert_int_equal(chmod(path("client.key"), 0644), 0);
    assert_status(open_again(f, NULL), E_DENIED);
}

static void refuses_a_key_of_another_certificate(void **state)
{
    struct fixture *f = *state;
    struct error err = {.code = E_OK};
    connect_first(f, pki_client(f->pki, PKI_GOOD, "shop"));
    write_key(pki_client(f->pki, PKI_GOOD, "shop"), false);
    assert_status(open_again(f, &err), E_INVALID);
    assert_non_null(strstr(err.message, "does not belong to"));
}

/* Power fails at each step of a renewal: what is there afterwards opens, with the old pair or the new one. */
static void an_interrupted_renewal_leaves_a_pair_that_fits(void **state)
{
    struct fixture *f = *state;
    const struct pki_identity *before = pki_client(f->pki, PKI_GOOD, "shop");
    const struct pki_identity *after = pki_client(f->pki, PKI_GOOD, "shop");
    struct enrol_answer answer;
    answer_for(f, after, &answer);
    connect_first(f, before);

    write_key(after, true); /* the new key was written, no certificate came */
    assert_ok(open_again(f, NULL));
    assert_int_not_equal(access(path("client.key.next"), F_OK), 0);

    write_key(after, true); /* client.crt is new, chain.crt is not, the key was not moved */
    FILE *crt = fopen(path("client.crt"), "w");
    assert_non_null(crt);
    assert_int_equal(fwrite(answer.leaf_pem.p, 1, answer.leaf_pem.n, crt), answer.leaf_pem.n);
    fclose(crt);
    OWNED(connection_files_release) struct connection_files files = {.leaf_pem = {NULL, 0}};
    assert_ok(connection_open(directory, &f->arena, &files, NULL));
    assert_true(bytes_equal(files.leaf.der, after->der));
    assert_true(text_equal(files.identity.chain_pem, files.leaf_pem));
    assert_int_not_equal(access(path("client.key.next"), F_OK), 0);

    assert_ok(open_again(f, NULL));
}

static void refuses_a_broken_connection_file(void **state)
{
    struct fixture *f = *state;
    struct error err = {.code = E_OK};
    f->info.ca_fingerprint = TEXT("abcd");
    connect_first(f, pki_client(f->pki, PKI_GOOD, "shop"));
    assert_status(open_again(f, &err), E_INVALID);
    assert_non_null(strstr(err.message, "serverCaFingerprint is not a SHA-256 in hex"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refuses_to_write_over_a_connection, start, stop),
        cmocka_unit_test_setup_teardown(what_was_saved_of_a_connector_is_found_again, start, stop),
        cmocka_unit_test_setup_teardown(the_key_is_private_and_must_stay_so, start, stop),
        cmocka_unit_test_setup_teardown(refuses_a_key_of_another_certificate, start, stop),
        cmocka_unit_test_setup_teardown(an_interrupted_renewal_leaves_a_pair_that_fits, start, stop),
        cmocka_unit_test_setup_teardown(refuses_a_broken_connection_file, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
