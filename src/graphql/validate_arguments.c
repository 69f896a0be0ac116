/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/validate_internal.h"

/* Arguments are known, given once, and given when required (October 2021, section 5.4). */

static void unknown_argument(struct validation *v, const struct argument_owner *owner,
                             const struct graphql_argument *a)
{
    struct text suggestion = validation_suggestion(v, a->name, &owner->definitions->names, "");
    if (owner->in.p)
        validation_finding(v, owner->at, "Unknown argument \"%.*s\" on %s \"%.*s.%.*s\".%.*s",
                           TEXT_ARG(a->name), owner->kind, TEXT_ARG(owner->in), TEXT_ARG(owner->name),
                           TEXT_ARG(suggestion));
    else
        validation_finding(v, owner->at, "Unknown argument \"%.*s\" on %s \"@%.*s\".%.*s", TEXT_ARG(a->name),
                           owner->kind, TEXT_ARG(owner->name), TEXT_ARG(suggestion));
}

/* Known arguments only: there are few of them, and each repetition is a finding, of which there are few as
 * well. */
static void check_unique(struct validation *v, const struct graphql_argument *first,
                         const struct graphql_argument *a)
{
    for (const struct graphql_argument *other = first; other != a; other = other->next) {
        if (other->definition == a->definition) {
            validation_finding(v, a->at, "There can be only one argument named \"%.*s\".", TEXT_ARG(a->name));
            return;
        }
    }
}

static void missing_argument(struct validation *v, const struct argument_owner *owner,
                             const struct schema_input *input)
{
    bool directive = !owner->in.p;
    validation_finding(v, owner->at,
                       "%s \"%s%.*s\" argument \"%s\" of type \"%s\" is required, but it was not provided.",
                       directive ? "Directive" : "Field", directive ? "@" : "", TEXT_ARG(owner->name),
                       input->row->name, validation_type_text(v, input->type));
}

static void check_required(struct validation *v, const struct argument_owner *owner,
                           const struct graphql_argument *arguments)
{
    for (int i = 0; i < owner->definitions->names.count; i++) {
        const struct schema_input *input = &owner->definitions->list[i];
        if (!input_is_required(input))
            continue;
        const struct graphql_argument *a = arguments;
        while (a && a->definition != input)
            a = a->next;
        if (!a)
            missing_argument(v, owner, input);
    }
}

void validate_arguments(struct validation *v, const struct argument_owner *owner,
                        struct graphql_argument *arguments)
{
    for (struct graphql_argument *a = arguments; a && validation_goes_on(v); a = a->next) {
        a->definition = owner->definitions ? schema_find_input(owner->definitions, a->name) : NULL;
        if (a->definition) {
            check_unique(v, arguments, a);
            validate_value(v, a->value, a->definition->type, a->definition);
        } else {
            if (owner->definitions)
                unknown_argument(v, owner, a);
            validate_unknown_value(v, a->value);
        }
    }
    if (owner->definitions)
        check_required(v, owner, arguments);
}
