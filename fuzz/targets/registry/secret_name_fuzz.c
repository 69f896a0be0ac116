/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers secret_name, secret_name_parse, secret_name_fits and resource_name (registry/secret_data.h). The
 * input is an application's name, a line feed and the name of a secret.
 * Properties: what is listed is found again, is UTF-8 when the application's name is, and belongs to one slot
 * alone; a whole name that fits says the id that it fits with.
 */

#include "registry/secret_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_listed(struct text application, const uint8_t *id, enum secret_slot slot)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 1 << 22);
    struct text listed = secret_name(slot, application, id, &a);
    struct text resource = resource_name(application, id, &a);
    must(listed.p && resource.p && resource.n <= 63);
    must(!text_is_utf8(application) || (text_is_utf8(listed) && text_is_utf8(resource)));
    must(secret_name_fits(listed, slot, application, id));
    must(!secret_name_fits(listed, slot == SECRET_PARAMETERS ? SECRET_CREDENTIALS : SECRET_PARAMETERS,
                           application, id));
    must(secret_name_fits(resource, SECRET_CREDENTIALS, application, id));
    enum secret_slot found;
    uint8_t found_id[SERVICE_ID_SIZE];
    must(secret_name_parse(listed, &found, found_id));
    must(found == slot && memcmp(found_id, id, SERVICE_ID_SIZE) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t other[SERVICE_ID_SIZE] = {0x55, 0x0e, 0x84, 0x00, 0xe2, 0x9b, 0x41, 0xd4,
                                                   0xa7, 0x16, 0x44, 0x66, 0x55, 0x44, 0x00, 0x00};
    struct text name = {(const char *)data, size};
    struct text application = text_cut(&name, '\n');
    if (application.n == 0)
        return 0;
    enum secret_slot slot;
    uint8_t id[SERVICE_ID_SIZE];
    bool parsed = secret_name_parse(name, &slot, id);
    check_listed(application, parsed ? id : other, SECRET_CREDENTIALS);
    check_listed(application, parsed ? id : other, SECRET_PARAMETERS);
    for (int i = 0; i < 2; i++) {
        enum secret_slot either = i ? SECRET_PARAMETERS : SECRET_CREDENTIALS;
        bool fits = secret_name_fits(name, either, application, other);
        must(!fits || !parsed || memcmp(id, other, sizeof id) == 0);
        must(!fits || name.n <= sizeof "params-app-" + application.n + SERVICE_ID_TEXT);
    }
    return 0;
}
