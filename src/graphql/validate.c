/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/validate.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "graphql/suggest.h"
#include "graphql/validate_internal.h"

#define MESSAGE_MAX 512

void *validation_alloc(struct validation *v, size_t size)
{
    void *p = arena_alloc(v->arena, size);
    if (!p)
        v->stop = E_NOMEM;
    return p;
}

static void add_finding(struct validation *v, uint32_t at, struct text message, const char *extensions)
{
    struct graphql_finding *f = validation_alloc(v, sizeof(*f));
    if (!f)
        return;
    *f = (struct graphql_finding){.problem = {message, at}, .extensions = extensions};
    *v->end = f;
    v->end = &f->next;
    if (++v->count == LIMIT_GRAPHQL_ERRORS)
        v->stop = E_INVALID;
}

void validation_finding(struct validation *v, uint32_t at, const char *fmt, ...)
{
    if (!validation_goes_on(v))
        return;
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    must(n >= 0);
    size_t length = (size_t)n < sizeof(message) ? (size_t)n : sizeof(message) - 1;
    struct text kept = arena_text(v->arena, (struct text){message, length});
    if (kept.p)
        add_finding(v, at, kept, NULL);
    else
        v->stop = E_NOMEM;
}

bool validation_absent(struct validation *v, uint32_t at, struct text type, struct text field)
{
    const struct graphql_absent *row = v->schema->tables.absent;
    while (row && row->type &&
           !(text_equal(field, text_of(row->field)) && text_equal(type, text_of(row->type))))
        row++;
    if (!row || !row->type)
        return false;
    if (validation_goes_on(v))
        add_finding(v, at, text_of(row->why), v->schema->tables.absent_extensions);
    return true;
}

bool validation_charge(struct validation *v, int steps)
{
    if (!validation_goes_on(v))
        return false;
    v->cost += steps;
    if (v->cost <= LIMIT_GRAPHQL_COST)
        return true;
    v->end = &v->first;
    v->count = 0;
    add_finding(v, 0, TEXT("The document is too complex to be validated."), NULL);
    if (v->stop != E_NOMEM)
        v->stop = E_TOO_LARGE;
    return false;
}

const char *validation_type_text(struct validation *v, const struct type_ref *type)
{
    struct text text = type_ref_text(type, v->arena);
    const char *kept = text.p ? arena_cstr(v->arena, text) : NULL;
    if (!kept)
        v->stop = E_NOMEM;
    return kept ? kept : "";
}

struct text validation_suggestion(struct validation *v, struct text what, const struct names *names,
                                  const char *kind)
{
    char words[MESSAGE_MAX];
    struct text suggestion = suggest(what, names, kind, words, sizeof(words));
    if (suggestion.n == 0)
        return TEXT("");
    struct text kept = arena_text(v->arena, suggestion);
    if (!kept.p)
        v->stop = E_NOMEM;
    return kept;
}

static const struct schema_type *root_type(const struct graphql_schema *schema,
                                           enum graphql_operation_kind kind)
{
    if (kind == GRAPHQL_QUERY)
        return schema->query;
    return kind == GRAPHQL_MUTATION ? schema->mutation : NULL;
}

static enum directive_place place_of(enum graphql_operation_kind kind)
{
    if (kind == GRAPHQL_QUERY)
        return PLACE_QUERY;
    return kind == GRAPHQL_MUTATION ? PLACE_MUTATION : PLACE_SUBSCRIPTION;
}

static void begin_definition(struct validation *v, struct variable_use **uses, struct fragment_use **spreads)
{
    v->uses = uses;
    v->spreads = spreads;
    v->height = 0;
}

static void walk_operation(struct validation *v, struct graphql_operation *o)
{
    static const char *const kinds[] = {"query", "mutation", "subscription"};
    begin_definition(v, &o->uses, &o->spreads);
    o->type = root_type(v->schema, o->kind);
    if (!o->type)
        validation_finding(v, o->at, "Schema does not support operation type \"%s\"", kinds[o->kind]);
    if (!o->name.p && v->document->operation_count > 1)
        validation_finding(v, o->at, "This anonymous operation must be the only defined operation.");
    validate_variable_definitions(v, o);
    validate_directives(v, o->directives, place_of(o->kind));
    validate_selections(v, o->selections, o->type, 1);
}

static void walk_fragment(struct validation *v, struct graphql_fragment *f)
{
    begin_definition(v, &f->uses, &f->spreads);
    validate_directives(v, f->directives, PLACE_FRAGMENT_DEFINITION);
    validate_selections(v, f->selections, f->type, 1);
    f->height = v->height;
}

static void name_operations(struct validation *v)
{
    struct keys keys = {.slots = NULL};
    int named = 0;
    for (const struct graphql_operation *o = v->document->operations; o && validation_goes_on(v);
         o = o->next) {
        int number;
        if (!o->name.p)
            continue;
        struct status s = keys_number(&keys, v->arena, o->name, &number);
        if (!status_ok(s))
            v->stop = s.code;
        else if (number < named)
            validation_finding(v, o->at, "There can be only one operation named \"%.*s\".",
                               TEXT_ARG(o->name));
        else
            named++;
    }
}

/* Strings with line breaks: only arguments that ask for wrapped base64 take them. */
static void refuse_broken_strings(struct validation *v)
{
    for (const struct graphql_literal *s = v->document->broken; s; s = s->next_broken) {
        if (s->may_break)
            continue;
        int line, column;
        graphql_position(v->document->source, s->at, &line, &column);
        validation_finding(v, s->at,
                           "Unexpected <Invalid>: Unterminated string. It begins in line %d and has a line "
                           "break: make base64 of one line "
                           "with `openssl base64 -A`, or put longer text between \"\"\" and \"\"\".",
                           line);
    }
}

static void run(struct validation *v)
{
    name_operations(v);
    validate_fragment_definitions(v);
    for (struct graphql_operation *o = v->document->operations; o && validation_goes_on(v); o = o->next)
        walk_operation(v, o);
    for (struct graphql_fragment *f = v->document->fragments; f && validation_goes_on(v); f = f->next)
        walk_fragment(v, f);
    if (validation_goes_on(v))
        validate_fragment_uses(v);
    if (validation_goes_on(v))
        validate_variable_uses(v);
    refuse_broken_strings(v);
    if (validation_goes_on(v) && v->count == 0)
        validate_overlaps(v);
}

struct status graphql_validate(const struct graphql_schema *schema, struct graphql_document *document,
                               struct arena *arena, const struct graphql_finding **out_findings)
{
    struct validation v = {.schema = schema, .document = document, .arena = arena, .stop = E_OK};
    v.end = &v.first;
    run(&v);
    if (v.stop == E_NOMEM)
        return STATUS(NOMEM);
    if (v.count == 0)
        return status_of(v.stop);
    *out_findings = v.first;
    return v.stop == E_TOO_LARGE ? STATUS(TOO_LARGE) : STATUS(INVALID);
}
