/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/validate_internal.h"

/* Variables are defined once, of input types, used, and used where their type fits (October 2021,
 * section 5.8). */

static void check_unique(struct validation *v, const struct graphql_variable *first,
                         const struct graphql_variable *variable)
{
    for (const struct graphql_variable *other = first; other != variable; other = other->next) {
        if (text_equal(other->name, variable->name)) {
            validation_finding(v, variable->at, "There can be only one variable named \"$%.*s\".",
                               TEXT_ARG(variable->name));
            return;
        }
    }
}

static struct text written_name(const struct graphql_written_type *type)
{
    while (type->list_of)
        type = type->list_of;
    return type->name;
}

static void check_type(struct validation *v, struct graphql_variable *variable)
{
    struct status s = type_ref_find(v->schema, variable->type, v->arena, &variable->ref);
    if (s.code == E_NOMEM)
        v->stop = E_NOMEM;
    if (s.code == E_NOT_FOUND) {
        struct text name = written_name(variable->type);
        struct text suggestion = validation_suggestion(v, name, &v->schema->type_names, "");
        validation_finding(v, variable->at, "Unknown type \"%.*s\".%.*s", TEXT_ARG(name),
                           TEXT_ARG(suggestion));
    }
    if (!status_ok(s))
        return;
    if (kind_is_input(variable->ref->named->kind))
        return;
    validation_finding(v, variable->at, "Variable \"$%.*s\" cannot be non-input type \"%s\".",
                       TEXT_ARG(variable->name), validation_type_text(v, variable->ref));
    variable->ref = NULL;
}

void validate_variable_definitions(struct validation *v, struct graphql_operation *operation)
{
    for (struct graphql_variable *i = operation->variables; i && validation_goes_on(v); i = i->next) {
        check_unique(v, operation->variables, i);
        check_type(v, i);
        if (i->ref && i->initial)
            validate_value(v, i->initial, i->ref, NULL);
        validate_directives(v, i->directives, PLACE_VARIABLE_DEFINITION);
    }
}

static struct graphql_variable *find_variable(struct validation *v, const struct graphql_operation *operation,
                                              struct text name)
{
    struct graphql_variable *i = operation->variables;
    while (i && !text_equal(i->name, name) && validation_charge(v, 1))
        i = i->next;
    return i;
}

/* AreTypesCompatible(), section 5.8.5. */
static bool is_compatible(const struct type_ref *variable, const struct type_ref *place)
{
    for (;;) {
        if (place->kind == TYPE_NON_NULL) {
            if (variable->kind != TYPE_NON_NULL)
                return false;
            place = place->of;
            variable = variable->of;
        } else if (variable->kind == TYPE_NON_NULL) {
            variable = variable->of;
        } else if (place->kind == TYPE_LIST && variable->kind == TYPE_LIST) {
            place = place->of;
            variable = variable->of;
        } else {
            return place->kind == variable->kind && place->named == variable->named;
        }
    }
}

/* IsVariableUsageAllowed(): where a default stands in, null does not reach the place unless it is sent. */
static bool is_allowed(const struct graphql_variable *variable, const struct variable_use *use)
{
    const struct type_ref *place = use->expected;
    if (place->kind == TYPE_NON_NULL && variable->ref->kind != TYPE_NON_NULL) {
        bool has_default = variable->initial && variable->initial->kind != GRAPHQL_LITERAL_NULL;
        if (!has_default && !use->has_default)
            return false;
        place = place->of;
    }
    return is_compatible(variable->ref, place);
}

static void undefined_variable(struct validation *v, const struct graphql_operation *operation,
                               const struct variable_use *use)
{
    if (operation->name.p)
        validation_finding(v, use->at->at, "Variable \"$%.*s\" is not defined by operation \"%.*s\".",
                           TEXT_ARG(use->at->text), TEXT_ARG(operation->name));
    else
        validation_finding(v, use->at->at, "Variable \"$%.*s\" is not defined.", TEXT_ARG(use->at->text));
}

static void check_uses(struct validation *v, const struct graphql_operation *operation,
                       const struct variable_use *uses)
{
    for (const struct variable_use *use = uses; use && validation_charge(v, 1); use = use->next) {
        struct graphql_variable *variable = find_variable(v, operation, use->at->text);
        if (!variable) {
            if (validation_goes_on(v))
                undefined_variable(v, operation, use);
            continue;
        }
        variable->used = true;
        if (variable->ref && use->expected && !is_allowed(variable, use))
            validation_finding(v, use->at->at,
                               "Variable \"$%.*s\" of type \"%s\" used in position expecting type \"%s\".",
                               TEXT_ARG(variable->name), validation_type_text(v, variable->ref),
                               validation_type_text(v, use->expected));
    }
}

/* Recursion: no more than LIMIT_GRAPHQL_DEPTH fragments are inside one another (validate_fragments.c). */
static void check_fragments(struct validation *v, const struct graphql_operation *operation,
                            const struct fragment_use *spreads)
{
    for (const struct fragment_use *use = spreads; use && validation_charge(v, 1); use = use->next) {
        struct graphql_fragment *f = use->fragment;
        if (f->seen == v->walk)
            continue;
        f->seen = v->walk;
        check_uses(v, operation, f->uses);
        check_fragments(v, operation, f->spreads);
    }
}

static void unused_variable(struct validation *v, const struct graphql_operation *operation,
                            const struct graphql_variable *variable)
{
    if (operation->name.p)
        validation_finding(v, variable->at, "Variable \"$%.*s\" is never used in operation \"%.*s\".",
                           TEXT_ARG(variable->name), TEXT_ARG(operation->name));
    else
        validation_finding(v, variable->at, "Variable \"$%.*s\" is never used.", TEXT_ARG(variable->name));
}

void validate_variable_uses(struct validation *v)
{
    for (const struct graphql_operation *o = v->document->operations; o && validation_goes_on(v);
         o = o->next) {
        v->walk++;
        check_uses(v, o, o->uses);
        check_fragments(v, o, o->spreads);
        for (const struct graphql_variable *i = o->variables; i && validation_goes_on(v); i = i->next) {
            if (!i->used)
                unused_variable(v, o, i);
        }
    }
}
