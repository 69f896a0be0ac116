/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/secret_data.h"

#include "base/utf8.h"

/*
 * The generations of names (contract 1.14, 1.19, 2.2). Kyma 1.0 to 1.6 said "app-{app}-{id}" with at most 22
 * octets of the application's name, later ones "{app}-{id}" with at most 26; a parameters' secret is named
 * "params-" and that, and what is longer than 64 octets was cut to 63, which takes the end of the id.
 * We list the uncut "app-{app}-{id}", which is what the tutorials print.
 */
#define PARAMS          "params-"
#define APP             "app-"
#define UNCUT           SIZE_MAX
#define CUT_1_2         22
#define CUT_1_15        26
#define PARAMS_KEPT_MAX 64 /* the original compares with 64, ... */
#define PARAMS_CUT_TO   63 /* ... then keeps 63 */

struct form {
    struct text prefix;
    size_t application_max; /* octets of the application's name */
    enum secret_slot slot;
    bool may_be_cut; /* the whole name, to 63 octets */
};
static const struct form forms[] = {
    {TEXT_INIT(APP), UNCUT, SECRET_CREDENTIALS, false},
    {TEXT_INIT(APP), CUT_1_2, SECRET_CREDENTIALS, false},
    {TEXT_INIT(""), UNCUT, SECRET_CREDENTIALS, false},
    {TEXT_INIT(""), CUT_1_15, SECRET_CREDENTIALS, false},
    {TEXT_INIT(PARAMS APP), UNCUT, SECRET_PARAMETERS, false},
    {TEXT_INIT(PARAMS APP), CUT_1_2, SECRET_PARAMETERS, true},
    {TEXT_INIT(PARAMS), UNCUT, SECRET_PARAMETERS, false},
    {TEXT_INIT(PARAMS), CUT_1_15, SECRET_PARAMETERS, true},
};

/* At most `max` octets. The original's names were ASCII; a character that the cut falls into goes as a whole.
 */
static struct text cut_name(struct text application, size_t max)
{
    if (application.n <= max)
        return application;
    size_t n = max;
    while (n > max - (UTF8_MAX - 1) && ((uint8_t)application.p[n] & 0xc0) == 0x80)
        n--;
    return text_first(application, n);
}

static bool takes(struct text *rest, struct text part)
{
    if (!text_starts_with(*rest, part))
        return false;
    *rest = text_from(*rest, part.n);
    return true;
}

/* Compared piece by piece: whoever asks may ask for a name of any length. */
static bool fits_form(struct text name, const struct form *f, struct text application, struct text id)
{
    struct text cut = cut_name(application, f->application_max);
    size_t whole = f->prefix.n + cut.n + 1 + id.n;
    if (f->may_be_cut && whole > PARAMS_KEPT_MAX)
        id = text_first(id, id.n - (whole - PARAMS_CUT_TO));
    return takes(&name, f->prefix) && takes(&name, cut) && takes(&name, TEXT("-")) && text_equal(name, id);
}

bool secret_name_fits(struct text name, enum secret_slot slot, struct text application,
                      const uint8_t id[static SERVICE_ID_SIZE])
{
    char buffer[SERVICE_ID_TEXT + 1];
    struct text id_text = service_id_text(id, buffer);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (forms[i].slot == slot && fits_form(name, &forms[i], application, id_text))
            return true;
    }
    return false;
}

bool secret_name_parse(struct text name, enum secret_slot *out_slot, uint8_t out_id[static SERVICE_ID_SIZE])
{
    uint8_t id[SERVICE_ID_SIZE];
    if (name.n < 1 + 1 + SERVICE_ID_TEXT)
        return false;
    struct text front = text_first(name, name.n - SERVICE_ID_TEXT); /* "...-" */
    if (front.p[front.n - 1] != '-' || !service_id_parse(text_from(name, front.n), id))
        return false;
    /* "params-<id>" is the credentials of an application named "params" */
    bool is_parameters = text_starts_with(front, TEXT(PARAMS)) && front.n > sizeof PARAMS;
    *out_slot = is_parameters ? SECRET_PARAMETERS : SECRET_CREDENTIALS;
    memcpy(out_id, id, sizeof id);
    return true;
}

static char *put(char *to, struct text part)
{
    memcpy(to, part.p, part.n);
    return to + part.n;
}

static struct text write_name(struct text prefix, struct text application, const uint8_t *id, struct arena *a)
{
    char buffer[SERVICE_ID_TEXT + 1];
    struct text id_text = service_id_text(id, buffer);
    size_t n = prefix.n + application.n + 1 + id_text.n;
    char *name = application.n > 0 ? arena_alloc(a, n) : NULL;
    if (!name)
        return (struct text){NULL, 0};
    char *end = put(put(put(put(name, prefix), application), TEXT("-")), id_text);
    must(end == name + n);
    return (struct text){name, n};
}

struct text secret_name(enum secret_slot slot, struct text application,
                        const uint8_t id[static SERVICE_ID_SIZE], struct arena *a)
{
    return write_name(slot == SECRET_PARAMETERS ? TEXT(PARAMS APP) : TEXT(APP), application, id, a);
}

struct text resource_name(struct text application, const uint8_t id[static SERVICE_ID_SIZE], struct arena *a)
{
    return write_name(TEXT(""), cut_name(application, CUT_1_15), id, a);
}
