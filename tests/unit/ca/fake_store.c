/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_store.h"

static size_t find(const struct store *s, struct text name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (text_equal(text_of(s->blobs[i].name), name))
            return i;
    }
    return s->count;
}

static struct status put(struct store *s, struct text name, struct bytes value)
{
    size_t i = find(s, name);
    must(i < FAKE_BLOBS && value.n <= FAKE_SIZE);
    must(text_to_cstr(name, s->blobs[i].name, sizeof(s->blobs[i].name)));
    memcpy(s->blobs[i].value, value.p, value.n);
    s->blobs[i].size = value.n;
    if (i == s->count)
        s->count++;
    return DONE;
}

void fake_forget(struct store *s, const char *name)
{
    size_t i = find(s, text_of(name));
    must(i < s->count);
    s->blobs[i] = s->blobs[--s->count];
}

void fake_damage(struct store *s, const char *name, size_t at)
{
    size_t i = find(s, text_of(name));
    must(i < s->count && at < s->blobs[i].size);
    s->blobs[i].value[at] ^= 1;
}

struct status store_blob_get(struct store *s, struct text name, struct arena *a, struct bytes *out)
{
    size_t i = find(s, name);
    if (i == s->count)
        return STATUS(NOT_FOUND);
    *out = arena_bytes(a, (struct bytes){s->blobs[i].value, s->blobs[i].size});
    return out->p ? DONE : STATUS(NOMEM);
}

struct status store_blob_create(struct store *s, struct text name, struct bytes value,
                                const struct audit_entry *audit)
{
    if (s->fail_create)
        return (struct status){s->fail_create};
    if (find(s, name) < s->count)
        return STATUS(CONFLICT);
    s->audits += audit != NULL;
    return put(s, name, value);
}

static void turn_bits(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] ^= 0xff;
}

struct status vault_put(struct vault *v, struct store *s, struct text name, struct bytes plain,
                        const struct audit_entry *audit)
{
    (void)audit;
    if (v->fail_put)
        return (struct status){v->fail_put};
    TRY(put(s, name, plain));
    turn_bits(s->blobs[find(s, name)].value, plain.n);
    return DONE;
}

struct status vault_get(struct vault *v, struct store *s, struct text name, struct secret *out,
                        struct error *err)
{
    (void)v, (void)err;
    size_t i = find(s, name);
    if (i == s->count)
        return STATUS(NOT_FOUND);
    TRY(secret_copy(out, (struct bytes){s->blobs[i].value, s->blobs[i].size}));
    turn_bits(out->p, out->n);
    return DONE;
}
