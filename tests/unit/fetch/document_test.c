/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/document.h"

#include <stdio.h>

#include "check.h"

#define EDMX4                                                                                                \
    "<edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><a/></edmx:Edmx>"
#define EDMX2 "<Edmx xmlns=\"http://schemas.microsoft.com/ado/2007/06/edmx\" Version=\"1.0\"/>"
#define JSON  FETCH_FORMAT_JSON
#define YAML  FETCH_FORMAT_YAML
#define XML   FETCH_FORMAT_XML

static void expect_refusal_of(struct bytes document, const char *claim, const char *reason)
{
    enum fetch_format format;
    char got[400] = "";
    enum fetch_outcome outcome = document_check(document, text_of(claim), &format, got, sizeof got);
    if (outcome != FETCH_WRONG_TYPE || !strstr(got, reason))
        fail_msg("'%.*s' as '%s': outcome %d '%s', expected '%s'", TEXT_ARG(bytes_text(document)), claim,
                 (int)outcome, got, reason);
}

static void expect_refusal(const char *document, const char *claim, const char *reason)
{
    expect_refusal_of(text_bytes(text_of(document)), claim, reason);
}

static void expect_format_of(struct bytes document, const char *claim, enum fetch_format expected)
{
    enum fetch_format format = FETCH_FORMAT_END;
    char reason[400] = "";
    enum fetch_outcome outcome = document_check(document, text_of(claim), &format, reason, sizeof reason);
    if (outcome != FETCH_FINE || format != expected)
        fail_msg("'%.*s' as '%s': '%s', format %d", TEXT_ARG(bytes_text(document)), claim, reason,
                 (int)format);
}

struct row {
    const char *document, *claim, *reason;
};
struct good {
    const char *document, *claim;
    enum fetch_format format;
};
#define EACH(rows) (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)

static void refuses_what_is_no_specification(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", "", "it is empty"},
        {" \r\n\t", "", "it is empty"},
        {"\xef\xbb\xbf", "", "it is empty"},
        {"<!DOCTYPE html><html></html>", "",
         "it is HTML, not a specification: does the URL need credentials?"},
        {" <HTML>", "odata", "it is HTML, not a specification"},
        {"<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"/>", "", "it is HTML"},
        {"hello world", "", "it is neither a JSON object nor XML, nor a YAML mapping"},
        {"- a\n- b\n", "", "nor a YAML mapping"},
        {"[]", "", "it is a JSON array, not an object"},
        {"{\"a\":1,}", "", "it is not JSON: trailing comma before '}' at line 1, column "},
        {"{\"a\":1", "openapi", "it is not JSON: unexpected end of JSON input"},
        {"{a: b}", "", "it is not JSON"},
        {"\xef\xbb\xbf{}", "", "byte order mark"},
        {"a: &x b\nc: *x\n", "", "nor YAML: line 1, column 4: anchors"},
        {"a: b: c\n", "", "nor YAML: line 1, column 5"},
        {"a: 1\n---\nb: 2\n", "", "a second document"},
        {"\x7f\x45LF", "", "nor YAML"},
        {"<a>", "", "it is not well-formed XML"},
        {"<a></b>", "", "it is not well-formed XML: line 1: "},
        {"<a/><b/>", "", "it is not well-formed XML"},
        {"<a b=1/>", "", "it is not well-formed XML"},
        {"<a>&nbsp;</a>", "", "it is not well-formed XML"},
        {"<a>\x01</a>", "", "it is not well-formed XML"},
        {"<", "", "it is not well-formed XML"},
        {"<x:a/>", "", "it is not well-formed XML"},
    };
    for
        EACH(rows)
    expect_refusal(rows[i].document, rows[i].claim, rows[i].reason);
}

static void refuses_another_type_than_claimed(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{}", "openapi", "it is not OpenAPI as apiType says: it has neither \"swagger\""},
        {"{\"swagger\":\"1.2\"}", "openapi", "it is not OpenAPI"},
        {"{\"swagger\":2.0}", "openapi", "it is not OpenAPI"},
        {"{\"openapi\":\"4.0\"}", "openapi", "it is not OpenAPI"},
        {"{\"openapi\":\"3\"}", "openapi", "it is not OpenAPI"},
        {"{\"info\":{\"openapi\":\"3.0.0\"}}", "openapi", "it is not OpenAPI"},
        {"{\"asyncapi\":\"2.0.0\"}", "openapi", "it is not OpenAPI"},
        {"openapi: 2.0\n", "openapi", "it is not OpenAPI"},
        {EDMX4, "openapi", "it is XML, not OpenAPI as apiType says"},
        {EDMX4, "AsyncAPI", "it is XML, not AsyncAPI as apiType says"},
        {"{\"openapi\":\"3.0.0\"}", "asyncapi", "it has no \"asyncapi\""},
        {"{\"asyncapi\":\"\"}", "asyncapi", "it has no \"asyncapi\""},
        {"{\"asyncapi\":null}", "asyncapi", "it has no \"asyncapi\""},
        {"{\"openapi\":\"3.0.0\"}", "odata", "neither EDMX nor JSON with $Version"},
        {"$Version: '4.01'\n", "odata", "neither EDMX nor JSON with $Version"},
        {"<Edmx/>", "odata", "it is not OData as apiType says: the root is <Edmx>, not <edmx:Edmx>"},
        {"<Edmx xmlns=\"http://evil\"/>", "OData", "the root is <Edmx>"},
        {"<wsdl:definitions xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\"/>", "odata",
         "the root is <definitions>"},
    };
    for
        EACH(rows)
    expect_refusal(rows[i].document, rows[i].claim, rows[i].reason);
}

static void refuses_every_doctype(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 "
        "\"&lol;&lol;&lol;&lol;&lol;\">"
        "<!ENTITY lol3 \"&lol2;&lol2;&lol2;&lol2;&lol2;\">]><lolz>&lol3;</lolz>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<!DOCTYPE a PUBLIC \"x\" \"http://169.254.169.254/\"><a/>",
        "<!DOCTYPE a [<!ENTITY % x SYSTEM \"http://127.0.0.1/\"> %x;]><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
        "<!-- c --><!DOCTYPE a><a/>",
        "<!DOCTYPE Edmx><Edmx xmlns=\"http://docs.oasis-open.org/odata/ns/edmx\"/>",
    };
    for
        EACH(documents)
    expect_refusal(documents[i], "odata", "XML with a DOCTYPE is not accepted: remove it");
}

static void refuses_depth(void **state)
{
    (void)state;
    for (unsigned depth = 128; depth <= 129; depth++) {
        struct buffer xml;
        buffer_init(&xml, 65536);
        for (unsigned i = 0; i < depth; i++)
            buffer_text(&xml, TEXT("<a>"));
        for (unsigned i = 0; i < depth; i++)
            buffer_text(&xml, TEXT("</a>"));
        if (depth == 128)
            expect_format_of(buffer_bytes(&xml), "", XML);
        else
            expect_refusal_of(buffer_bytes(&xml), "", "its XML is nested deeper than 128 levels");
        buffer_release(&xml);
    }
    struct buffer json;
    buffer_init(&json, 65536);
    for (unsigned i = 0; i < 70; i++)
        buffer_text(&json, TEXT("{\"a\":"));
    expect_refusal_of(buffer_bytes(&json), "", "it is not JSON");
    buffer_release(&json);
}

static void refuses_encodings_that_need_a_converter(void **state)
{
    (void)state;
    static const char *const encodings[] = {"UTF-7", "windows-1252", "EBCDIC-CP-US",   "UTF-32",
                                            "UCS-4", "SHIFT_JIS",    "../../../tmp/x", "UTF-8//TRANSLIT"};
    for
        EACH(encodings)
        {
            char document[128];
            (void)snprintf(document, sizeof document, "<?xml version='1.0' encoding = '%s'?><a/>",
                           encodings[i]);
            expect_refusal(document, "", "in another encoding than UTF-8 or UTF-16");
        }
    expect_refusal_of((struct bytes){(const uint8_t *)"\xff\xfe\0\0<\0\0\0a\0\0\0/\0\0\0>\0\0\0", 20}, "",
                      "in another encoding than UTF-8 or UTF-16");
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    static const char *const documents[] = {EDMX4, "{\"openapi\":\"3.0.0\"}"};
    for
        EACH(documents)
        {
            for (size_t n = 0; n < strlen(documents[i]); n++) {
                struct bytes cut = {(const uint8_t *)documents[i], n};
                expect_refusal_of(cut, "", "");
            }
        }
}

static void knows_formats_and_types(void **state)
{
    (void)state;
    static const struct good rows[] = {
        {"{\"openapi\":\"3.0.0\"}", "openapi", JSON},
        {" \n{\"swagger\":\"2.0\"}\n", "OpenAPI", JSON},
        {"{\"OPENAPI\":\"3.1.0\"}", "OPENAPI", JSON},
        {"{\"asyncapi\":\"2.6.0\"}", "AsyncApi", JSON},
        {"{\"asyncapi\":\"1.0.0-rc1\"}", "asyncapi", JSON},
        {"{\"$Version\":\"4.01\"}", "OData", JSON},
        {"{}", "", JSON},
        {"{\"anything\":1}", "rest", JSON},
        {"openapi: 3.0.0\ninfo:\n  title: x\n", "openapi", YAML},
        {"openapi: 3.1\n", "openapi", YAML},
        {"swagger: '2.0'\n", "openapi", YAML},
        {"swagger: 2.0\n", "openapi", YAML},
        {"# a comment\nasyncapi: 2.0.0\n", "asyncapi", YAML},
        {"\xef\xbb\xbf"
         "a: b\n",
         "", YAML},
        {EDMX4, "odata", XML},
        {EDMX2, "ODATA", XML},
        {"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- x -->\n" EDMX4 "\n", "odata", XML},
        {"\xef\xbb\xbf" EDMX4, "odata", XML},
        {"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe4</a>", "", XML},
        {"<definitions a='&lt;&amp;&#65;'><![CDATA[x]]><?pi?></definitions>", "soap", XML},
    };
    for
        EACH(rows)
    expect_format_of(text_bytes(text_of(rows[i].document)), rows[i].claim, rows[i].format);
}

static void reads_utf16(void **state)
{
    (void)state;
    static const char little[] = "\xff\xfe<\0a\0/\0>\0", big[] = "\xfe\xff\0<\0a\0/\0>";
    expect_format_of((struct bytes){(const uint8_t *)little, sizeof little - 1}, "", XML);
    expect_format_of((struct bytes){(const uint8_t *)big, sizeof big - 1}, "", XML);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_specification),
        cmocka_unit_test(refuses_another_type_than_claimed),
        cmocka_unit_test(refuses_every_doctype),
        cmocka_unit_test(refuses_depth),
        cmocka_unit_test(refuses_encodings_that_need_a_converter),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(knows_formats_and_types),
        cmocka_unit_test(reads_utf16),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
