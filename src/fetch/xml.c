/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/xml.h"

#include <stdio.h>

#include <libxml/SAX2.h>
#include <libxml/parser.h>

#include "base/own.h"
#include "fetch/answer.h"

#define PIECE (64u * 1024) /* fed at a time, so that a refusal ends it soon */

OWNABLE(xmlParserCtxt, xmlFreeParserCtxt);

struct xml_reader {
    xmlParserCtxtPtr parser; /* borrowed */
    struct xml_root root;
    bool has_root;
    bool has_doctype;
    bool too_deep;
    unsigned depth;
    bool failed;
    int line;
    char problem[160];
};

static bool is_edm_namespace(const char *uri)
{
    static const char *const known[] = {
        "http://schemas.microsoft.com/ado/2007/06/edmx", /* OData 1 to 3 */
        "http://docs.oasis-open.org/odata/ns/edmx",      /* OData 4 */
    };
    for (size_t i = 0; uri && i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(uri, known[i]) == 0)
            return true;
    }
    return false;
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespaces, const xmlChar **namespace_list, int attributes, int defaulted,
                     const xmlChar **list)
{
    (void)prefix, (void)namespaces, (void)namespace_list, (void)attributes, (void)defaulted, (void)list;
    struct xml_reader *r = ctx;
    if (!r->has_root) {
        r->has_root = true;
        (void)snprintf(r->root.name, sizeof r->root.name, "%s", (const char *)name);
        r->root.edmx = strcmp((const char *)name, "Edmx") == 0 && is_edm_namespace((const char *)uri);
    }
    if (++r->depth > XML_DEPTH_MAX) {
        r->too_deep = true;
        xmlStopParser(r->parser);
    }
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    (void)name, (void)prefix, (void)uri;
    struct xml_reader *r = ctx;
    r->depth--;
}

/* Called when the DOCTYPE begins, before any declaration in it is read. */
static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external_id, const xmlChar *system_id)
{
    (void)name, (void)external_id, (void)system_id;
    struct xml_reader *r = ctx;
    r->has_doctype = true;
    xmlStopParser(r->parser);
}

static xmlParserInputPtr no_input(void *ctx, const xmlChar *public_id, const xmlChar *system_id)
{
    (void)ctx, (void)public_id, (void)system_id;
    return NULL;
}

static xmlEntityPtr no_entity(void *ctx, const xmlChar *name)
{
    (void)ctx;
    return xmlGetPredefinedEntity(name); /* &amp; and its four brothers */
}

static void on_problem(void *ctx, xmlErrorPtr error)
{
    struct xml_reader *r = ctx;
    if (r->failed || error->level < XML_ERR_ERROR)
        return;
    r->failed = true;
    r->line = error->line;
    struct text first = text_of(error->message);
    first = text_cut(&first, '\n');
    (void)snprintf(r->problem, sizeof r->problem, "%.*s", TEXT_ARG(text_first(first, 120)));
}

bool xml_is_html(struct text t)
{
    static const struct text openings[] = {TEXT_INIT("<!doctype html"), TEXT_INIT("<html")};
    for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++) {
        if (text_equal_nocase(text_first(t, openings[i].n), openings[i]))
            return true;
    }
    return false;
}

/* The encoding that the XML declaration names; empty when it names none. */
static struct text declared_encoding(struct text t)
{
    struct text head = text_first(t, text_find(text_first(t, 256), '>'));
    static const char name[] = "encoding";
    for (size_t i = 0; i + sizeof name < head.n; i++) {
        if (!text_starts_with(text_from(head, i), text_of(name)))
            continue;
        struct text value = text_from(head, i + sizeof name - 1);
        while (value.n > 0 && strchr(" \t\r\n=", value.p[0]))
            value = text_from(value, 1);
        if (value.n == 0)
            break;
        char quote = value.p[0];
        value = text_from(value, 1);
        return text_first(value, text_find(value, quote));
    }
    return TEXT("");
}

/* libxml2 would ask the C library for a converter, which loads code from files. */
static bool is_known_encoding(struct text t)
{
    static const char *const known[] = {"UTF-8",    "UTF8",     "UTF-16", "UTF-16LE",
                                        "UTF-16BE", "US-ASCII", "ASCII",  "ISO-8859-1"};
    if (t.n >= 4 && t.p[0] == '\xff' && t.p[1] == '\xfe' && t.p[2] == 0 && t.p[3] == 0)
        return false; /* UTF-32 */
    if (text_starts_with(t, TEXT("\xff\xfe")) || text_starts_with(t, TEXT("\xfe\xff")))
        return true; /* UTF-16 says so itself: libxml2 takes the mark's word over the declaration's */
    if (text_starts_with(t, TEXT("\xef\xbb\xbf")))
        t = text_from(t, 3);
    struct text encoding = text_starts_with(t, TEXT("<?xml")) ? declared_encoding(t) : TEXT("");
    bool fine = encoding.n == 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        fine = fine || text_equal_nocase(encoding, text_of(known[i]));
    return fine;
}

static void feed(xmlParserCtxtPtr parser, struct text t)
{
    int failed = 0;
    while (t.n > 0 && failed == 0) {
        struct text piece = text_first(t, PIECE);
        failed = xmlParseChunk(parser, piece.p, (int)piece.n, 0);
        t = text_from(t, piece.n);
    }
    (void)xmlParseChunk(parser, NULL, 0, 1);
}

static bool judge(const struct xml_reader *r, struct fetch_answer *a)
{
    if (r->has_doctype)
        answer_fail(a, FETCH_WRONG_TYPE, "XML with a DOCTYPE is not accepted: remove it");
    else if (r->too_deep)
        answer_fail(a, FETCH_WRONG_TYPE, "its XML is nested deeper than %d levels", XML_DEPTH_MAX);
    else if (r->parser->errNo == XML_ERR_NO_MEMORY)
        answer_fail(a, FETCH_TOO_LARGE, "reading it needs more memory than it may have");
    else if (r->failed)
        answer_fail(a, FETCH_WRONG_TYPE, "it is not well-formed XML: line %d: %s", r->line, r->problem);
    else if (!r->parser->wellFormed || !r->has_root)
        answer_fail(a, FETCH_WRONG_TYPE, "it is not well-formed XML");
    else
        return true;
    return false;
}

bool xml_read(struct text t, struct xml_root *out, struct fetch_answer *a)
{
    if (!is_known_encoding(t)) {
        answer_fail(a, FETCH_WRONG_TYPE, "its XML is in another encoding than UTF-8 or UTF-16");
        return false;
    }
    struct xml_reader r = {.parser = NULL};
    xmlSAXHandler handler = {
        .initialized = XML_SAX2_MAGIC,
        .internalSubset = on_doctype,
        .resolveEntity = no_input,
        .getEntity = no_entity,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .serror = on_problem,
    };
    OWNED(xmlFreeParserCtxt) xmlParserCtxt *parser = xmlCreatePushParserCtxt(&handler, &r, NULL, 0, NULL);
    if (!parser) {
        answer_fail(a, FETCH_TOO_LARGE, "reading it needs more memory than it may have");
        return false;
    }
    r.parser = parser;
    /* No XML_PARSE_NOENT, no XML_PARSE_DTDLOAD, no XML_PARSE_HUGE. */
    (void)xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    feed(parser, t);
    if (!judge(&r, a))
        return false;
    *out = r.root;
    return true;
}
