/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Borrowed slices. `struct bytes` for binary data, `struct text` for characters; neither owns, neither is NUL
 * terminated. {NULL, 0} is the empty slice. They are passed by value.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *p;
    size_t n;
};

struct text {
    const char *p;
    size_t n;
};

#define TEXT(literal) ((struct text){("" literal), sizeof(literal) - 1})
/* For static initialisers. */
/* clang-format off */
#define TEXT_INIT(literal) {("" literal), sizeof(literal) - 1}
/* clang-format on */
/* printf("%.*s", TEXT_ARG(t)); evaluates t twice */
#define TEXT_ARG(t)     (int)(t).n, (t).p ? (t).p : ""
#define BYTES_OF(array) ((struct bytes){(const uint8_t *)(array), sizeof(array)})

static inline struct text text_of(const char *s) /* NULL is the empty text */
{
    return (struct text){s, s ? strlen(s) : 0};
}
static inline struct bytes text_bytes(struct text t)
{
    return (struct bytes){(const uint8_t *)t.p, t.n};
}
static inline struct text bytes_text(struct bytes b)
{
    return (struct text){(const char *)b.p, b.n};
}

/* Names of fields are compared a hundred times per request, and nearly all differ in length: what is inline
 * here is so for that. */
bool bytes_equal(struct bytes a, struct bytes b); /* not constant time: never for secrets */
bool text_same(const char *a, const char *b, size_t n);
static inline bool text_equal(struct text a, struct text b)
{
    return a.n == b.n && text_same(a.p, b.p, a.n);
}
bool text_same_nocase(const char *a, const char *b, size_t n); /* ASCII case only */
static inline bool text_equal_nocase(struct text a, struct text b)
{
    return a.n == b.n && text_same_nocase(a.p, b.p, a.n);
}
int text_compare(struct text a, struct text b); /* as memcmp, shorter first */
bool text_starts_with(struct text t, struct text prefix);
bool text_ends_with(struct text t, struct text suffix);
bool text_contains(struct text t, char c);
/* Position of the first `c`, or t.n. */
size_t text_find(struct text t, char c);
/* From `from` (clamped) to the end; and at most `n` from the start. */
struct text text_from(struct text t, size_t from);
struct text text_first(struct text t, size_t n);
/* Without leading and trailing SP and HTAB (RFC 9110 OWS). */
struct text text_trim(struct text t);
/*
 * Cuts at the first `separator`: returns what is before it and leaves the rest (without the separator) in *t.
 * Without one, returns all and leaves *t with p = NULL. Loop while (t.p).
 */
struct text text_cut(struct text *t, char separator);
/* Unsigned decimal, digits only, no sign, no blanks; false when empty or over `max`. */
bool text_to_u64(struct text t, uint64_t max, uint64_t *out);
/* UTF-8 as RFC 3629: no overlongs, no surrogates. */
bool text_is_utf8(struct text t);
/* Copies to out as a NUL-terminated string; false (out = "") when it does not fit or holds a NUL. */
bool text_to_cstr(struct text t, char *out, size_t out_size);
