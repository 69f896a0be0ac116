/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include "config/check.h"

#define PREFIX "FAIRLEAD_"

/*
 * Kubernetes gives every container FAIRLEAD_SERVICE_HOST, FAIRLEAD_PORT_8443_TCP and the like when a service
 * is named fairlead (or fairlead-store, ...): those are nobody's typing mistakes.
 */
static bool from_kubernetes(struct text name)
{
    static const struct text marks[] = {TEXT_INIT("_SERVICE_HOST"), TEXT_INIT("_SERVICE_PORT"),
                                        TEXT_INIT("_PORT_")};
    for (size_t m = 0; m < sizeof marks / sizeof marks[0]; m++)
        for (size_t i = 0; i + marks[m].n <= name.n; i++)
            if (text_starts_with(text_from(name, i), marks[m]))
                return true;
    return text_ends_with(name, TEXT("_PORT"));
}

static const struct setting *find_variable(struct text name)
{
    char variable[SETTING_VARIABLE_MAX];
    for (size_t i = 0; i < settings_schema_count; i++)
        if (text_equal(name, text_of(setting_variable(&settings_schema[i], variable))))
            return &settings_schema[i];
    return NULL;
}

/* FAIRLEAD_TOKEN_LENGHT -> token.lenght, whose first word is a section: a mistake worth stopping for. */
static struct status check_unknown(struct text name, struct error *err)
{
    char key[SETTING_KEY_MAX];
    struct text rest = text_from(name, sizeof PREFIX - 1);
    if (from_kubernetes(name) || !text_to_cstr(rest, key, sizeof key))
        return DONE;
    for (size_t i = 0; key[i]; i++)
        if (key[i] >= 'A' && key[i] <= 'Z')
            key[i] = (char)(key[i] - 'A' + 'a');
    size_t first = text_find(text_of(key), '_');
    if (!key[first] || !setting_is_section(text_first(text_of(key), first)))
        return DONE; /* not ours: FAIRLEAD_CONFIG, something of the operator's own */
    key[first] = '.';
    struct status s = loader_unknown(text_of(key), err);
    return error_wrap(err, s, "environment %.*s", TEXT_ARG(name));
}

struct status environment_read(struct loader *l, char *const *environment, struct error *err)
{
    for (; environment && *environment; environment++) {
        struct text value = text_of(*environment);
        struct text name = text_cut(&value, '=');
        if (!value.p || !text_starts_with(name, TEXT(PREFIX)) || !check_printable(name))
            continue;
        const struct setting *row = find_variable(name);
        if (row)
            TRY(loader_set(l, row, (struct origin){.source = SOURCE_ENVIRONMENT}, value, err));
        else
            TRY(check_unknown(name, err));
    }
    return DONE;
}
