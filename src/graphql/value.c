/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/value.h"

#include "graphql/schema.h"

const struct graphql_given *graphql_given_member(const struct graphql_given *object, const char *name)
{
    static const struct graphql_given nothing = {.kind = GRAPHQL_GIVEN_NOTHING};
    for (size_t i = 0; object->kind == GRAPHQL_GIVEN_OBJECT && i < object->count; i++) {
        if (strcmp(object->inputs[i].name, name) == 0)
            return &object->items[i];
    }
    return &nothing;
}

static struct status text_item(struct graphql_call *call, const void *items, size_t index,
                               struct graphql_value *out)
{
    (void)call;
    *out = graphql_text(((const struct text *)items)[index]);
    return DONE;
}

struct graphql_value graphql_texts(const struct text *texts, size_t count)
{
    return graphql_list(text_item, texts, count);
}
