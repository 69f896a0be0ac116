/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The registry's domain: what external systems offer, and how to authenticate to them. No HTTP here; the wire
 * shapes are in api/kyma and api/native.
 *
 * Any thread; functions block (store, key generation, specification download). Results live in the caller's
 * arena. Registration contacts nobody but the server of a specification: never the target, token or CSRF URL.
 *
 * Errors: E_INVALID (400), E_DENIED (403: the caller's certificate was revoked by the time of the write),
 * E_NOT_FOUND (404), E_CONFLICT (409; also a change of what the Director manages, "Service with ID I is part
 * of bundle B, which the Director manages: change it there"), E_CHANGED (412), E_UPSTREAM (502), and the
 * store's own. `message` texts of the contract come from here without the outer prefixes that one route puts
 * in front of another's
 * ("Updating I service failed, "); which those are says each function.
 *
 * After a change the order is: commit, bump PAGE_SERVICE of the id and PAGE_APPLICATION, return. A change or
 * a deletion also wakes the fronts, which end calls to a service that has gone; a new service wakes nobody.
 */

#include "base/arena.h"
#include "base/error.h"
#include "ca/ca.h"
#include "fetch/fetch.h"
#include "os/page.h"
#include "os/slab.h"
#include "registry/generated.h"
#include "registry/secret_data.h"
#include "registry/service.h"
#include "store/registry.h"
#include "vault/vault.h"

struct settings;
struct registry;

/* What a message repeats of a text that came from outside: its end, which says what is wrong, must fit into a
 * struct error behind two of the first or one of the second. */
#define SHOWN_ID_MAX         220 /* id of a service, name of an application */
#define SHOWN_IDENTIFIER_MAX 400

struct registry_settings {
    struct generated_settings generated;
    struct text cluster_namespace; /* registry.namespace: in host names of rewritten specifications */
    size_t specification_max;      /* registry.specification_bytes */
    unsigned fetch_timeout_ms;     /* registry.fetch_timeout */
    unsigned fetches_at_once;      /* more are told to come back (E_AGAIN) */
};
void registry_settings_from(const struct settings *from, struct registry_settings *out);

struct registry_parts {
    struct store *store;
    struct vault *vault;
    struct ca *ca;
    struct page *page;
    struct slab *slab;
    const struct fetch_client *fetcher;
    unsigned lane_width;
};
/* Copies the settings. `previous` (or NULL) is that of the configuration before a reload: keys made ahead are
 * shared with it unless the algorithm changed. E_INVALID naming the setting. */
struct status registry_new(const struct registry_settings *settings, const struct registry_parts *parts,
                           struct registry *previous, struct registry **out, struct error *err);
void registry_free(struct registry *r); /* accepts NULL */
OWNABLE(struct registry, registry_free);

/* ---- one service ---- */

struct registry_key { /* which service */
    struct text tenant, application;
    uint8_t id[SERVICE_ID_SIZE];
};

struct registry_view {
    struct service row;
    struct service_details details;                  /* masked; spec texts empty */
    struct text credential_secret, parameter_secret; /* listed names; empty without */
    bool credential_by_hand;
    /* Part of a bundle (bundle.h): credentials and parameters are the bundle's, and it is changed there. */
    bool in_bundle;
    struct text bundle_name;
};

/* A client's description as service_decode read it; the registry validates it (validate.h), before anything
 * else is looked at. `dry_run`: everything but the download of a specification, a new key
 * and the write; results are left alone. */
struct registry_input {
    const struct service_details *details;
    bool dry_run;
    /*
     * NULL, or where the whole message of a refused description goes (in the arena; it may be longer than
     * `err`, which holds its beginning). Set when, and only when, E_INVALID is about the description itself:
     * the contract puts "Failed to validate request body, " in front of these and of no other message.
     */
    struct text *out_refusal;
};

/*
 * Messages as contract 1.8: "Getting Application UID failed, Application X not found"; with an identifier
 * "Creating service failed, Checking identifier failed, Reading services from Application failed, Application
 * X not found"; "Creating service failed, Service with Identifier I already exists"; "Determining API spec
 * for service with ID <uuid> failed, Fetching API spec from URL failed with status 404 Not Found".
 */
struct status registry_register(struct registry *r, const struct audit_caller *caller, struct text tenant,
                                struct text application, const struct registry_input *in, struct arena *a,
                                uint8_t out_id[static SERVICE_ID_SIZE], struct error *err);
/*
 * Contract 1.11, with CREDENTIAL_MASK for "unchanged" (E_INVALID where there is nothing to keep).
 * expected_revision 0 = any (tries again when somebody else is quicker, five times, then E_AGAIN: nobody
 * named a condition that could fail), else E_CHANGED. Messages: "Reading service with ID I failed, Service
 * with ID I not found" and "..., Application X not found" (the route adds "Updating I service failed, ");
 * fetching as above.
 */
struct status registry_replace(struct registry *r, const struct audit_caller *caller,
                               const struct registry_key *key, const struct registry_input *in,
                               int64_t expected_revision, struct arena *a, struct registry_view *out,
                               struct error *err);
/* E_NOT_FOUND for a missing service; "Application X not found" (E_NOT_FOUND) for a missing application is
 * told apart by *out_no_application. */
struct status registry_delete(struct registry *r, const struct audit_caller *caller,
                              const struct registry_key *key, int64_t expected_revision,
                              bool *out_no_application, struct error *err);
/* Messages as contract 1.10: "Reading service with ID I failed, Service with ID I not found". An API and
 * events of a bundle are found, bundles and documents are not. */
struct status registry_find(struct registry *r, const struct registry_key *key, struct arena *a,
                            struct registry_view *out, struct error *err);
/* The id as it came in a path: texts that are no UUID get the same E_NOT_FOUND as unknown ones, with the
 * message of `registry_find`. */
struct status registry_key_parse(struct text tenant, struct text application, struct text id,
                                 struct registry_key *out, struct error *err);

/* store_service_list with the contract's words for a missing application: "Application X not found". */
struct status registry_list(struct registry *r, const struct service_filter *f,
                            const struct page_request *page, struct arena *a, service_row *row, void *ctx,
                            struct text *out_next, struct error *err);

/* ---- how its target is called: an operator's to say, never a client's ---- */
struct registry_call_change { /* what is to be another; a NULL pointer leaves that one as it is */
    const enum call_choice *skip_verify, *encode_url;
    const struct text *anchors_pem; /* CAs that are trusted besides (anchors.h); empty = none */
};
/* E_INVALID about the certificates; messages of a missing service as registry_find. Nothing is written when
 * nothing is another. expected_revision as registry_replace. */
struct status registry_call_change(struct registry *r, const struct audit_caller *caller,
                                   const struct registry_key *key, const struct registry_call_change *change,
                                   int64_t expected_revision, struct arena *a, struct registry_view *out,
                                   struct error *err);

/* ---- specifications ---- */
/* The content as it was sent, appended; documentation as GET shows it. E_NOT_FOUND when the reference is not
 * present, or the content went because the service was changed after the row was read. */
struct status registry_specification(struct registry *r, struct text tenant,
                                     const struct specification_ref *ref, struct buffer *out,
                                     struct error *err);
/* As GET shows it: Swagger 2 of an API with our host (contract 1.13), anything else as it was sent. */
struct status registry_specification_shown(struct registry *r, const struct registry_view *view,
                                           enum specification_slot slot, struct buffer *out,
                                           struct error *err);
/* Downloads the API's specification again. E_INVALID when it has no URL; E_AGAIN when the service is changed
 * meanwhile. */
struct status registry_refetch(struct registry *r, const struct audit_caller *caller,
                               const struct registry_key *key, struct arena *a, struct registry_view *out,
                               struct error *err);

/* ---- credentials ---- */
struct registry_secret {
    struct text name; /* as listed */
    enum credential_kind kind;
    bool by_hand;
    int64_t revision, updated_at;
    struct secret_data data; /* opened; released by the caller */
};
/* E_NOT_FOUND when the service has none in that slot. */
struct status registry_secret_open(struct registry *r, const struct registry_key *key, enum secret_slot slot,
                                   struct arena *a, struct registry_secret *out, struct error *err);
/* By any of its names, for the cluster face. E_NOT_FOUND. */
struct status registry_secret_find(struct registry *r, struct text tenant, struct text name, struct arena *a,
                                   struct registry_secret *out, struct registry_key *out_key,
                                   struct error *err);
/*
 * Replaces values of a secret by hand; keys that are not in `items` stay, as do the fields that answers mask
 * when CREDENTIAL_MASK is given for them. E_INVALID: a key of another layout; a commonName other than the
 * registration's; "crt" and "key" that do not fit each other (pair_check); parameters that a registration
 * would be refused for. The pair it replaces is kept in the history if a person had put it there. Nothing is
 * written when nothing is another. expected_revision is the secret's, else E_CHANGED; 0 = any, as in
 * registry_replace.
 */
struct status registry_secret_patch(struct registry *r, const struct audit_caller *caller,
                                    const struct registry_key *key, enum secret_slot slot,
                                    const struct secret_item *items, size_t count, int64_t expected_revision,
                                    struct error *err);
/* Certificates that were replaced, newest first; facts only, no key. */
struct registry_history {
    int64_t sequence, replaced_at;
    struct certificate_facts facts;
};
typedef bool registry_history_row(void *ctx, const struct registry_history *h);
struct status registry_history_list(struct registry *r, const struct registry_key *key, struct arena *a,
                                    registry_history_row *row, void *ctx, struct error *err);
/* Puts the pair `sequence` of the history in place again, by hand. */
struct status registry_history_restore(struct registry *r, const struct audit_caller *caller,
                                       const struct registry_key *key, int64_t sequence, struct error *err);
