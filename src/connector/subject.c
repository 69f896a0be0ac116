/* SPDX-License-Identifier: Apache-2.0 */
#include "connector/internal.h"

/* The five values beside the CN that a certificate for `h` has (contract 8.1). */
struct expected {
    struct text common_name, country, organization, unit, locality, province;
};

static struct expected expected_of(const struct connector *c, const struct connector_holder *h)
{
    const struct connector_settings *s = &c->settings;
    /* The Compass way: a system auth, and the configured values in every mode (its contract, 1.5). */
    const bool by_auth = kind_is_compass(h->kind);
    return (struct expected){
        .common_name = by_auth                    ? h->system_auth
                       : h->kind == TOKEN_RUNTIME ? TEXT(RUNTIME_COMMON_NAME)
                                                  : h->application,
        .country = s->country,
        .organization = s->central && !by_auth ? h->tenant : s->organization,
        .unit = s->central && !by_auth ? h->group : s->organizational_unit,
        .locality = s->locality,
        .province = s->province,
    };
}

struct text connector_subject_text(const struct connector *c, const struct connector_holder *h,
                                   struct arena *a)
{
    const struct expected e = expected_of(c, h);
    const bool unit_first = h->kind == TOKEN_REMOTE_ENVIRONMENT;
    const struct text first = unit_first ? e.unit : e.organization;
    const struct text second = unit_first ? e.organization : e.unit;
    return arena_printf(a, "%s=%.*s,%s=%.*s,L=%.*s,ST=%.*s,C=%.*s,CN=%.*s", unit_first ? "OU" : "O",
                        TEXT_ARG(first), unit_first ? "O" : "OU", TEXT_ARG(second), TEXT_ARG(e.locality),
                        TEXT_ARG(e.province), TEXT_ARG(e.country), TEXT_ARG(e.common_name));
}

/* Values that are configured empty are left out: an empty attribute is no valid DirectoryString (X.520). */
static void add_part(struct name *n, enum name_attribute attribute, struct text value)
{
    if (value.n == 0)
        return;
    n->parts[n->count] =
        (struct name_part){.attribute = attribute, .value = value, .rdn = (unsigned)n->count};
    n->count++;
}

struct status connector_subject_name(const struct connector *c, const struct connector_holder *h,
                                     struct arena *a, struct name *out)
{
    const struct expected e = expected_of(c, h);
    *out = (struct name){.parts = arena_array(a, 6, sizeof(struct name_part))};
    if (!out->parts)
        return STATUS(NOMEM);
    add_part(out, NAME_C, e.country);
    add_part(out, NAME_ST, e.province);
    add_part(out, NAME_L, e.locality);
    add_part(out, NAME_O, e.organization);
    add_part(out, NAME_OU, e.unit);
    add_part(out, NAME_CN, e.common_name);
    return DONE;
}

struct status subject_check(const struct connector *c, const struct connector_holder *h,
                            const struct name *subject, struct error *err)
{
    const struct expected e = expected_of(c, h);
    if (!text_equal(name_last(subject, NAME_CN), e.common_name))
        return error_set(err, E_INVALID, "%s",
                         h->kind == TOKEN_REMOTE_ENVIRONMENT ? "CSR: Invalid CName provided."
                                                             : "CSR: Invalid common name provided.");
    const struct {
        enum name_attribute attribute;
        struct text value;
        const char *what;
    } rows[] = {
        {NAME_C, e.country, "country"},           {NAME_O, e.organization, "organization"},
        {NAME_OU, e.unit, "organizational unit"}, {NAME_L, e.locality, "locality"},
        {NAME_ST, e.province, "province"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct text got = name_first(subject, rows[i].attribute);
        if (text_equal(got, rows[i].value))
            continue;
        return error_set(err, E_INVALID, "CSR: %s %s provided.", got.p ? "Invalid" : "No", rows[i].what);
    }
    return DONE;
}
