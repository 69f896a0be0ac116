/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The values that descriptions of services are made of, read from JSON that json_scan accepted: texts and
 * lists of them, parameters, labels. Used by decode.c for what clients send and by details.c for what is
 * stored. Each call leaves the cursor behind the value; null is the absent value. Texts borrow from the JSON
 * or, where they were escaped, from the arena.
 *
 * E_INVALID with the place and both types in the error; E_TOO_LARGE when the arena may not grow that far;
 * E_NOMEM.
 */

#include "base/arena.h"
#include "base/error.h"
#include "base/json_cursor.h"
#include "registry/service.h"

/* Names of parameters, values, labels, tags and documents of one description. The rules of a registration
 * allow far fewer (validate.h); this one bounds the work until they are asked. */
#define DECODE_ITEMS_MAX 4096

struct decoding {
    struct arena *a;
    struct error *err;
    unsigned flags;      /* enum decode_flags */
    unsigned items_left; /* of DECODE_ITEMS_MAX */
};

/* Where a value is, for messages: "api.requestParameters.headers.X-A[2]". */
struct place {
    const struct place *up; /* NULL at the top */
    struct text name;       /* raw, without quotes */
    size_t index;           /* in an array, when `name` is {NULL, 0} */
};
struct text name_of_key(struct text raw_key); /* without its quotes */
#define PLACE_TEXT 256
/* Over-long names are cut; borrows from `out`. */
const char *place_text(const struct place *at, char out[static PLACE_TEXT]);
/* "a number", "an object", ... */
const char *type_in_words(enum json_type t);
/* "<place> must be <wanted>, not a number". */
struct status refuse_type(struct decoding *d, const struct place *at, const char *wanted, enum json_type got);

struct status decode_text(struct decoding *d, const struct place *at, struct json_cursor *c,
                          struct text *out);
/* An array of strings; null among them is the empty string, as in the original. */
struct status decode_texts(struct decoding *d, const struct place *at, struct json_cursor *c,
                           const struct text **out, size_t *out_count, bool *out_given);
/* Object of arrays of strings. Sets *out_given, if it is not null, and leaves it alone otherwise. */
struct status decode_parameters(struct decoding *d, const struct place *at, struct json_cursor *c,
                                struct parameter_list *out, bool *out_given);
struct status decode_labels(struct decoding *d, const struct place *at, struct json_cursor *c,
                            const struct label **out, size_t *out_count);
/* Counts the items of the container the cursor is on, against DECODE_ITEMS_MAX; then an array for them. */
struct status decode_array(struct decoding *d, const struct place *at, const struct json_cursor *c,
                           size_t item_size, void **out);
