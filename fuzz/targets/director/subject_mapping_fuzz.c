/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers name_from_rfc4514 (x509/name.h), director_subject_form and director_mappings_read
 * (director/mapping.h). Properties: the form of a name, of a mapping or of a certificate, is read again, is
 * its own form, and has the name's attributes but ST, no fewer and no others.
 */

#include "director/mapping.h"
#include "x509/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How often the attribute stands in the name. */
static size_t count(const struct name *n, enum name_attribute attribute, struct text value)
{
    size_t found = 0;
    for (size_t i = 0; i < n->count; i++)
        found += n->parts[i].attribute == attribute && text_equal(n->parts[i].value, value);
    return found;
}

static void check_form(const struct name *n, struct arena *a)
{
    struct text form, again;
    struct name back;
    if (!status_ok(director_subject_form(n, a, &form, NULL)))
        return;
    must(status_ok(name_from_rfc4514(form, a, &back, NULL)));
    must(status_ok(director_subject_form(&back, a, &again, NULL)));
    must(text_equal(form, again));
    for (size_t i = 0; i < n->count; i++)
        must(n->parts[i].attribute == NAME_ST || count(n, n->parts[i].attribute, n->parts[i].value) ==
                                                     count(&back, n->parts[i].attribute, n->parts[i].value));
    for (size_t i = 0; i < back.count; i++)
        must(count(n, back.parts[i].attribute, back.parts[i].value) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(arena_release) struct arena a;
    OWNED(director_mappings_free) struct director_mappings *mappings = NULL;
    arena_init(&a, 4096, 4 << 20);
    const struct bytes in = {data, size};
    struct name n;
    if (status_ok(name_from_rfc4514(bytes_text(in), &a, &n, NULL)))
        check_form(&n, &a);
    if (status_ok(name_parse(in, &a, &n, NULL)))
        check_form(&n, &a);
    (void)director_mappings_read(bytes_text(in), &mappings, NULL);
    return 0;
}
