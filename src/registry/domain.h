/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Shared by the files behind registry.h only. */

#include <pthread.h>
#include <stdatomic.h>

#include "registry/bundle_details.h"
#include "registry/details.h"
#include "registry/registry.h"
#include "registry/specification.h"

/* Somebody else was quicker: so often a change that named no revision is tried again. */
#define CHANGE_ATTEMPTS 5

#define FETCHES_MAX 16 /* the largest registry.fetches */

/* What outlives a reload: counted, freed with the last registry that uses it. */
struct registry_shared {
    atomic_uint references;
    pthread_mutex_t lock;
    const struct registry_key *jobs[FETCHES_MAX]; /* lock; whose are at the fetcher now, borrowed meanwhile */
    unsigned job_count;                           /* lock */
    struct key_pool *keys;
};

struct registry {
    struct registry_settings settings; /* texts are `algorithm` and `cluster_namespace` */
    struct registry_parts parts;
    struct registry_shared *shared;
    char *algorithm, *cluster_namespace; /* owned */
};

/* ---- words.c: messages and audit ---- */

/* User and password of every URL in `in` become asterisks (contract 1.3: "scheme", "***:***@host"). In
 * the arena, or `in` itself when there is nothing to hide. {NULL, 0} when out of memory. */
struct text url_credentials_hidden(struct text in, struct arena *a);
/* Of one URL that is good: what stands in its authority alone. */
struct text url_user_hidden(struct text url, struct arena *a);
/* E_INVALID about the description itself: the whole message for in->out_refusal, its beginning for `err`. */
struct status description_refused(const struct registry_input *in, struct text message, struct error *err);
/* Why there is no such service: E_NOT_FOUND with "Application X not found" or "Service with ID I not found".
 * *out_no_application may be NULL. */
struct status service_missing(struct registry *r, const struct registry_key *key, bool *out_no_application,
                              struct error *err);
/* The same behind "Reading service with ID I failed, ". */
struct status service_unreadable(struct registry *r, const struct registry_key *key, struct error *err);
/* The same without a look at the application. */
struct status service_not_there(struct text id, struct error *err);
/* {"name":...,"credentials":"basic"}: the detail of an audit row. Never a value of a secret. */
void audit_detail_write(const struct service *row, struct buffer *out);
/* `detail` as written above; subject and texts borrow from `row` and `id_text`. */
struct audit_entry service_audit(const struct audit_caller *caller, struct text action,
                                 const struct service *row, struct text id_text, struct text detail,
                                 int64_t now);
/* A status of the store about a write with that entry: E_DENIED gets its text, all else is passed on. */
struct status service_unwritten(struct status s, struct error *err);
/* After the commit: what was remembered about the service, and about which service of its application has a
 * name, is no longer good. */
void service_announce(struct registry *r, const struct registry_key *key);
/* The same for one that nobody can be calling yet: no front is woken to look at what runs. */
void service_announce_new(struct registry *r, const struct registry_key *key);

/* ---- description.c: from a description to a row ---- */

/* The contract's rules and ours (validate.h), before anything else is looked at. */
struct status description_check(const struct registry_input *in, struct arena *a, struct error *err);
/* What `d` and, unless it is NULL, `more` say of the row, with the label connected-app; texts borrow from
 * `d`, `key` and the arena. Specifications, revision, times, role and bundle are left alone (zero).
 * *out_detail is the audit row's. */
struct status service_row_of(const struct registry_key *key, const struct service_details *d,
                             const struct bundle_details *more, struct arena *a, struct service *out,
                             struct text *out_detail);

/* ---- download.c: jobs for the fetcher ---- */

/*
 * Both give E_AGAIN while registry.fetches are under way, or half of them for the application of `key`: one
 * whose servers are slow leaves the others their turn.
 */

/* GET of the API's specification. *out_answer is FETCH_FINE on success; messages as contract 1.8. `kept` says
 * that the request comes from what is stored, where credentials for a specification are not. */
struct status specification_download(struct registry *r, const struct registry_key *key,
                                     const struct api_details *api, struct text url, bool kept,
                                     struct fetch_answer *out_answer, struct error *err);
/* The same GET for whoever takes another outcome than FETCH_FINE, too: it is in *out_answer. */
struct status document_download(struct registry *r, const struct registry_key *key,
                                const struct api_details *api, struct text url,
                                struct fetch_answer *out_answer, struct error *err);
/* A document that was sent as text: its format, or FETCH_... with a reason in *out_answer. */
struct status specification_examine(struct registry *r, const struct registry_key *key, struct text document,
                                    struct text claim, struct fetch_answer *out_answer, struct error *err);

/* ---- specification_plan.c: which specifications a change writes ---- */

struct specification_plan {
    bool replaces; /* false: what is stored stays (contract 1.11) */
    struct specification_ref refs[SPECIFICATION_SLOTS];
    struct specification_row rows[SPECIFICATION_SLOTS]; /* packed points into `packed` */
    struct buffer packed[SPECIFICATION_SLOTS];
};
void specification_plan_release(struct specification_plan *p); /* accepts a zeroed one */
OWNABLE_VALUE(struct specification_plan, specification_plan_release);

/* Checks, downloads (not in a dry run) and packs what `in` brings; `out` is zeroed. Never call it with
 * anything held. */
struct status specification_plan_make(struct registry *r, const struct registry_key *key,
                                      const struct registry_input *in, struct arena *a,
                                      struct specification_plan *out, struct error *err);
/* One slot; `content` is kept as it is. */
struct status specification_plan_put(struct specification_plan *p, enum specification_slot slot,
                                     struct text content, enum specification_format format,
                                     int64_t fetched_at);
enum specification_format specification_format_of(enum fetch_format f);
/* Whether a specification of `in` costs a job at the fetcher. */
bool specification_is_foreign(const struct registry_input *in, struct arena *a);
/* Into a change; `w` borrows from the plan. `old` is the row before it, NULL for a new one. */
void specification_plan_apply(const struct specification_plan *p, const struct service *old,
                              struct service_write *w);

/* ---- stored.c: a service as it is in the store, opened ---- */

struct stored_service {
    struct service row; /* in the arena */
    struct service_secret secrets[SECRET_SLOTS];
    struct secret_data data[SECRET_SLOTS]; /* opened; empty when not present */
};
void stored_service_release(struct stored_service *s); /* wipes; accepts a zeroed one */
OWNABLE_VALUE(struct stored_service, stored_service_release);

/* Messages as registry_find. `out` is zeroed. */
struct status stored_service_get(struct registry *r, const struct registry_key *key, struct arena *a,
                                 struct stored_service *out, struct error *err);
/* NULL when the service has none in that slot. */
const struct secret_data *stored_secret(const struct stored_service *s, enum secret_slot slot);
/* What people see, without anything that is masked; `credentials` and `parameters` may be NULL and are not
 * borrowed from. */
struct status view_make(const struct service *row, const struct secret_data *credentials,
                        const struct secret_data *parameters, bool by_hand, struct arena *a,
                        struct registry_view *out);

/* Sealing under the identity of the secret's place. `out` is initialised here. */
struct status secret_seal(struct registry *r, const struct registry_key *key, enum secret_slot slot,
                          bool history, const struct secret_data *data, struct buffer *out);
/* `out` is zeroed; E_BROKEN when it was sealed for another place or damaged. */
struct status secret_unseal(struct registry *r, struct text tenant, const uint8_t id[static SERVICE_ID_SIZE],
                            enum secret_slot slot, bool history, struct bytes sealed, struct secret_data *out,
                            struct error *err);
/* Same keys with the same values, whatever their order. */
bool secret_data_equal(const struct secret_data *a, const struct secret_data *b);

/* ---- managed.c: rows that the Director manages (bundle.h) ---- */

/* DONE for what was registered as one service; E_CONFLICT in the other faces' words. */
struct status director_manages(struct registry *r, const struct service *row, struct error *err);

/* ---- secret_plan.c: what a change does to a service's secrets ---- */

struct secret_plan {
    struct secret_write write;       /* borrows from `sealed` and `history` */
    const struct secret_data *after; /* what is there once it is written; NULL = none */
    bool by_hand;                    /* of what is there then */
    struct secret_data fresh;
    struct buffer sealed, history;
};
void secret_plan_release(struct secret_plan *p); /* wipes; accepts a zeroed one */
OWNABLE_VALUE(struct secret_plan, secret_plan_release);

/*
 * The rules of contract 1.11 for one slot; `old` is NULL for a new service and must outlive the plan. A mask
 * with nothing behind it is E_INVALID. A dry run makes no key and seals nothing. `out` is zeroed.
 */
struct status secret_plan_make(struct registry *r, const struct registry_key *key, enum secret_slot slot,
                               const struct registry_input *in, const struct stored_service *old,
                               struct arena *a, struct secret_plan *out, struct error *err);
/* CREDENTIAL_MASK where a service that has `stored` has nothing to keep: E_INVALID. For refusing early. */
struct status masks_check(const struct registry_input *in, enum credential_kind stored, struct arena *a,
                          struct error *err);
/* Puts `plan->fresh` in place of what is there. The pair of a person goes to the history. */
struct status secret_plan_put(struct registry *r, const struct registry_key *key, enum secret_slot slot,
                              const struct stored_service *old, struct secret_plan *plan);
