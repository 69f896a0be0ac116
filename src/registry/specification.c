/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/specification.h"

#include <pthread.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/json_cursor.h"

/* In the store: never change a number. */
enum packing { PACKING_PLAIN = 0, PACKING_ZSTD = 1 };

/* Measured on OpenAPI documents: 2 KiB in 6 us to a third, 1 MiB in 1.2 ms to a ninth. Levels from 5 up cost
 * four times as much for a tenth less. The state that a thread keeps stays under 640 KiB whatever is packed.
 */
#define LEVEL 1

/* ---- zstd's state, one per thread: making it costs more than packing a small document ---- */

struct state {
    ZSTD_CCtx *packer;
    ZSTD_DCtx *unpacker;
};
static pthread_key_t state_key;
static pthread_once_t state_once = PTHREAD_ONCE_INIT;
static bool state_key_made;

static void state_free(void *p)
{
    struct state *s = p;
    ZSTD_freeCCtx(s->packer);
    ZSTD_freeDCtx(s->unpacker);
    mem_free(s);
}

static void make_key(void)
{
    state_key_made = pthread_key_create(&state_key, state_free) == 0;
}

/* NULL when out of memory. */
static struct state *state_of_thread(void)
{
    pthread_once(&state_once, make_key);
    if (!state_key_made)
        return NULL;
    struct state *s = pthread_getspecific(state_key);
    if (s)
        return s;
    s = mem_alloc(sizeof *s);
    if (s && pthread_setspecific(state_key, s) != 0) {
        mem_free(s);
        return NULL;
    }
    return s;
}

static ZSTD_CCtx *packer_of(struct state *s)
{
    if (s && !s->packer)
        s->packer = ZSTD_createCCtx();
    return s ? s->packer : NULL;
}

static ZSTD_DCtx *unpacker_of(struct state *s)
{
    if (s && !s->unpacker)
        s->unpacker = ZSTD_createDCtx();
    return s ? s->unpacker : NULL;
}

/* ---- packing ---- */

struct status specification_pack(struct bytes content, struct buffer *out, struct specification_row *row)
{
    *row = (struct specification_row){.packing = PACKING_PLAIN, .size = (int64_t)content.n};
    sha256(content, row->hash);
    ZSTD_CCtx *packer = packer_of(state_of_thread());
    if (!packer)
        return STATUS(NOMEM);
    uint8_t *to = buffer_reserve(out, content.n);
    TRY(buffer_status(out));
    /* No room for more than the content itself: what does not become shorter fails, and stays plain. */
    size_t n = content.n ? ZSTD_compressCCtx(packer, to, content.n - 1, content.p, content.n, LEVEL) : 0;
    if (content.n > 0 && !ZSTD_isError(n)) {
        row->packing = PACKING_ZSTD;
    } else {
        n = content.n;
        if (n > 0)
            memcpy(to, content.p, n);
    }
    buffer_commit(out, n);
    row->packed = (struct bytes){to, n};
    return DONE;
}

/* The frame says how large it is; nothing is written beyond `size`, whatever it then turns out to be. */
static bool unpack_zstd(struct bytes packed, uint8_t *to, size_t size)
{
    ZSTD_DCtx *unpacker = unpacker_of(state_of_thread());
    if (!unpacker || ZSTD_getFrameContentSize(packed.p, packed.n) != size ||
        ZSTD_findFrameCompressedSize(packed.p, packed.n) != packed.n)
        return false;
    const size_t n = ZSTD_decompressDCtx(unpacker, to, size, packed.p, packed.n);
    return !ZSTD_isError(n) && n == size;
}

struct status specification_unpack(const struct specification_row *row, struct buffer *out)
{
    if (row->size < 0 || (uint64_t)row->size > SIZE_MAX / 2)
        return STATUS(BROKEN);
    const size_t size = (size_t)row->size;
    uint8_t *to = buffer_reserve(out, size);
    TRY(buffer_status(out));
    bool good = false;
    if (row->packing == PACKING_PLAIN) {
        good = row->packed.n == size;
        if (good && size > 0)
            memcpy(to, row->packed.p, size);
    } else if (row->packing == PACKING_ZSTD) {
        good = unpack_zstd(row->packed, to, size);
    }
    uint8_t hash[SHA256_SIZE];
    if (good)
        sha256((struct bytes){to, size}, hash);
    if (!good || !bytes_equal(BYTES_OF(hash), BYTES_OF(row->hash)))
        return STATUS(BROKEN);
    buffer_commit(out, size);
    return DONE;
}

/* ---- where it comes from ---- */

enum specification_origin specification_origin(const struct api_details *api, struct arena *a,
                                               struct text *out_url)
{
    *out_url = (struct text){NULL, 0};
    if (!api->given)
        return ORIGIN_NONE;
    const struct json_cursor c = json_cursor_at(api->spec);
    if (api->spec.n > 0 && (api->spec_is_text || json_cursor_type(&c) != JSON_TYPE_NULL))
        return ORIGIN_INLINE;
    if (api->specification_url.n > 0) {
        *out_url = api->specification_url;
        return ORIGIN_URL;
    }
    if (!text_equal_nocase(api->api_type, TEXT("odata")))
        return ORIGIN_NONE;
    struct text target = api->target_url;
    if (text_ends_with(target, TEXT("/")))
        target.n--;
    *out_url = arena_printf(a, "%.*s/$metadata", TEXT_ARG(target));
    return ORIGIN_URL;
}
