/* SPDX-License-Identifier: Apache-2.0 */
#include "director/mapping.h"

#include "check.h"
#include "x509/der.h"
#include "x509/name.h"
#include "x509/oid.h"

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, 4096, 4 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

#define GOOD "CN=app, OU=Unit, O=Org, L=Town, C=DE"

/* ---- what is written in a mapping ---- */

static struct status form_of_text(const char *subject, struct text *out, struct error *err)
{
    struct name n;
    TRY(name_from_rfc4514(text_of(subject), &arena, &n, err));
    return director_subject_form(&n, &arena, out, err);
}

static void refuses_subjects_that_name_nobody(void **state)
{
    (void)state;
    static const struct {
        const char *subject, *message;
    } cases[] = {
        {"", "the name wants TYPE=value parts, such as CN=name, O=organization"},
        {"app", "the name wants TYPE=value parts, such as CN=name, O=organization"},
        {GOOD ",", "the name wants TYPE=value parts, such as CN=name, O=organization"},
        {GOOD ", =x", "the name wants TYPE=value parts, such as CN=name, O=organization"},
        {"OU=Unit, O=Org, L=Town, C=DE", "has no CN, where there must be one"},
        {"CN=app, O=Org, L=Town, C=DE", "has no OU, where there must be one"},
        {"CN=app, OU=Unit, L=Town, C=DE", "has no O, where there must be one"},
        {"CN=app, OU=Unit, O=Org, C=DE", "has no L, where there must be one"},
        {"CN=app, OU=Unit, O=Org, L=Town", "has no C, where there must be one"},
        {"CN=app, OU=Unit, O=Org, L=Town, DC=DE", "has no C, where there must be one"},
        {GOOD ", CN=two", "has more than one CN, where there must be one"},
        {GOOD ", C=DE", "has more than one C, where there must be one"},
        {"CN=, OU=Unit, O=Org, L=Town, C=DE", "a name may not hold an empty value"},
        {"CN=\"\", OU=Unit, O=Org, L=Town, C=DE", "a name may not hold an empty value"},
        {"CN=\"app, OU=Unit, O=Org, L=Town, C=DE", "a quoted value in the name has no end"},
        {"CN=\"app\"x, OU=Unit, O=Org, L=Town, C=DE", "after a quoted value in the name comes a comma"},
        {"CN=a\xff, OU=Unit, O=Org, L=Town, C=DE", "a value in the name is too long or not UTF-8"},
        {"CN=a\\ff, OU=Unit, O=Org, L=Town, C=DE", "a value in the name is too long or not UTF-8"},
        {"CN=a\nb, OU=Unit, O=Org, L=Town, C=DE",
         "a value in the name holds one of \" ; < > or begins with #: a backslash goes before it"},
        {"CN=#0c0161, OU=Unit, O=Org, L=Town, C=DE",
         "a value in the name holds one of \" ; < > or begins with #: a backslash goes before it"},
        {"CN=a;OU=Unit;O=Org;L=Town;C=DE",
         "a value in the name holds one of \" ; < > or begins with #: a backslash goes before it"},
        {GOOD ", SN=1",
         "'SN' is not an attribute type; known are CN, OU, O, L, ST, C, STREET, postalCode, serialNumber, "
         "emailAddress, DC and UID"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err = {0};
        struct text form;
        assert_status(form_of_text(cases[i].subject, &form, &err), E_INVALID);
        assert_string_equal(err.message, cases[i].message);
    }
    static const char *const escapes[] = {"\\", "a\\", "a\\x", "a\\0", "a\\00", "a\\0g", "\"a\\"};
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        struct text form;
        const struct text subject = arena_printf(&arena, "OU=Unit, O=Org, L=Town, C=DE, CN=%s", escapes[i]);
        assert_status(form_of_text(arena_cstr(&arena, subject), &form, NULL), E_INVALID);
    }
}

static void equal_subjects_have_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *subject, *form;
    } cases[] = {
        {GOOD, GOOD},
        {"C=DE,L=Town,O=Org,OU=Unit,CN=app", GOOD},
        {"C = DE, ST = Land, L = Town, O = Org, OU = Unit, CN = app", GOOD},
        {"  cn=app,ou=Unit,  o=Org , l=Town,c=DE  ", GOOD},
        {"CN=app+OU=Unit,O=Org+L=Town,C=DE", GOOD},
        {"CN=\"app\", OU=\\55nit, O=Org, L=Town, C=DE, ST=a, ST=b", GOOD},
        {"CN=app, OU=b, OU=B, OU=a, OU=a, O=Org, L=Town, C=DE",
         "CN=app, OU=B, OU=a, OU=a, OU=b, O=Org, L=Town, C=DE"},
        {"CN=\"a, b\", OU=\"say \\\"x\\\"\", O=X + L=Town, C=DE",
         "CN=a\\, b, OU=say \\\"x\\\", O=X, L=Town, C=DE"},
        {"CN=a\\, b, OU=say \\\"x\\\", O=X, L=Town, C=DE", "CN=a\\, b, OU=say \\\"x\\\", O=X, L=Town, C=DE"},
        {"CN=a\\2C b, OU=x, O=X, L=Town, C=DE", "CN=a\\, b, OU=x, O=X, L=Town, C=DE"},
        {"CN=a\\ , OU=\\ b, O=\\#1, L=x=y, C=DE", "CN=a\\ , OU=\\ b, O=\\#1, L=x=y, C=DE"},
        {"CN=a\\C3\\A9, OU=\xc3\xa9, O=Org, L=Town, C=DE", "CN=a\xc3\xa9, OU=\xc3\xa9, O=Org, L=Town, C=DE"},
        {"DC=org, DC=example, C=DE, L=Town, O=Org, OU=Unit, CN=app", GOOD ", DC=example, DC=org"},
        {GOOD ", UID=x\\  ", GOOD ", UID=x\\ "},
        {GOOD ", emailAddress=a@b.example, serialNumber=7, UID=u",
         GOOD ", serialNumber=7, emailAddress=a@b.example, UID=u"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text form, again;
        assert_ok(form_of_text(cases[i].subject, &form, NULL));
        assert_text(form, cases[i].form);
        assert_ok(form_of_text(arena_cstr(&arena, form), &again, NULL));
        assert_text(again, cases[i].form);
    }
}

static void other_subjects_have_other_forms(void **state)
{
    (void)state;
    static const char *const others[] = {
        GOOD,
        "CN=App, OU=Unit, O=Org, L=Town, C=DE",
        "CN=app\\ , OU=Unit, O=Org, L=Town, C=DE",
        "CN=app, OU=unit, O=Org, L=Town, C=DE",
        "CN=app, OU=Unit, O=Org (x), L=Town, C=DE",
        "CN=app, OU=Unit, OU=Unit, O=Org, L=Town, C=DE",
        "CN=app, OU=Unit, OU=x, O=Org, L=Town, C=DE",
        "CN=app, OU=Unit\\, OU\\=x, O=Org, L=Town, C=DE",
        "CN=app\\, OU\\=Unit, OU=Unit, O=Org, L=Town, C=DE",
        "CN=app, OU=Unit, O=Org, L=Town, C=DE, DC=DE",
        "CN=app, OU=Unit, O=Org, L=Town, C=FR, DC=DE",
        "CN=app, OU=Unit, O=Org, L=Town, C=DE, serialNumber=1",
        "CN=app, OU=Unit, O=Org, L=Town, C=DE, serialNumber=2",
        "CN=Org, OU=Unit, O=app, L=Town, C=DE",
    };
    const size_t count = sizeof others / sizeof others[0];
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) {
            struct text a, b;
            assert_ok(form_of_text(others[i], &a, NULL));
            assert_ok(form_of_text(others[j], &b, NULL));
            assert_false(text_equal(a, b));
        }
}

/* ---- what a certificate says ---- */

struct attribute {
    enum oid oid;
    unsigned tag;
    const char *value;
    bool joined; /* in the RelativeDistinguishedName of the one before */
};
#define UTF8(oid_, value_)                                                                                   \
    {                                                                                                        \
        OID_##oid_, DER_UTF8_STRING, value_, false                                                           \
    }
#define JOINED(oid_, value_)                                                                                 \
    {                                                                                                        \
        OID_##oid_, DER_UTF8_STRING, value_, true                                                            \
    }
#define TAIL UTF8(ORGANIZATION, "Org"), UTF8(LOCALITY, "Town"), UTF8(COUNTRY, "DE")

static struct bytes name_der(const struct attribute *list)
{
    struct buffer b;
    buffer_init(&b, 65536);
    const size_t name = der_begin(&b, DER_SEQUENCE);
    for (size_t i = 0; list[i].value;) {
        const size_t rdn = der_begin(&b, DER_SET);
        do {
            const size_t part = der_begin(&b, DER_SEQUENCE);
            der_put(&b, DER_OID, list[i].oid ? oid_bytes(list[i].oid) : text_bytes(TEXT("\x55\x04\x2a")));
            der_put(&b, list[i].tag, text_bytes(text_of(list[i].value)));
            der_finish(&b, part);
        } while (list[++i].joined);
        der_finish(&b, rdn);
    }
    der_finish(&b, name);
    const struct bytes out = arena_bytes(&arena, buffer_bytes(&b));
    buffer_release(&b);
    return out;
}

static struct director_mappings *mappings_of(const char *subject)
{
    struct director_mappings *m = NULL;
    const struct text json = arena_printf(&arena,
                                          "[{\"subject\": \"%s\", \"consumer_type\": \"Runtime\","
                                          " \"tenant_access_levels\": [\"account\"]}]",
                                          subject);
    assert_ok(director_mappings_read(json, &m, NULL));
    return m;
}

static enum code look_up(const char *mapping, const struct attribute *certificate)
{
    OWNED(director_mappings_free) struct director_mappings *m = mappings_of(mapping);
    const struct store_settings settings = {
        .url = TEXT("memory:"), .read_connections = 1, .write_queue_max = 16};
    struct store *s = NULL;
    struct subject_mapping out;
    assert_ok(store_open(&settings, &s, NULL));
    const struct status found = director_mapping_find(s, m, name_der(certificate), &arena, &out);
    store_close(s);
    return found.code;
}

static void other_certificates_are_not_found(void **state)
{
    (void)state;
    static const struct attribute cases[][9] = {
        {{.value = NULL}},
        {UTF8(COMMON_NAME, "app"), TAIL},                                          /* no OU */
        {UTF8(COMMON_NAME, "App"), UTF8(ORGANIZATIONAL_UNIT, "Unit"), TAIL},       /* case */
        {UTF8(COMMON_NAME, "app "), UTF8(ORGANIZATIONAL_UNIT, "Unit"), TAIL},      /* blanks */
        {UTF8(COMMON_NAME, "app, OU=Unit"), UTF8(ORGANIZATIONAL_UNIT, "x"), TAIL}, /* text in a value */
        {UTF8(COMMON_NAME, "app"), UTF8(ORGANIZATIONAL_UNIT, "Unit, O=Org"), TAIL},
        {UTF8(COMMON_NAME, "app"), UTF8(COMMON_NAME, "root"), UTF8(ORGANIZATIONAL_UNIT, "Unit"), TAIL},
        {UTF8(COMMON_NAME, "app"), UTF8(COMMON_NAME, "app"), UTF8(ORGANIZATIONAL_UNIT, "Unit"), TAIL},
        {UTF8(COMMON_NAME, "app"), UTF8(ORGANIZATIONAL_UNIT, "Unit"), UTF8(ORGANIZATIONAL_UNIT, "Unit"),
         TAIL},
        {UTF8(COMMON_NAME, "app"), UTF8(ORGANIZATIONAL_UNIT, "Unit"), UTF8(ORGANIZATIONAL_UNIT, "x"), TAIL},
        {UTF8(COMMON_NAME, "app"), JOINED(ORGANIZATIONAL_UNIT, "Unit"), JOINED(ORGANIZATIONAL_UNIT, "x"),
         TAIL},
        {UTF8(COMMON_NAME, "app"), UTF8(ORGANIZATIONAL_UNIT, "Unit"), TAIL, UTF8(STATE, "")},
        /* attributes that the mapping does not name */
        {UTF8(COMMON_NAME, "app"), UTF8(ORGANIZATIONAL_UNIT, "Unit"), TAIL, UTF8(SERIAL_NUMBER, "2")},
        {UTF8(COMMON_NAME, "app"), UTF8(ORGANIZATIONAL_UNIT, "Unit"), TAIL, UTF8(EMAIL, "a@b.example")},
        {UTF8(DOMAIN_COMPONENT, "DE"), UTF8(COMMON_NAME, "app"), UTF8(ORGANIZATIONAL_UNIT, "Unit"), TAIL},
        {UTF8(COMMON_NAME, "app"), UTF8(ORGANIZATIONAL_UNIT, "Unit"), TAIL, UTF8(UNKNOWN, "given name")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(look_up(GOOD, cases[i]), E_NOT_FOUND);
    /* A DC is not read as the country, nor is a C inside of a value. */
    static const struct attribute dc[] = {UTF8(DOMAIN_COMPONENT, "DE"),
                                          UTF8(COMMON_NAME, "app"),
                                          UTF8(ORGANIZATIONAL_UNIT, "Unit"),
                                          UTF8(ORGANIZATION, "C=DE"),
                                          UTF8(LOCALITY, "Town"),
                                          UTF8(COUNTRY, "FR"),
                                          {.value = NULL}};
    assert_int_equal(look_up(GOOD, dc), E_NOT_FOUND);
    const struct bytes nonsense = text_bytes(TEXT("\x30\x03\x31\x01\x00"));
    struct subject_mapping out;
    assert_status(director_mapping_find(NULL, NULL, nonsense, &arena, &out), E_NOT_FOUND);
}

static void the_certificate_is_found(void **state)
{
    (void)state;
    static const struct attribute plain[] = {
        UTF8(COMMON_NAME, "app"), UTF8(ORGANIZATIONAL_UNIT, "Unit"), TAIL, {.value = NULL}};
    static const struct attribute mixed[] = {{OID_COUNTRY, DER_PRINTABLE_STRING, "DE", false},
                                             UTF8(STATE, "Any"),
                                             {OID_LOCALITY, DER_T61_STRING, "Town", false},
                                             UTF8(ORGANIZATION, "Org"),
                                             UTF8(ORGANIZATIONAL_UNIT, "Unit"),
                                             {OID_COMMON_NAME, DER_IA5_STRING, "app", false},
                                             {.value = NULL}};
    static const struct attribute units[] = {UTF8(COMMON_NAME, "a, b"),
                                             UTF8(ORGANIZATIONAL_UNIT, "2"),
                                             JOINED(ORGANIZATIONAL_UNIT, "\xc3\xa9"),
                                             UTF8(ORGANIZATIONAL_UNIT, "1"),
                                             TAIL,
                                             {.value = NULL}};
    static const struct attribute dc[] = {UTF8(DOMAIN_COMPONENT, "x"),
                                          UTF8(COUNTRY, "DE"),
                                          UTF8(LOCALITY, "Town"),
                                          UTF8(ORGANIZATION, "Org"),
                                          UTF8(ORGANIZATIONAL_UNIT, "Unit"),
                                          UTF8(COMMON_NAME, "app"),
                                          {.value = NULL}};
    assert_int_equal(look_up(GOOD, plain), E_OK);
    assert_int_equal(look_up(GOOD, mixed), E_OK);
    assert_int_equal(look_up("CN=a\\\\, b, OU=1, OU=\xc3\xa9, OU=2, O=Org, L=Town, C=DE", units), E_OK);
    assert_int_equal(look_up("C=DE, DC=x, L=Town, O=Org, OU=Unit, CN=app", dc), E_OK);
}

/* ---- files ---- */

static void refuses_files_with_a_mistake(void **state)
{
    (void)state;
#define ENTRY(subject_, type_, levels_)                                                                      \
    "{\"subject\":\"" subject_ "\",\"consumer_type\":\"" type_ "\",\"tenant_access_levels\":" levels_ "}"
#define FINE ENTRY(GOOD, "Runtime", "[\"global\"]")
    static const struct {
        const char *json, *message;
    } cases[] = {
        {"", "unexpected end of JSON input"},
        {"{}", "it must be a JSON list of mappings"},
        {"[1]", "entry 1: an entry must be an object"},
        {"[{}]", "entry 1: subject=has 1 to 255 characters"},
        {"[" FINE "," ENTRY("CN=x", "Runtime", "[\"global\"]") "]",
         "entry 2: subject=has no O, where there must be one"},
        {"[" ENTRY(GOOD, "runtime", "[\"global\"]") "]",
         "entry 1: consumer_type='runtime' is no consumer type"},
        {"[" ENTRY(GOOD, "Runtime", "[]") "]",
         "entry 1: tenant_access_levels=there must be at least one tenant access level"},
        {"[" ENTRY(GOOD, "Runtime", "[\"Global\"]") "]",
         "entry 1: tenant_access_levels='Global' is no tenant access level; customer, account, subaccount, "
         "organization, folder, resource-group, cost-object and global are"},
        {"[" ENTRY(GOOD, "Runtime", "\"global\"") "]",
         "entry 1: tenant_access_levels must be a list of strings"},
        {"[" ENTRY(GOOD, "Runtime", "[7]") "]", "entry 1: tenant_access_levels must be a string"},
        {"[{\"subject\":1}]", "entry 1: subject must be a string"},
        {"[{\"subject\":\"a\",\"Subject\":\"b\"}]", "entry 1: subject must be there once"},
        {"[{\"levels\":[]}]",
         "entry 1: unknown member \"levels\"; subject, consumer_type, internal_consumer_id and "
         "tenant_access_levels are known"},
        {"[{\"internal_consumer_id\":\"a\\u0000b\",\"subject\":\"" GOOD "\",\"consumer_type\":\"Runtime\"}]",
         "entry 1: internal_consumer_id=has at most 256 bytes and no control characters"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct director_mappings *m = NULL;
        struct error err = {0};
        assert_status(director_mappings_read(text_of(cases[i].json), &m, &err), E_INVALID);
        assert_string_equal(err.message, cases[i].message);
        assert_null(m);
    }
}

static void the_first_of_a_file_wins(void **state)
{
    (void)state;
    static const struct attribute plain[] = {
        UTF8(COMMON_NAME, "app"), UTF8(ORGANIZATIONAL_UNIT, "Unit"), TAIL, {.value = NULL}};
    OWNED(director_mappings_free) struct director_mappings *m = NULL;
    struct subject_mapping out;
    assert_ok(director_mappings_read(
        TEXT("[" ENTRY("CN=other, OU=Unit, O=Org, L=Town, C=DE", "Runtime", "[\"global\"]") "," ENTRY(
            GOOD, "Application", "[\"folder\",\"global\",\"folder\"]") "," FINE "]"),
        &m, NULL));
    assert_ok(director_mapping_find(NULL, m, name_der(plain), &arena, &out));
    assert_text(out.consumer_type, "Application");
    assert_text(out.levels, "folder global");
    assert_int_equal(out.internal_consumer_id.n, 0);
}

static void levels_reach_tenants_of_their_type(void **state)
{
    (void)state;
    const struct subject_mapping m = {.levels = TEXT("subaccount global")};
    static const char *const out_of_reach[] = {"",       "account",          "sub", "subaccounts",
                                               "global", "subaccount global"};
    for (size_t i = 0; i < sizeof out_of_reach / sizeof out_of_reach[0]; i++)
        assert_false(director_mapping_reaches(&m, text_of(out_of_reach[i])));
    assert_true(director_mapping_reaches(&m, TEXT("subaccount")));
    assert_true(director_mapping_is_global(&m));
    assert_false(director_mapping_is_global(&(struct subject_mapping){.levels = TEXT("subaccount")}));
}

static void consumer_types_say_what_they_may(void **state)
{
    (void)state;
    assert_null(director_consumer_type(TEXT("")));
    assert_null(director_consumer_type(TEXT("application")));
    assert_int_equal(director_consumer_type(TEXT("Formation Viewer"))->scopes.n, 0);
    assert_true(director_consumer_type(TEXT("Application"))->scopes.n > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refuses_subjects_that_name_nobody, start, stop),
        cmocka_unit_test_setup_teardown(other_certificates_are_not_found, start, stop),
        cmocka_unit_test_setup_teardown(refuses_files_with_a_mistake, start, stop),
        cmocka_unit_test_setup_teardown(equal_subjects_have_one_form, start, stop),
        cmocka_unit_test_setup_teardown(other_subjects_have_other_forms, start, stop),
        cmocka_unit_test_setup_teardown(the_certificate_is_found, start, stop),
        cmocka_unit_test_setup_teardown(the_first_of_a_file_wins, start, stop),
        cmocka_unit_test_setup_teardown(levels_reach_tenants_of_their_type, start, stop),
        cmocka_unit_test_setup_teardown(consumer_types_say_what_they_may, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
