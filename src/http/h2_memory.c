/* SPDX-License-Identifier: Apache-2.0 */
#include "http/h2_memory.h"

#include "base/alloc.h"

static void *ng_malloc(size_t size, void *user_data)
{
    (void)user_data;
    return mem_resize(NULL, size, 1);
}

static void ng_free(void *p, void *user_data)
{
    (void)user_data;
    mem_free(p);
}

static void *ng_calloc(size_t count, size_t size, void *user_data)
{
    (void)user_data;
    return mem_array(count, size);
}

static void *ng_realloc(void *p, size_t size, void *user_data)
{
    (void)user_data;
    return mem_resize(p, size, 1);
}

nghttp2_mem *h2_memory(void)
{
    static nghttp2_mem memory = {NULL, ng_malloc, ng_free, ng_calloc, ng_realloc};
    return &memory;
}
