/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/enrol.h"

#include "base/encoding.h"
#include "base/json_out.h"
#include "base/own.h"

#include "check.h"
#include "pki.h"

#define JSON_MAX (1 << 20)

struct fixture {
    struct pki *pki;
    struct arena arena;
};

static int start(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    f->pki = pki_new("ec:P-256");
    arena_init(&f->arena, 65536, 1 << 24);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;
    pki_free(f->pki);
    arena_release(&f->arena);
    mem_free(f);
    return 0;
}

/* {"<name>": base64 of the texts one after the other} */
static struct text answer_of(struct fixture *f, const char *name, struct text a, struct text b, struct text c)
{
    struct buffer pem, base64, json;
    struct json_out j;
    buffer_init(&pem, JSON_MAX);
    buffer_init(&base64, JSON_MAX);
    buffer_init(&json, JSON_MAX);
    buffer_text(&pem, a);
    buffer_text(&pem, b);
    buffer_text(&pem, c);
    base64_encode(&base64, buffer_bytes(&pem));
    json_out_init(&j, &json);
    json_open_object(&j, NULL);
    json_text(&j, name, buffer_as_text(&base64));
    json_end(&j);
    struct text text = arena_text(&f->arena, buffer_as_text(&json));
    buffer_release(&pem);
    buffer_release(&base64);
    buffer_release(&json);
    return text;
}

static struct status check(struct fixture *f, struct text json, struct text key_pem, const char *subject,
                           struct enrol_answer *out, struct error *err)
{
    OWNED(key_free) EVP_PKEY *key = NULL;
    assert_ok(key_from_pem(text_bytes(key_pem), &key, NULL));
    return enrol_check(json, &enrol_kyma, key, text_of(subject), &f->arena, out, err);
}

static void refuses_answers_that_are_not_our_certificate(void **state)
{
    struct fixture *f = *state;
    const struct text none = {NULL, 0};
    const struct pki_identity *shop = pki_client(f->pki, PKI_GOOD, "shop");
    const struct pki_identity *other = pki_client(f->pki, PKI_GOOD, "shop");
    const struct pki_identity *expired = pki_client(f->pki, PKI_EXPIRED, "shop");
    const struct pki_identity *early = pki_client(f->pki, PKI_NOT_YET, "shop");
    const struct pki_identity *foreign = pki_client(f->pki, PKI_WRONG_CA, "shop");
    struct text ca = pki_ca_pem(f->pki);
    const struct {
        struct text json;
        struct text key;
        const char *message;
    } rows[] = {
        {TEXT("{}"), shop->key_pem, "the server's answer has no \"crt\""},
        {TEXT("{\"crt\":1}"), shop->key_pem, "the server's answer has no \"crt\""},
        {TEXT("{\"crt\":\"%%%\"}"), shop->key_pem, "\"crt\" in the server's answer is not base64"},
        {TEXT("{\"crt\":\"aGVsbG8=\"}"), shop->key_pem, "the server's answer holds no certificate"},
        {answer_of(f, "crt", shop->chain_pem, ca, none), other->key_pem,
         "the certificate in the server's answer is for another key"},
        {answer_of(f, "crt", expired->chain_pem, ca, none), expired->key_pem,
         "the certificate in the server's answer is not valid now: check this host's clock"},
        {answer_of(f, "crt", early->chain_pem, ca, none), early->key_pem,
         "the certificate in the server's answer is not valid now: check this host's clock"},
        {answer_of(f, "crt", foreign->chain_pem, ca, none), foreign->key_pem,
         "the new certificate is not signed by the CA that came with it"},
        {answer_of(f, "crt", shop->chain_pem, none, none), shop->key_pem,
         "the new certificate is not signed by the CA that came with it"},
        {answer_of(f, "crt", shop->chain_pem, other->chain_pem, none), shop->key_pem,
         "the new certificate is not signed by the CA that came with it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct enrol_answer answer;
        struct error err = {.code = E_OK};
        assert_status(check(f, rows[i].json, rows[i].key, "O=x,CN=shop", &answer, &err), E_INVALID);
        assert_string_equal(err.message, rows[i].message);
    }
    struct enrol_answer answer;
    struct error err = {.code = E_OK};
    struct text good = answer_of(f, "crt", shop->chain_pem, ca, none);
    assert_status(check(f, good, shop->key_pem, "O=x,CN=ship", &answer, &err), E_INVALID);
    assert_string_equal(err.message, "the certificate in the server's answer is for another name");
}

static void takes_the_chain_in_any_order_and_saves_it_in_the_right_one(void **state)
{
    struct fixture *f = *state;
    const struct text none = {NULL, 0};
    const struct pki_identity *shop = pki_client(f->pki, PKI_VIA_INTERMEDIATE, "shop");
    struct text rest = shop->chain_pem;
    struct text end = TEXT("-----END CERTIFICATE-----\n");
    size_t cut = 0;
    while (!text_starts_with(text_from(rest, cut), end))
        cut++;
    struct text leaf = text_first(rest, cut + end.n), intermediate = text_from(rest, cut + end.n);
    struct enrol_answer straight, mixed;
    assert_ok(check(f, answer_of(f, "crt", leaf, intermediate, pki_ca_pem(f->pki)), shop->key_pem, "CN=shop",
                    &straight, NULL));
    assert_ok(check(f, answer_of(f, "crt", leaf, pki_ca_pem(f->pki), intermediate), shop->key_pem, "CN=shop",
                    &mixed, NULL));
    assert_int_equal(straight.count, 3);
    assert_true(text_equal(straight.chain_pem, mixed.chain_pem));
    assert_true(text_starts_with(straight.chain_pem, straight.leaf_pem));
    assert_true(text_ends_with(straight.chain_pem, straight.ca_pem));
    assert_int_equal(strlen(straight.fingerprint), 64);
    assert_ok(
        check(f, answer_of(f, "crt", leaf, intermediate, none), shop->key_pem, "CN=shop", &straight, NULL));
    assert_int_equal(straight.count, 2);
}

static void reads_the_members_of_the_way_that_was_taken(void **state)
{
    struct fixture *f = *state;
    const struct text none = {NULL, 0};
    const struct pki_identity *shop = pki_client(f->pki, PKI_GOOD, "shop");
    const struct text compass = answer_of(f, "certificateChain", shop->chain_pem, pki_ca_pem(f->pki), none);
    OWNED(key_free) EVP_PKEY *key = NULL;
    struct enrol_answer answer;
    assert_ok(key_from_pem(text_bytes(shop->key_pem), &key, NULL));
    assert_ok(enrol_check(compass, &enrol_compass, key, TEXT("CN=shop"), &f->arena, &answer, NULL));
    assert_int_equal(answer.count, 2);
    assert_status(enrol_check(compass, &enrol_kyma, key, TEXT("CN=shop"), &f->arena, &answer, NULL),
                  E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refuses_answers_that_are_not_our_certificate, start, stop),
        cmocka_unit_test_setup_teardown(takes_the_chain_in_any_order_and_saves_it_in_the_right_one, start,
                                        stop),
        cmocka_unit_test_setup_teardown(reads_the_members_of_the_way_that_was_taken, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
