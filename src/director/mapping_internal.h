/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Shared by the files about mappings in this directory only. */

#include "director/mapping.h"

/* What an entry's members are called where it was written. */
struct mapping_words {
    const char *subject, *consumer_type, *internal_consumer_id, *levels;
};

/* Checks an entry and gives it the form that is compared; id and times are the caller's. E_INVALID:
 * "<member>=<reason>". */
struct status mapping_read(const struct director_mapping_input *in, struct arena *a,
                           const struct mapping_words *words, struct subject_mapping *out, struct error *err);
