/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Scope cleanup. OWNED(X509_free) X509 *cert = ...; frees on every exit; *out = TAKE(cert); hands it on.
 * OWNABLE(type, free_function) declares the pair once per file (or header) that uses it.
 * No function has both OWNED and goto.
 */

#include <assert.h>
#include <stddef.h>

#define OWNED(free_function) [[gnu::cleanup(free_function##_at)]]

#define OWNABLE(type, free_function)                                                                         \
    [[maybe_unused]] static inline void free_function##_at(type **p)                                         \
    {                                                                                                        \
        if (*p)                                                                                              \
            free_function(*p);                                                                               \
    }                                                                                                        \
    static_assert(true)

/* For values (not pointers): OWNED_VALUE(buffer_release) struct buffer b; */
#define OWNABLE_VALUE(type, release_function)                                                                \
    [[maybe_unused]] static inline void release_function##_at(type *p)                                       \
    {                                                                                                        \
        release_function(p);                                                                                 \
    }                                                                                                        \
    static_assert(true)

#define TAKE(p)                                                                                              \
    __extension__({                                                                                          \
        __typeof__(p) taken_ = (p);                                                                          \
        (p) = NULL;                                                                                          \
        taken_;                                                                                              \
    })
