/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/name.h"

#include <openssl/x509.h>

#include "check.h"
#include "x509/der.h"

OWNABLE(X509_NAME, X509_NAME_free);
OWNABLE(BIO, BIO_free_all);

#define CN_OID "\x06\x03\x55\x04\x03"

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, 4096, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* SEQUENCE { SET { SEQUENCE { commonName, value } } } */
static void put_name(struct buffer *out, unsigned tag, struct bytes value)
{
    size_t name = der_begin(out, DER_SEQUENCE), rdn = der_begin(out, DER_SET),
           part = der_begin(out, DER_SEQUENCE);
    buffer_text(out, TEXT(CN_OID));
    der_put(out, tag, value);
    der_finish(out, part);
    der_finish(out, rdn);
    der_finish(out, name);
}

static void refuses_malformed_names(void **state)
{
    (void)state;
    static const struct {
        struct text der;
        const char *message;
    } cases[] = {
        {TEXT_INIT(""), "the name is missing"},
        {TEXT_INIT("\x31\x00"), "the name is not a SEQUENCE"},
        {TEXT_INIT("\x30\x00\x00\x00"), "the name holds an unknown type"},
        {TEXT_INIT("\x30\x00\x05\x00"), "the name has trailing bytes"},
        {TEXT_INIT("\x30\x02\x31\x00"), "the name holds an empty part"},
        {TEXT_INIT("\x30\x02\x30\x00"), "a part of the name is not a SET"},
        {TEXT_INIT("\x30\x04\x31\x02\x05\x00"), "an attribute of the name is not a SEQUENCE"},
        {TEXT_INIT("\x30\x06\x31\x04\x30\x02\x05\x00"),
         "an attribute type of the name is not an OBJECT IDENTIFIER"},
        {TEXT_INIT("\x30\x09\x31\x07\x30\x05" CN_OID), "a value in the name is missing"},
        {TEXT_INIT("\x30\x0e\x31\x0c\x30\x0a" CN_OID "\x13\x01"
                   "a\x05\x00"),
         "an attribute of the name has trailing bytes"},
        {TEXT_INIT("\x30\x0c\x31\x0a\x30\x08" CN_OID "\x04\x01"
                   "a"),
         "the name holds a value that is not a string"},
        {TEXT_INIT("\x30\x0d\x31\x0b\x30\x09" CN_OID "\x03\x02\x00"
                   "a"),
         "the name holds a value that is not a string"},
        {TEXT_INIT("\x30\x0c\x31\x0a\x30\x08" CN_OID "\x13\x01\x00"),
         "the name holds a character that is not allowed"},
        {TEXT_INIT("\x30\x0c\x31\x0a\x30\x08" CN_OID "\x16\x01\xe4"),
         "the name holds a character that is not allowed"},
        {TEXT_INIT("\x30\x0c\x31\x0a\x30\x08" CN_OID "\x0c\x01\xe4"),
         "the name holds a UTF8String that is not UTF-8"},
        {TEXT_INIT("\x30\x0d\x31\x0b\x30\x09" CN_OID "\x1e\x02\xd8\x00"),
         "the name holds a character that is not allowed"},
        {TEXT_INIT("\x30\x0d\x31\x0b\x30\x09" CN_OID "\x1e\x02\x00\x00"),
         "the name holds a character that is not allowed"},
        {TEXT_INIT("\x30\x0f\x31\x0d\x30\x0b" CN_OID "\x1c\x04\x00\x11\x00\x00"),
         "the name holds a character that is not allowed"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct name n;
        struct error err;
        assert_status(name_parse(text_bytes(cases[i].der), &arena, &n, &err), E_INVALID);
        assert_string_equal(err.message, cases[i].message);
    }
}

static void refuses_a_value_of_1025_bytes(void **state)
{
    (void)state;
    static uint8_t value[1025];
    memset(value, 'a', sizeof(value));
    for (size_t n = 1024; n <= 1025; n++) {
        OWNED(buffer_release) struct buffer der;
        buffer_init(&der, 4096);
        put_name(&der, DER_UTF8_STRING, (struct bytes){value, n});
        struct name name;
        assert_status(name_parse(buffer_bytes(&der), &arena, &name, NULL), n == 1024 ? E_OK : E_INVALID);
    }
}

static void refuses_65_attributes(void **state)
{
    (void)state;
    for (size_t count = 64; count <= 65; count++) {
        OWNED(buffer_release) struct buffer der;
        buffer_init(&der, 4096);
        size_t name = der_begin(&der, DER_SEQUENCE);
        for (size_t i = 0; i < count; i++)
            buffer_text(&der, TEXT("\x31\x0a\x30\x08" CN_OID "\x13\x01"
                                   "a"));
        der_finish(&der, name);
        struct name n;
        assert_status(name_parse(buffer_bytes(&der), &arena, &n, NULL), count == 64 ? E_OK : E_INVALID);
    }
}

static void reads_every_string_type(void **state)
{
    (void)state;
    static const struct {
        unsigned tag;
        struct text content;
        const char *value;
    } cases[] = {
        {DER_UTF8_STRING, TEXT_INIT("M\xc3\xbcller"), "M\xc3\xbcller"},
        {DER_PRINTABLE_STRING, TEXT_INIT("app"), "app"},
        {DER_PRINTABLE_STRING, TEXT_INIT("*Runtime*"), "*Runtime*"}, /* not in the alphabet, and common */
        {DER_IA5_STRING, TEXT_INIT("a@b"), "a@b"},
        {DER_NUMERIC_STRING, TEXT_INIT("42"), "42"},
        {DER_T61_STRING, TEXT_INIT("M\xfcller"), "M\xc3\xbcller"},
        {DER_BMP_STRING, TEXT_INIT("\x00M\x00\xfc\x20\xac"), "M\xc3\xbc\xe2\x82\xac"},
        {DER_UNIVERSAL_STRING, TEXT_INIT("\x00\x01\xf6\x00"), "\xf0\x9f\x98\x80"},
        {DER_UTF8_STRING, TEXT_INIT(""), ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        OWNED(buffer_release) struct buffer der;
        buffer_init(&der, 4096);
        put_name(&der, cases[i].tag, text_bytes(cases[i].content));
        struct name n;
        assert_ok(name_parse(buffer_bytes(&der), &arena, &n, NULL));
        assert_int_equal(n.count, 1);
        assert_text(name_first(&n, NAME_CN), cases[i].value);
    }
}

static void shows_what_it_does_not_know(void **state)
{
    (void)state;
    struct name n;
    /* 1.2.3 = "x,y" and 1.2.4 = BIT STRING */
    assert_ok(name_parse(text_bytes(TEXT("\x30\x1a\x31\x0b\x30\x09\x06\x02\x2a\x03\x0c\x03x,"
                                         "y\x31\x0b\x30\x09\x06\x02\x2a\x04\x03\x03\x00\x01\x02")),
                         &arena, &n, NULL));
    assert_text(name_format(&n, &arena), "1.2.4=#0303000102,1.2.3=x\\,y");
}

static void formats_as_rfc_4514(void **state)
{
    (void)state;
    struct name n;
    assert_ok(name_from_text(TEXT("/C=DE/ST=Waldorf/L=Waldorf/O=Organization/OU=OrgUnit/CN=app"), &arena, &n,
                             NULL));
    assert_text(name_format(&n, &arena), "CN=app,OU=OrgUnit,O=Organization,L=Waldorf,ST=Waldorf,C=DE");
    assert_ok(name_from_text(TEXT("CN=#a\\, \"b\\+\\\\<c>;=d, O = x "), &arena, &n, NULL));
    assert_text(name_format(&n, &arena), "O=x,CN=\\#a\\, \\\"b\\+\\\\\\<c\\>\\;=d");
}

static void refuses_texts_that_are_not_names(void **state)
{
    (void)state;
    static const char *const cases[] = {"",          "CN",      "=x",        "CN=",    "CN=a,",
                                        "CN=a,,O=b", "XY=a",    "CN=a+OU=b", "CN=a\\", "CN=a\tb",
                                        "CN=\xff",   "/CN=a/B", "/",         " "};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct name n;
        struct error err = {0};
        assert_status(name_from_text(text_of(cases[i]), &arena, &n, &err), E_INVALID);
        assert_true(strlen(err.message) > 0);
    }
}

static void encodes_in_the_order_of_the_contract(void **state)
{
    (void)state;
    struct name n, back;
    assert_ok(name_from_text(TEXT("serialNumber=7,CN=*Runtime*,CN=app,OU=b,OU=aa,OU=a,OU=b,O=X,postalCode=1,"
                                  "STREET=s,L=l,ST=st,C=DE,DC=d,UID=u,emailAddress=e@f"),
                             &arena, &n, NULL));
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 4096);
    name_encode(&n, &der);
    assert_ok(buffer_status(&der));
    assert_ok(name_parse(buffer_bytes(&der), &arena, &back, NULL));
    assert_text(
        name_format(&back, &arena),
        "serialNumber=7,CN=app+CN=*Runtime*,OU=a+OU=b+OU=aa,O=X,postalCode=1,STREET=s,L=l,ST=st,C=DE");
    const uint8_t *p = buffer_bytes(&der).p;
    OWNED(X509_NAME_free) X509_NAME *theirs = d2i_X509_NAME(NULL, &p, (long)buffer_size(&der));
    assert_non_null(theirs);
    assert_int_equal(X509_NAME_entry_count(theirs), 12);
    /* PrintableString where the value allows it, else UTF8String */
    X509_NAME_ENTRY *first =
        X509_NAME_get_entry(theirs, X509_NAME_get_index_by_NID(theirs, NID_commonName, -1));
    assert_int_equal(ASN1_STRING_type(X509_NAME_ENTRY_get_data(first)), V_ASN1_PRINTABLESTRING);
    int second = X509_NAME_get_index_by_NID(theirs, NID_commonName,
                                            X509_NAME_get_index_by_NID(theirs, NID_commonName, -1));
    assert_int_equal(ASN1_STRING_type(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(theirs, second))),
                     V_ASN1_UTF8STRING);
    assert_int_equal(X509_NAME_ENTRY_set(X509_NAME_get_entry(theirs, second)), X509_NAME_ENTRY_set(first));
    /* OpenSSL sorts a SET OF when it encodes: the same octets show that ours was in DER order */
    X509_NAME_add_entry_by_txt(theirs, "O", MBSTRING_ASC, (const unsigned char *)"x", 1, -1, 0);
    X509_NAME_ENTRY_free(X509_NAME_delete_entry(theirs, X509_NAME_entry_count(theirs) - 1));
    const unsigned char *again;
    size_t again_size;
    assert_int_equal(X509_NAME_get0_der(theirs, &again, &again_size), 1);
    assert_true(bytes_equal(buffer_bytes(&der), (struct bytes){again, again_size}));
}

static void formats_as_openssl_does(void **state)
{
    (void)state;
    static const char *const cases[] = {"C=DE,O=Acme\\, Inc.,CN=app", "O= \\#x,CN=\"q\" <a>;b",
                                        "L=tab,OU=#x,CN=a=b"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct name n;
        assert_ok(name_from_text(text_of(cases[i]), &arena, &n, NULL));
        OWNED(buffer_release) struct buffer der;
        buffer_init(&der, 4096);
        name_encode(&n, &der);
        const uint8_t *p = buffer_bytes(&der).p;
        OWNED(X509_NAME_free) X509_NAME *theirs = d2i_X509_NAME(NULL, &p, (long)buffer_size(&der));
        OWNED(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
        assert_true(X509_NAME_print_ex(bio, theirs, 0, XN_FLAG_RFC2253) > 0);
        char *text;
        long size = BIO_get_mem_data(bio, &text);
        struct text ours = name_format(&n, &arena);
        assert_int_equal(ours.n, size);
        assert_memory_equal(ours.p, text, ours.n);
    }
}

static struct status round_trip(void)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 256, 1 << 20);
    OWNED(buffer_release) struct buffer der;
    buffer_init(&der, 4096);
    struct name n, back;
    TRY(name_from_text(TEXT("C=DE,O=Organization,OU=OrgUnit,CN=app"), &a, &n, NULL));
    name_encode(&n, &der);
    TRY(buffer_status(&der));
    TRY(name_parse(buffer_bytes(&der), &a, &back, NULL));
    return name_format(&back, &a).p ? DONE : STATUS(NOMEM);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(round_trip());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_malformed_names),
        cmocka_unit_test(refuses_a_value_of_1025_bytes),
        cmocka_unit_test(refuses_65_attributes),
        cmocka_unit_test(refuses_texts_that_are_not_names),
        cmocka_unit_test(reads_every_string_type),
        cmocka_unit_test(shows_what_it_does_not_know),
        cmocka_unit_test(formats_as_rfc_4514),
        cmocka_unit_test(formats_as_openssl_does),
        cmocka_unit_test(encodes_in_the_order_of_the_contract),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
