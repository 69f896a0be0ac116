/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/lint.h"

#include <stdio.h>

#include "check.h"
#include "make_csr.h"
#include "x509/keys.h"

#define NOT_BEFORE 1790000000LL
#define NOT_AFTER  1800000000LL

/* Good certificates of each profile, before they are signed; each test damages a copy of the fields. */
static struct arena arena;
static struct buffer issuer, subject, spki_der, tbs[3];
static struct lint_context contexts[3];
static struct certificate_fields good[3];
static uint8_t key_id[SHA1_SIZE];
static const uint8_t serial[SERIAL_SIZE] = {0x01, 0xff, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t authority[SHA1_SIZE] = {1, 2, 3};

static void encode_name(const char *text, struct buffer *out)
{
    struct name n;
    must(status_ok(name_from_text(text_of(text), &arena, &n, NULL)));
    buffer_init(out, 4096);
    name_encode(&n, out);
}

static void write_tbs(enum certificate_profile profile)
{
    static const struct text names[] = {TEXT_INIT("localhost"), TEXT_INIT("127.0.0.1")};
    bool is_ca = profile == PROFILE_CA;
    const struct template_settings settings = {
        .profile = profile,
        .algorithm = SIGNATURE_ECDSA_SHA256,
        .issuer = buffer_bytes(is_ca ? &subject : &issuer),
        .authority_key_id = is_ca ? (struct bytes){NULL, 0} : BYTES_OF(authority),
        .crl_url = TEXT("http://crl.test"),
        .ocsp_url = TEXT("http://ocsp.test"),
        .issuer_url = TEXT("http://issuer.test"),
    };
    struct template template;
    must(status_ok(template_init(&template, &settings, NULL)));
    const struct template_fields fields = {serial,
                                           NOT_BEFORE,
                                           NOT_AFTER,
                                           buffer_bytes(&subject),
                                           buffer_bytes(&spki_der),
                                           key_id,
                                           names,
                                           profile == PROFILE_SERVER ? 2 : 0};
    buffer_init(&tbs[profile], 16384);
    template_write(&template, &fields, &tbs[profile]);
    contexts[profile] = (struct lint_context){
        .profile = profile,
        .algorithm = arena_bytes(&arena, buffer_bytes(&template.algorithm)),
        .issuer = settings.issuer,
        .issuer_key_id = is_ca ? BYTES_OF(key_id) : BYTES_OF(authority),
        .issuer_not_before = NOT_BEFORE,
        .issuer_not_after = NOT_AFTER,
    };
    template_release(&template);
    must(status_ok(certificate_tbs_parse(buffer_bytes(&tbs[profile]), &arena, &good[profile], NULL)));
}

static int start(void **state)
{
    (void)state;
    arena_init(&arena, 4096, 1 << 22);
    encode_name("CN=CA", &issuer);
    encode_name("C=DE,O=Organization,CN=app", &subject);
    buffer_init(&spki_der, 4096);
    struct spki spki;
    must(status_ok(key_to_spki(test_key("ec:P-256"), &spki_der, NULL)));
    must(status_ok(spki_parse(buffer_bytes(&spki_der), &spki, NULL)));
    sha1(spki.public_key, key_id);
    for (unsigned profile = PROFILE_CLIENT; profile <= PROFILE_CA; profile++)
        write_tbs((enum certificate_profile)profile);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (unsigned profile = PROFILE_CLIENT; profile <= PROFILE_CA; profile++)
        buffer_release(&tbs[profile]);
    buffer_release(&issuer);
    buffer_release(&subject);
    buffer_release(&spki_der);
    arena_release(&arena);
    return 0;
}

/* What goes wrong in each case: one function per lint. */
typedef void damage(struct certificate_fields *c);

static void older_version(struct certificate_fields *c)
{
    c->version = 1;
}
static void negative_serial(struct certificate_fields *c)
{
    static const uint8_t other[16] = {0x80};
    c->serial = BYTES_OF(other);
}
static void short_serial(struct certificate_fields *c)
{
    c->serial.n = 15;
}
static void other_algorithm(struct certificate_fields *c)
{
    c->algorithm.n--;
}
static void other_issuer(struct certificate_fields *c)
{
    c->issuer = c->subject;
    c->issuer.der.n--;
}
static void reversed_validity(struct certificate_fields *c)
{
    c->not_after = c->not_before;
}
static void wrong_time_form(struct certificate_fields *c)
{
    static const char text[] = "\x30\x22\x18\x0f"
                               "20260921141320Z"
                               "\x18\x0f"
                               "20270115080000Z";
    c->validity = (struct bytes){(const uint8_t *)text, sizeof(text) - 1};
}
static void outlives_the_ca(struct certificate_fields *c)
{
    /* the form is right, so that only the bound is wrong */
    static struct buffer validity;
    buffer_init(&validity, 64);
    c->not_after = NOT_AFTER + 1;
    size_t mark = der_begin(&validity, DER_SEQUENCE);
    der_put_time(&validity, c->not_before);
    der_put_time(&validity, c->not_after);
    der_finish(&validity, mark);
    c->validity = arena_bytes(&arena, buffer_bytes(&validity));
    buffer_release(&validity);
}
static void empty_subject(struct certificate_fields *c)
{
    c->subject.count = 0;
}
static void part_of_subject(struct certificate_fields *c, size_t index, struct text value)
{
    c->subject.parts = arena_array(&arena, c->subject.count, sizeof(struct name_part));
    memcpy(c->subject.parts, good[PROFILE_CLIENT].subject.parts, c->subject.count * sizeof(struct name_part));
    c->subject.parts[index].value = value;
}
static void long_subject_value(struct certificate_fields *c)
{
    part_of_subject(c, 2, TEXT("12345678901234567890123456789012345678901234567890123456789012345"));
}
static void numeric_country(struct certificate_fields *c)
{
    part_of_subject(c, 0, TEXT("D1"));
}
static void teletex_subject(struct certificate_fields *c)
{
    static const char name[] = "\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x14\x02"
                               "ab";
    c->subject.der = (struct bytes){(const uint8_t *)name, sizeof(name) - 1};
}
static void weak_key(struct certificate_fields *c)
{
    c->key_is_known = false;
}
static void unique_ids(struct certificate_fields *c)
{
    c->has_unique_ids = true;
}
/* A copy of the extensions in which one can be changed. */
static struct extension *own_extension(struct certificate_fields *c, enum oid oid)
{
    struct extension *copy = arena_array(&arena, c->extension_count, sizeof(struct extension));
    memcpy(copy, c->extensions, c->extension_count * sizeof(struct extension));
    c->extensions = copy;
    for (size_t i = 0; i < c->extension_count; i++) {
        if (copy[i].known == oid)
            return &copy[i];
    }
    must(false);
}
static void uncritical_key_usage(struct certificate_fields *c)
{
    own_extension(c, OID_KEY_USAGE)->critical = false;
}
static void wide_key_usage(struct certificate_fields *c)
{
    c->key_usage |= KEY_USAGE_CERT_SIGN;
}
static void no_purpose(struct certificate_fields *c)
{
    c->purpose_count = 0;
}
static void is_a_ca(struct certificate_fields *c)
{
    c->has_basic_constraints = c->is_ca = true;
}
static void other_key_id(struct certificate_fields *c)
{
    c->subject_key_id.n--;
}
static void other_authority(struct certificate_fields *c)
{
    c->authority_key_id = c->subject_key_id;
}
static void no_authority(struct certificate_fields *c)
{
    own_extension(c, OID_AUTHORITY_KEY_ID)->known = OID_UNKNOWN;
}
static void a_name(struct certificate_fields *c)
{
    c->alternative_count = 1;
}
static void critical_surprise(struct certificate_fields *c)
{
    own_extension(c, OID_AUTHORITY_INFO)->critical = true;
}
static void ldap_address(struct certificate_fields *c)
{
    c->crl_url = TEXT("ldap://x");
}

static const struct {
    const char *lint;
    damage *damage;
} cases[] = {
    {"version", older_version},
    {"serial_positive", negative_serial},
    {"serial_size", short_serial},
    {"algorithm", other_algorithm},
    {"issuer", other_issuer},
    {"validity_order", reversed_validity},
    {"validity_form", wrong_time_form},
    {"validity_in_ca", outlives_the_ca},
    {"subject_present", empty_subject},
    {"subject_bounds", long_subject_value},
    {"country", numeric_country},
    {"subject_strings", teletex_subject},
    {"key", weak_key},
    {"unique_ids", unique_ids},
    {"key_usage_critical", uncritical_key_usage},
    {"key_usage", wide_key_usage},
    {"purposes", no_purpose},
    {"basic_constraints", is_a_ca},
    {"subject_key_id", other_key_id},
    {"authority_key_id", other_authority},
    {"authority_key_id", no_authority},
    {"alternative_names", a_name},
    {"critical_extensions", critical_surprise},
    {"urls", ldap_address},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static void each_lint_refuses_what_it_is_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        struct certificate_fields c = good[PROFILE_CLIENT];
        cases[i].damage(&c);
        struct error err = {0};
        assert_status(lint_fields(&contexts[PROFILE_CLIENT], &c, &err), E_BROKEN);
        char wanted[64];
        snprintf(wanted, sizeof(wanted), "lint %s: ", cases[i].lint);
        if (strncmp(err.message, wanted, strlen(wanted)) != 0)
            fail_msg("case %zu: '%s', expected '%s'", i, err.message, wanted);
    }
}

static void every_lint_has_a_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < lint_count(); i++) {
        bool found = false;
        for (size_t k = 0; k < CASES; k++)
            found = found || strcmp(cases[k].lint, lint_name(i)) == 0;
        if (!found)
            fail_msg("lint %s has no test", lint_name(i));
    }
}

static void a_certificate_of_one_profile_is_none_of_another(void **state)
{
    (void)state;
    for (unsigned written = PROFILE_CLIENT; written <= PROFILE_CA; written++) {
        for (unsigned wanted = PROFILE_CLIENT; wanted <= PROFILE_CA; wanted++) {
            struct lint_context context = contexts[written];
            context.profile = (enum certificate_profile)wanted;
            assert_status(lint_tbs(&context, buffer_bytes(&tbs[written]), &arena, NULL),
                          written == wanted ? E_OK : E_BROKEN);
        }
    }
}

static void a_damaged_tbs_is_refused_as_broken(void **state)
{
    (void)state;
    struct bytes whole = buffer_bytes(&tbs[PROFILE_CLIENT]);
    struct error err = {0};
    assert_status(lint_tbs(&contexts[PROFILE_CLIENT], (struct bytes){whole.p, whole.n - 1}, &arena, &err),
                  E_BROKEN);
    assert_int_equal(strncmp(err.message, "lint der: ", 10), 0);
}

static void a_server_certificate_needs_well_formed_names(void **state)
{
    (void)state;
    struct certificate_fields c = good[PROFILE_SERVER];
    c.alternative_count = 0;
    assert_status(lint_fields(&contexts[PROFILE_SERVER], &c, NULL), E_BROKEN);
    struct alternative odd = {ALTERNATIVE_DNS, TEXT("a b")};
    c.alternatives = &odd;
    c.alternative_count = 1;
    assert_status(lint_fields(&contexts[PROFILE_SERVER], &c, NULL), E_BROKEN);
    odd = (struct alternative){ALTERNATIVE_URI, TEXT("http://x")};
    assert_status(lint_fields(&contexts[PROFILE_SERVER], &c, NULL), E_BROKEN);
    odd = (struct alternative){ALTERNATIVE_IP, TEXT("10.0.0.1")};
    assert_ok(lint_fields(&contexts[PROFILE_SERVER], &c, NULL));
}

static void refuses_addresses_that_are_not_http(void **state)
{
    (void)state;
    static const char *const urls[] = {"ftp://x", "x", "http://a b", "http://\xc3\xbc", "http://a\n"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct template t;
        const struct template_settings settings = {.algorithm = SIGNATURE_ECDSA_SHA256,
                                                   .issuer = buffer_bytes(&issuer),
                                                   .ocsp_url = text_of(urls[i])};
        struct error err = {0};
        assert_status(template_init(&t, &settings, &err), E_INVALID);
        assert_non_null(strstr(err.message, "ca.ocsp_url is not"));
        template_release(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_lint_refuses_what_it_is_for),
        cmocka_unit_test(every_lint_has_a_case),
        cmocka_unit_test(a_certificate_of_one_profile_is_none_of_another),
        cmocka_unit_test(a_damaged_tbs_is_refused_as_broken),
        cmocka_unit_test(a_server_certificate_needs_well_formed_names),
        cmocka_unit_test(refuses_addresses_that_are_not_http),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
