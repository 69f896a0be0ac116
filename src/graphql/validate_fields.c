/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/validate_internal.h"

#include "graphql/suggest.h"

/* Fields exist, have a selection exactly when their type has fields (October 2021, section 5.3). */

/* A few types, each once. */
struct few {
    struct text names[SUGGESTIONS_MAX];
    int count;
};

static void add_type(struct few *few, int from, const struct schema_type *type)
{
    int at = from;
    while (at < few->count && text_compare(few->names[at], type->name) < 0)
        at++;
    if (at == SUGGESTIONS_MAX || (at < few->count && text_equal(few->names[at], type->name)))
        return;
    if (few->count < SUGGESTIONS_MAX)
        few->count++;
    for (int i = few->count - 1; i > at; i--)
        few->names[i] = few->names[i - 1];
    few->names[at] = type->name;
}

static bool has_field(const struct schema_type *type, struct text name)
{
    return names_find(&type->field_names, name) >= 0;
}

/* On an interface or union: what has the field, interfaces first, each kind in the order of the alphabet. */
static struct few types_with_field(const struct schema_type *parent, struct text name)
{
    struct few few = {.count = 0};
    for (int i = 0; i < parent->possible_count; i++) {
        const struct schema_type *type = parent->possible[i];
        for (int j = 0; has_field(type, name) && j < type->interface_count; j++) {
            if (has_field(type->interfaces[j], name))
                add_type(&few, 0, type->interfaces[j]);
        }
    }
    int interfaces = few.count;
    for (int i = 0; i < parent->possible_count; i++) {
        if (has_field(parent->possible[i], name))
            add_type(&few, interfaces, parent->possible[i]);
    }
    return few;
}

static void unknown_field(struct validation *v, const struct graphql_selection *field,
                          const struct schema_type *parent)
{
    if (validation_absent(v, field->at, parent->name, field->name))
        return;
    char words[256];
    struct few few = types_with_field(parent, field->name);
    struct text suggestion =
        few.count ? suggest_names(few.names, few.count, " to use an inline fragment on", words, sizeof(words))
                  : validation_suggestion(v, field->name, &parent->field_names, "");
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
