/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Mappings of certificate subjects (the contract of Compass, 3.4): for whom a certificate of an external CA
 * speaks, and which tenants it reaches. A certificate of our own CA speaks for what it was issued to and is
 * never looked up here.
 *
 * Subjects are compared as names, not as text: all attributes but ST, whatever their order, exactly. A
 * certificate with an attribute that the mapping does not name (a DC, a serialNumber) is somebody else.
 *
 * Any thread; functions block. Results live in the caller's arena, or as said.
 */

#include "director/director.h"
#include "store/subject_mapping.h"

struct name;

#define MAPPING_SUBJECT_CHARACTERS 255
#define MAPPING_FILE_MAX           (1024u * 1024) /* bytes of auth.subject_mappings_file */
#define MAPPING_FILE_ENTRIES       1000
#define MAPPING_LEVELS             8

/*
 * The one form that equal subjects have: "CN=.., OU=.. (sorted), O=.., L=.., C=..", then whatever else is
 * there, sorted; without ST. E_INVALID: it has not exactly one CN, O, L and C and at least one OU, or an
 * attribute of a type that we have no name for; `err` says which.
 */
struct status director_subject_form(const struct name *n, struct arena *a, struct text *out,
                                    struct error *err);

/* ---- consumer types ---- */
struct consumer_type {
    struct text name;   /* "Integration System" */
    struct text scopes; /* what it may do, with single blanks between (contract 2.9); empty = nothing here */
};
const struct consumer_type *director_consumer_type(struct text name); /* exactly so written; NULL */

/* ---- mappings from a file ---- */
struct director_mappings;
/* A JSON list of {"subject", "consumer_type", "internal_consumer_id", "tenant_access_levels"}. E_INVALID
 * names the entry and what is wrong with it. */
struct status director_mappings_read(struct text json, struct director_mappings **out, struct error *err);
void director_mappings_free(struct director_mappings *m); /* accepts NULL */
OWNABLE(struct director_mappings, director_mappings_free);

/* The first whose subject equals the certificate's (a DER Name): of the file's (may be NULL), then the
 * store's. E_NOT_FOUND, also for a Name that no mapping can have. */
struct status director_mapping_find(struct store *s, const struct director_mappings *fixed,
                                    struct bytes subject, struct arena *a, struct subject_mapping *out);
/* May a caller of this mapping act in tenants of this type? */
bool director_mapping_reaches(const struct subject_mapping *m, struct text tenant_type);
bool director_mapping_is_global(const struct subject_mapping *m); /* ... or in none */

/* ---- mappings in the store: the call's tenant does not matter ---- */
struct director_mapping_input {
    struct text subject; /* RFC 4514 or "C = DE, O = X" */
    struct text consumer_type, internal_consumer_id;
    const struct text *levels;
    size_t level_count;
};
/* E_INVALID; E_CONFLICT: the subject has one. */
struct status director_mapping_create(const struct director_call *d, const struct director_mapping_input *in,
                                      struct subject_mapping *out);
/* Replaces all but the id; E_NOT_FOUND. */
struct status director_mapping_update(const struct director_call *d, struct text id,
                                      const struct director_mapping_input *in, struct subject_mapping *out);
struct status director_mapping_delete(const struct director_call *d, struct text id,
                                      struct subject_mapping *out);
struct status director_mapping_get(const struct director_call *d, struct text id,
                                   struct subject_mapping *out);
