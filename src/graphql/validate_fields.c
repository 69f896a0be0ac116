/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/validate_internal.h"

/* Fields exist, have a selection exactly when their type has fields (October 2021, section 5.3). */

static void unknown_field(struct validation *v, const struct graphql_selection *field,
                          const struct schema_type *parent)
{
    struct text suggestion = validation_suggestion(v, field->name, &parent->field_names);
    validation_finding(v, field->at, "Cannot query field \"%.*s\" on type \"%.*s\".%.*s",
                       TEXT_ARG(field->name), TEXT_ARG(parent->name), TEXT_ARG(suggestion));
}

static void check_leaf(struct validation *v, const struct graphql_selection *field)
{
    const struct schema_type *type = field->field->type->named;
    if (kind_is_composite(type->kind) && !field->selections)
        validation_finding(v, field->at,
                           "Field \"%.*s\" of type \"%s\" must have a selection of subfields. Did you mean "
                           "\"%.*s { ... }\"?",
                           TEXT_ARG(field->name), validation_type_text(v, field->field->type),
                           TEXT_ARG(field->name));
    if (!kind_is_composite(type->kind) && field->selections)
        validation_finding(v, field->at,
                           "Field \"%.*s\" must not have a selection since type \"%.*s\" has no subfields.",
                           TEXT_ARG(field->name), TEXT_ARG(type->name));
}

static void validate_field(struct validation *v, struct graphql_selection *field,
                           const struct schema_type *parent, int depth)
{
    const struct schema_field *found = parent ? schema_find_field(v->schema, parent, field->name) : NULL;
    if (parent && !found)
        unknown_field(v, field, parent);
    field->field = found;
    struct argument_owner owner = {.definitions = found ? &found->arguments : NULL,
                                   .kind = "field",
                                   .in = parent ? parent->name : (struct text){NULL, 0},
                                   .name = field->name,
                                   .at = field->at};
    validate_arguments(v, &owner, field->arguments);
    validate_directives(v, field->directives, PLACE_FIELD);
    if (found)
        check_leaf(v, field);
    const struct schema_type *type = found ? found->type->named : NULL;
    field->type = type;
    if (field->selections)
        validate_selections(v, field->selections, type && kind_is_composite(type->kind) ? type : NULL,
                            depth + 1);
}

/* Recursion: the parser bounds how deep selections nest (LIMIT_GRAPHQL_DEPTH). */
void validate_selections(struct validation *v, struct graphql_selection *selections,
                         const struct schema_type *type, int depth)
{
    if (depth > v->height)
        v->height = depth;
    for (struct graphql_selection *s = selections; s && validation_goes_on(v); s = s->next) {
        switch (s->kind) {
        case GRAPHQL_SELECT_FIELD:
            validate_field(v, s, type, depth);
            break;
        case GRAPHQL_SELECT_FRAGMENT:
            validate_directives(v, s->directives, PLACE_FRAGMENT_SPREAD);
            validate_spread(v, s, type, depth);
            break;
        case GRAPHQL_SELECT_INLINE:
            validate_directives(v, s->directives, PLACE_INLINE_FRAGMENT);
            validate_inline_fragment(v, s, type);
            validate_selections(v, s->selections, s->type, depth + 1);
            break;
        }
    }
}
