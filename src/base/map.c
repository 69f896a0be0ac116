/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <endian.h>
#include <pthread.h>

#include "base/alloc.h"
#include "base/random.h"

#define CAPACITY_FIRST 16

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint8_t process_key[16]; /* drawn before the first entry of any map; constant from then on */

static void draw_key(void)
{
    random_bytes(process_key, sizeof(process_key));
}

static inline uint64_t rotate(uint64_t v, int by)
{
    return v << by | v >> (64 - by);
}

struct sip {
    uint64_t a, b, c, d;
};

static inline void sip_round(struct sip *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = rotate(s->b, 13) ^ s->a;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a = rotate(s->a, 32);
    s->c += s->b;
    s->a += s->d;
    s->b = rotate(s->b, 17) ^ s->c;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c = rotate(s->c, 32);
}

/* The 8 or fewer bytes at p, little-endian. */
static inline uint64_t load_word(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return le64toh(v);
}

static inline uint64_t load_rest(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

/* SipHash-1-3: one round per word, three at the end (Aumasson and Bernstein, 2012, with reduced rounds). */
uint64_t siphash(struct bytes key, const uint8_t secret[static 16])
{
    uint64_t k0 = load_word(secret);
    uint64_t k1 = load_word(secret + 8);
    struct sip s = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                    k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
    size_t whole = key.n & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8) {
        uint64_t word = load_word(key.p + i);
        s.d ^= word;
        sip_round(&s);
        s.a ^= word;
    }
    uint64_t last = (uint64_t)key.n << 56;
    if (key.n > whole)
        last |= load_rest(key.p + whole, key.n - whole);
    s.d ^= last;
    sip_round(&s);
    s.a ^= last;
    s.c ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}

void map_init(struct map *m, size_t max)
{
    *m = (struct map){.max = max};
}

void map_release(struct map *m)
{
    for (size_t i = 0; i < m->capacity; i++)
        mem_free((void *)(uintptr_t)m->entries[i].key.p);
    mem_free(m->entries);
    map_init(m, m->max);
}

/* The place of `key`, or the empty place (value NULL) where it belongs. At least one place is always empty.
 */
static size_t find(const struct map *m, struct bytes key, uint64_t hash)
{
    size_t mask = m->capacity - 1;
    size_t i = (size_t)hash & mask;
    while (m->entries[i].value) {
        if (m->entries[i].hash == hash && bytes_equal(m->entries[i].key, key))
            return i;
        i = (i + 1) & mask;
    }
    return i;
}

void *map_get(const struct map *m, struct bytes key)
{
    if (m->count == 0)
        return NULL;
    return m->entries[find(m, key, siphash(key, process_key))].value;
}

static struct status grow(struct map *m)
{
    size_t capacity = m->capacity ? m->capacity * 2 : CAPACITY_FIRST;
    struct map_entry *entries = mem_array(capacity, sizeof(*entries));
    if (!entries)
        return STATUS(NOMEM);
    for (size_t i = 0; i < m->capacity; i++) {
        if (!m->entries[i].value)
            continue;
        size_t to = (size_t)m->entries[i].hash & (capacity - 1);
        while (entries[to].value)
            to = (to + 1) & (capacity - 1);
        entries[to] = m->entries[i];
    }
    mem_free(m->entries);
    m->entries = entries;
    m->capacity = capacity;
    return DONE;
}

struct status map_put(struct map *m, struct bytes key, void *value)
{
    must(value);
    must(pthread_once(&once, draw_key) == 0);
    uint64_t hash = siphash(key, process_key);
    if (m->capacity > 0) {
        size_t i = find(m, key, hash);
        if (m->entries[i].value) {
            m->entries[i].value = value;
            return DONE;
        }
    }
    if (m->count >= m->max)
        return STATUS(TOO_LARGE);
    /* Three quarters full is where linear probing begins to walk. */
    if (m->count >= m->capacity / 4 * 3)
        TRY(grow(m));
    char *copy = mem_strndup((const char *)key.p, key.n);
    if (!copy)
        return STATUS(NOMEM);
    m->entries[find(m, key, hash)] = (struct map_entry){hash, {(const uint8_t *)copy, key.n}, value};
    m->count++;
    return DONE;
}

/* Moves later entries of the run back over the hole, so that no marker for removed entries is needed. */
static void close_hole(struct map *m, size_t hole)
{
    size_t mask = m->capacity - 1;
    for (size_t i = (hole + 1) & mask; m->entries[i].value; i = (i + 1) & mask) {
        size_t home = (size_t)m->entries[i].hash & mask;
        if (((i - home) & mask) < ((i - hole) & mask))
            continue; /* its home lies behind the hole */
        m->entries[hole] = m->entries[i];
        hole = i;
    }
    m->entries[hole] = (struct map_entry){.value = NULL};
}

void *map_remove(struct map *m, struct bytes key)
{
    if (m->count == 0)
        return NULL;
    size_t i = find(m, key, siphash(key, process_key));
    void *value = m->entries[i].value;
    if (!value)
        return NULL;
    mem_free((void *)(uintptr_t)m->entries[i].key.p);
    close_hole(m, i);
    m->count--;
    return value;
}

bool map_next(const struct map *m, size_t *cursor, struct bytes *out_key, void **out_value)
{
    while (*cursor < m->capacity) {
        const struct map_entry *entry = &m->entries[(*cursor)++];
        if (!entry->value)
            continue;
        *out_key = entry->key;
        *out_value = entry->value;
        return true;
    }
    return false;
}
