/* SPDX-License-Identifier: Apache-2.0 */
#include "api/front/series.h"

#include <pthread.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/map.h"
#include "base/own.h"

struct call_series {
    pthread_mutex_t lock;
    struct slab *own;
    struct map numbers; /* name -> its struct slab_series_name */
};

static struct bytes name_of(const struct slab_series_name *n)
{
    return (struct bytes){(const uint8_t *)n->text, n->size};
}

struct status series_open(struct slab *own, struct call_series **out)
{
    struct call_series *s = mem_alloc(sizeof *s);
    if (!s)
        return STATUS(NOMEM);
    must(pthread_mutex_init(&s->lock, NULL) == 0);
    s->own = own;
    map_init(&s->numbers, SLAB_SERIES_MAX);
    const uint32_t named = atomic_load_explicit(&own->series_named, memory_order_acquire);
    for (uint32_t i = 0; i < named && i < SLAB_SERIES_MAX; i++) {
        struct slab_series_name *n = &own->series_names[i];
        if (n->size <= sizeof n->text && !status_ok(map_put(&s->numbers, name_of(n), n))) {
            series_close(s);
            return STATUS(NOMEM);
        }
    }
    *out = s;
    return DONE;
}

void series_close(struct call_series *s)
{
    if (!s)
        return;
    map_release(&s->numbers);
    (void)pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

/* Published once it is whole: a core that dies in between leaves a number that is given again. */
static struct slab_series_name *add(struct call_series *s, struct bytes name)
{
    const uint32_t next = atomic_load_explicit(&s->own->series_named, memory_order_relaxed);
    if (next >= SLAB_SERIES_MAX)
        return NULL;
    struct slab_series_name *n = &s->own->series_names[next];
    memcpy(n->text, name.p, name.n);
    n->size = (uint32_t)name.n;
    if (!status_ok(map_put(&s->numbers, name, n)))
        return NULL;
    atomic_store_explicit(&s->own->series_named, next + 1, memory_order_release);
    return n;
}

uint16_t series_number(struct call_series *s, struct text tenant, struct text application,
                       struct text service)
{
    if (!s || application.n == 0 || service.n == 0)
        return SLAB_SERIES_OTHER;
    OWNED(buffer_release) struct buffer name;
    buffer_init(&name, SLAB_SERIES_NAME_MAX);
    buffer_text(&name, tenant);
    buffer_byte(&name, '\0');
    buffer_text(&name, application);
    buffer_byte(&name, '\0');
    buffer_text(&name, service);
    if (!status_ok(buffer_status(&name)))
        return SLAB_SERIES_OTHER;
    pthread_mutex_lock(&s->lock);
    const struct slab_series_name *n = map_get(&s->numbers, buffer_bytes(&name));
    if (!n)
        n = add(s, buffer_bytes(&name));
    pthread_mutex_unlock(&s->lock);
    return n ? (uint16_t)(n - s->own->series_names) : SLAB_SERIES_OTHER;
}
