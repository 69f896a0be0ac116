/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/document.h"

#include <stdio.h>

#include "base/json_scan.h"
#include "base/limits.h"
#include "config/yaml_json.h"
#include "fetch/answer.h"
#include "fetch/xml.h"

/*
 * The first character decides how a document is read: '<' is XML (or HTML), '{' and '[' are JSON, anything
 * else is YAML. So a broken JSON document is told what is wrong with its JSON. JSON with a byte order mark is
 * refused: answers embed the document as it was sent, and the mark may only stand at the beginning (RFC 8259
 * 8.1).
 */

enum claim { CLAIM_NONE, CLAIM_ODATA, CLAIM_OPENAPI, CLAIM_ASYNCAPI };

static enum claim claim_of(struct text t)
{
    if (text_equal_nocase(t, TEXT("odata")))
        return CLAIM_ODATA;
    if (text_equal_nocase(t, TEXT("openapi")))
        return CLAIM_OPENAPI;
    return text_equal_nocase(t, TEXT("asyncapi")) ? CLAIM_ASYNCAPI : CLAIM_NONE;
}

static const char *claim_name(enum claim c)
{
    switch (c) {
    case CLAIM_ODATA:
        return "OData";
    case CLAIM_OPENAPI:
        return "OpenAPI";
    case CLAIM_ASYNCAPI:
        return "AsyncAPI";
    case CLAIM_NONE:
        break;
    }
    return "a specification";
}

/* "2.0", and 2.0 without quotes where YAML made a number of it. */
static bool is_version(struct text json, struct text name, bool yaml, struct text wanted, bool prefix)
{
    struct text raw;
    enum json_type type;
    if (!json_member(json, name, &raw, &type))
        return false;
    if (type == JSON_TYPE_STRING)
        raw = (struct text){raw.p + 1, raw.n - 2};
    else if (type != JSON_TYPE_NUMBER || !yaml)
        return false;
    return prefix ? text_starts_with(raw, wanted) && raw.n > wanted.n : text_equal(raw, wanted);
}

static bool is_text_with_digit(struct text json, struct text name, bool yaml)
{
    struct text raw;
    enum json_type type;
    if (!json_member(json, name, &raw, &type))
        return false;
    if (type == JSON_TYPE_NUMBER)
        return yaml;
    return type == JSON_TYPE_STRING && raw.n > 2 && raw.p[1] >= '0' && raw.p[1] <= '9';
}

static bool is_as_claimed(struct text json, enum claim claim, bool yaml)
{
    switch (claim) {
    case CLAIM_ODATA: /* OData CSDL JSON 4.01, 3.1 */
        return !yaml && is_text_with_digit(json, TEXT("$Version"), false);
    case CLAIM_OPENAPI:
        return is_version(json, TEXT("swagger"), yaml, TEXT("2.0"), false) ||
               is_version(json, TEXT("openapi"), yaml, TEXT("3."), true);
    case CLAIM_ASYNCAPI:
        return is_text_with_digit(json, TEXT("asyncapi"), yaml);
    case CLAIM_NONE:
        break;
    }
    return true;
}

static void refuse_claim(struct fetch_answer *a, enum claim claim)
{
    const char *missing = claim == CLAIM_ODATA ? "neither EDMX nor JSON with $Version"
                          : claim == CLAIM_OPENAPI
                              ? "it has neither \"swagger\": \"2.0\" nor \"openapi\": \"3...\""
                              : "it has no \"asyncapi\": \"<version>\"";
    answer_fail(a, FETCH_WRONG_TYPE, "it is not %s as apiType says: %s", claim_name(claim), missing);
}

static void check_json(struct text t, enum claim claim, struct fetch_answer *a)
{
    struct json_position where = {0};
    a->format = FETCH_FORMAT_JSON;
    if (!status_ok(json_scan_with(t, LIMIT_SPECIFICATION_TOKENS, &where)))
        answer_fail(a, FETCH_WRONG_TYPE, "it is not JSON: %s at line %d, column %d", where.what, where.line,
                    where.column);
    else if (text_trim(t).p[0] == '[')
        answer_fail(a, FETCH_WRONG_TYPE, "it is a JSON array, not an object");
    else if (!is_as_claimed(t, claim, false))
        refuse_claim(a, claim);
}

/* JSON may be longer than its YAML: quotes, commas, braces and escapes. */
#define JSON_OF_YAML(n) (3 * (n) + 4096)

static void check_yaml(struct text t, enum claim claim, struct fetch_answer *a)
{
    OWNED(buffer_release) struct buffer json;
    struct error err = {.message = ""};
    a->format = FETCH_FORMAT_YAML;
    buffer_init(&json, JSON_OF_YAML(t.n));
    struct status st = yaml_to_json(t, &json, &err);
    struct bytes made = buffer_bytes(&json);
    if (st.code == E_NOMEM)
        answer_fail(a, FETCH_TOO_LARGE, "reading it needs more memory than it may have");
    else if (!status_ok(st))
        answer_fail(a, FETCH_WRONG_TYPE, "it is neither JSON nor XML, nor YAML: %s", error_text(&err, st));
    else if (made.n == 0 || made.p[0] != '{')
        answer_fail(a, FETCH_WRONG_TYPE, "it is neither a JSON object nor XML, nor a YAML mapping");
    else if (!is_as_claimed(bytes_text(made), claim, true))
        refuse_claim(a, claim);
}

static void check_xml(struct text t, enum claim claim, struct fetch_answer *a)
{
    struct xml_root root;
    a->format = FETCH_FORMAT_XML;
    if (!xml_read(t, &root, a))
        return;
    if (text_equal_nocase(text_of(root.name), TEXT("html")))
        answer_fail(a, FETCH_WRONG_TYPE, HTML_REASON);
    else if (claim == CLAIM_ODATA && !root.edmx)
        answer_fail(a, FETCH_WRONG_TYPE,
                    "it is not OData as apiType says: the root is <%.60s>, not <edmx:Edmx>", root.name);
    else if (claim != CLAIM_NONE && claim != CLAIM_ODATA)
        answer_fail(a, FETCH_WRONG_TYPE, "it is XML, not %s as apiType says", claim_name(claim));
}

static bool has_utf16_mark(struct text t)
{
    return text_starts_with(t, TEXT("\xff\xfe")) || text_starts_with(t, TEXT("\xfe\xff"));
}

static void check(struct text t, enum claim claim, struct fetch_answer *a)
{
    struct text rest = t;
    bool mark = text_starts_with(t, TEXT("\xef\xbb\xbf"));
    if (mark)
        rest = text_from(rest, 3);
    while (rest.n > 0 && strchr(" \t\r\n", rest.p[0]) && rest.p[0])
        rest = text_from(rest, 1);
    if (rest.n == 0) {
        answer_fail(a, FETCH_WRONG_TYPE, "it is empty");
    } else if (xml_is_html(rest)) {
        answer_fail(a, FETCH_WRONG_TYPE, HTML_REASON);
    } else if (rest.p[0] == '<' || has_utf16_mark(t)) {
        check_xml(t, claim, a);
    } else if (rest.p[0] != '{' && rest.p[0] != '[') {
        check_yaml(t, claim, a);
    } else if (mark) {
        answer_fail(a, FETCH_WRONG_TYPE, "it is JSON behind a byte order mark (EF BB BF): save it without");
    } else {
        check_json(t, claim, a);
    }
}

enum fetch_outcome document_check(struct bytes document, struct text claim, enum fetch_format *out_format,
                                  char *reason, size_t reason_size)
{
    struct fetch_answer a;
    answer_init(&a);
    check(bytes_text(document), claim_of(claim), &a);
    if (a.outcome == FETCH_FINE)
        *out_format = a.format;
    else
        (void)snprintf(reason, reason_size, "%s", a.reason);
    return a.outcome;
}
