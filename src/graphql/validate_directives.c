/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/validate_internal.h"

#include "base/limits.h"

/* Directives are known, in a place of theirs, and once in it (October 2021, section 5.7). */

static const char *place_name(enum directive_place place)
{
    int i = 0;
    while ((1u << i) != (unsigned)place)
        i++;
    return directive_place_names[i];
}

static bool is_repeated(const struct graphql_directive *first, const struct graphql_directive *d)
{
    for (const struct graphql_directive *other = first; other != d; other = other->next) {
        if (text_equal(other->name, d->name))
            return true;
    }
    return false;
}

static void validate_directive(struct validation *v, struct graphql_directive *d, enum directive_place place)
{
    const struct schema_directive *found = schema_find_directive(v->schema, d->name);
    if (!found)
        validation_finding(v, d->at, "Unknown directive \"@%.*s\".", TEXT_ARG(d->name));
    else if (!(found->row->places & (unsigned)place))
        validation_finding(v, d->at, "Directive \"@%.*s\" may not be used on %s.", TEXT_ARG(d->name),
                           place_name(place));
    struct argument_owner owner = {
        .definitions = found ? &found->arguments : NULL, .kind = "directive", .name = d->name, .at = d->at};
    validate_arguments(v, &owner, d->arguments);
}

void validate_directives(struct validation *v, struct graphql_directive *directives,
                         enum directive_place place)
{
    int count = 0;
    for (struct graphql_directive *d = directives; d && validation_goes_on(v); d = d->next) {
        if (++count > LIMIT_GRAPHQL_DIRECTIVES) {
            validation_finding(v, d->at, "There can be at most %d directives in one place.",
                               LIMIT_GRAPHQL_DIRECTIVES);
            return;
        }
        if (is_repeated(directives, d))
            validation_finding(v, d->at, "The directive \"@%.*s\" can only be used once at this location.",
                               TEXT_ARG(d->name));
        validate_directive(v, d, place);
    }
}
