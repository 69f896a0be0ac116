/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The contract of store.h as a list of checks that runs over every backend; each is printed as "<backend>:
 * <check>". Every check gets a fresh, empty store and, when it ends, the store's own integrity check.
 */

#include "check.h"

#include "base/arena.h"
#include "store/store.h"

struct fixture {
    struct store *s;
    const char *backend; /* "sqlite", "memory" */
    char dir[40];        /* temporary, removed afterwards */
    char url[128];
    struct arena arena;
};

struct contract_check {
    const char *name;
    void (*run)(struct fixture *f);
    bool only_files; /* for backends that keep files */
};

extern const struct contract_check audit_checks[], application_checks[], token_checks[], certificate_checks[],
    certificate_list_checks[], blob_checks[], service_checks[], service_call_checks[],
    service_caller_checks[], service_named_checks[], service_list_checks[], secret_checks[],
    kept_secret_checks[], specification_checks[], service_race_checks[], durability_checks[],
    directory_checks[], bundle_checks[], instance_auth_checks[], subject_mapping_checks[],
    auth_purge_checks[], operator_checks[]; /* each ends with a NULL name */

void fixture_open(struct fixture *f);
void fixture_reopen(struct fixture *f); /* closes and opens the same data again */

/* ---- short forms ---- */

#define NOW      INT64_C(1790000000)
#define NO_AUDIT ((const struct audit_entry *)NULL)

struct audit_entry entry(const char *action);
#define AUDIT(what) (&(struct audit_entry){.at = NOW, .action = TEXT(what), .actor = TEXT("uid:1000")})

/* A digest that depends on n and looks random. */
struct digest {
    uint8_t p[SHA256_SIZE];
};
struct digest digest_of(unsigned n);
const char *hex_of(struct arena *a, const uint8_t *digest);

struct status make_application(struct fixture *f, const char *name);
struct token token_of(unsigned n, const char *application);
struct status make_token(struct fixture *f, unsigned n, const char *application);
/* Certificate n: fingerprint and serial follow from n; not_after is NOW + n unless changed. */
struct certificate certificate_of(struct fixture *f, unsigned n, const char *application);
struct status make_certificate(struct fixture *f, unsigned n, const char *application);

struct text token_id_of(struct fixture *f, unsigned n);
enum token_state token_state_of(struct fixture *f, unsigned n, int64_t now);
bool certificate_is_revoked(struct fixture *f, unsigned n);

/* Number of audit rows with this action. */
size_t audit_rows(struct fixture *f, const char *action);
struct store_counts counts_of(struct fixture *f);

/* A fingerprint_row that counts: ctx is a size_t. */
void count_fingerprint(void *ctx, const uint8_t fingerprint[static SHA256_SIZE]);
