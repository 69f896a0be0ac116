/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bundles: how the Director groups what an application offers (contract of Compass, 2.2 to 2.6). One
 * registry, two faces: a bundle, each of its API and event definitions and its documents are rows of the one
 * table of services (store/registry.h, enum service_role). A bundle has the credentials of all its APIs; an
 * API has a target and a specification. What Kyma's face registers is one row, SERVICE_WHOLE, and shows here
 * as a bundle with one API and one event definition, all of the service's own id; it is changed where it was
 * registered.
 *
 * Rules of registry.h hold: any thread, functions block, results live in the caller's arena, counters of the
 * page are bumped after the commit (an API's callers depend on its bundle, too). E_INVALID: `err` has the
 * words behind "Invalid data [reason=". E_NOT_FOUND: no such row in the tenant. E_CONFLICT: what was asked
 * for is not for this row ("... was registered as one service by the Metadata API: change it there").
 */

#include "registry/registry.h"

/* AuthInput and Auth. Non-serialized forms are read by the face; here they are lists. */
struct bundle_auth {
    bool given;
    /* Basic, OAuth or the certificate form of OAuth, with CSRF; `extra` is unused. The certificate form has
     * client_authentication "certificate", and certificate_pem is certificates and key in one text, both
     * ways; key_pem is unused. */
    struct credentials credentials;
    struct request_parameters parameters;                 /* additionalHeaders, additionalQueryParams */
    struct text access_strategy, certificate_common_name; /* stored and shown, no more */
};

/* ---- bundles ---- */
struct bundle_input {
    struct text name;        /* printable ASCII, 1 to 100 */
    struct text description; /* at most 2,000 characters */
    struct text auth_schema; /* instanceAuthRequestInputSchema: JSON; {NULL, 0} = none */
    struct bundle_auth auth; /* defaultInstanceAuth */
    const struct text *correlation_ids;
    size_t correlation_id_count;
};
struct bundle {
    struct service row; /* SERVICE_BUNDLE, or SERVICE_WHOLE */
    struct text auth_schema;
    const struct text *correlation_ids;
    size_t correlation_id_count;
};
struct registry_scope {              /* where */
    struct text tenant, application; /* an empty application = any of the tenant, where only ids are given */
    unsigned *rows_left;             /* how many rows may yet be looked at for a group; NULL = any number */
};
struct status bundle_create(struct registry *r, const struct audit_caller *caller,
                            const struct registry_scope *scope, const struct bundle_input *in,
                            struct arena *a, struct bundle *out, struct error *err);
/* Replaces all of the input but the correlation ids. `auth.given` false removes the credentials.
 * CREDENTIAL_MASK keeps a value of the same kind of credentials (as certificate_pem certificates and key), a
 * secret only while the token URL's host stays. */
struct status bundle_update(struct registry *r, const struct audit_caller *caller,
                            const struct registry_scope *scope, const uint8_t id[static SERVICE_ID_SIZE],
                            const struct bundle_input *in, struct arena *a, struct bundle *out,
                            struct error *err);
/* With all that is in it. Of a SERVICE_WHOLE as registry_delete. *out is what it was. */
struct status bundle_delete(struct registry *r, const struct audit_caller *caller,
                            const struct registry_scope *scope, const uint8_t id[static SERVICE_ID_SIZE],
                            struct arena *a, struct bundle *out, struct error *err);
struct status bundle_get(struct registry *r, const struct registry_scope *scope,
                         const uint8_t id[static SERVICE_ID_SIZE], struct arena *a, struct bundle *out,
                         struct error *err);
/* In the order of registration, whole services included. */
typedef bool bundle_row(void *ctx, const struct bundle *b); /* false stops */
struct status bundle_list(struct registry *r, const struct registry_scope *scope,
                          const struct offset_page *page, struct arena *a, bundle_row *row, void *ctx,
                          uint64_t *out_total, struct error *err);
/* The default instance auth, opened; the arena holds secrets then. given = false: it has none. */
struct status bundle_auth_open(struct registry *r, const struct bundle *b, struct arena *a,
                               struct bundle_auth *out, struct error *err);

/* ---- what is in a bundle: SERVICE_API, SERVICE_EVENTS, SERVICE_DOCUMENT ---- */
struct fetch_request_input {
    struct text url; /* empty = none; else http or https, at most 256 characters */
    struct bundle_auth auth;
    struct text
        mode; /* SINGLE, BUNDLE or INDEX; other than SINGLE is stored, not carried out (contract 2.3) */
    struct text filter; /* likewise */
};
struct member_input {
    struct text name;               /* printable ASCII, 1 to 100; of a document its title, 1 to 128 */
    struct text description;        /* of a document 1 to 2,000 characters */
    struct text display_name, kind; /* of documents */
    struct text target_url;         /* of APIs: an absolute http or https URL, at most 256 characters */
    struct text group;              /* at most 100 */
    struct text version; /* JSON object of VersionInput, its value checked as SemVer 2; {NULL, 0} = none */
    bool specification_given;
    struct text specification_type; /* ODATA, OPEN_API, ASYNC_API; MARKDOWN for documents' format */
    enum specification_format specification_format;
    struct text data; /* {NULL, 0} = not given; exactly one of data and fetch.url, of documents at most one */
    struct fetch_request_input fetch;
};
enum fetch_condition { FETCH_INITIAL, FETCH_SUCCEEDED, FETCH_FAILED };
struct member {
    struct service row;
    uint8_t bundle[SERVICE_ID_SIZE]; /* the service's own id of a SERVICE_WHOLE */
    enum service_role role;          /* what it is shown as: SERVICE_API, _EVENTS, _DOCUMENT */
    struct text display_name, kind, group, version;
    struct {
        bool given;
        struct text type;
        enum specification_format format;
        const struct specification_ref *content; /* in the arena; present = false: nothing (yet) */
        struct {
            bool given;
            struct text url, mode, filter, message;
            enum fetch_condition condition;
            int64_t at;
        } fetch;
    } specification;
};
/* E_INVALID "cannot add API to not existing bundle" and so on when the bundle is not there. A fetch request
 * that fails does not refuse the registration: it shows as FETCH_FAILED with its message (contract 2.6). When
 * it could not be tried (E_AGAIN, E_UNAVAILABLE: our fetcher is busy or starts again), nothing is stored or
 * changed. */
struct status member_create(struct registry *r, const struct audit_caller *caller,
                            const struct registry_scope *scope, const uint8_t bundle[static SERVICE_ID_SIZE],
                            enum service_role role, const struct member_input *in, struct arena *a,
                            struct member *out, struct error *err);
struct status member_update(struct registry *r, const struct audit_caller *caller,
                            const struct registry_scope *scope, const uint8_t id[static SERVICE_ID_SIZE],
                            enum service_role role, const struct member_input *in, struct arena *a,
                            struct member *out, struct error *err);
struct status member_delete(struct registry *r, const struct audit_caller *caller,
                            const struct registry_scope *scope, const uint8_t id[static SERVICE_ID_SIZE],
                            enum service_role role, struct arena *a, struct member *out, struct error *err);
/* `bundle` NULL: whichever it is in. */
struct status member_get(struct registry *r, const struct registry_scope *scope, const uint8_t *bundle,
                         const uint8_t id[static SERVICE_ID_SIZE], enum service_role role, struct arena *a,
                         struct member *out, struct error *err);
typedef bool member_row(void *ctx, const struct member *m); /* false stops */
/* Of one bundle, in the order of registration; `group` empty = any. A group is looked for among all that the
 * bundle has of the role: E_INVALID when these are more than 5,000, E_TOO_LARGE when scope->rows_left is
 * used up before the last of them was looked at. */
struct status member_list(struct registry *r, const struct registry_scope *scope,
                          const uint8_t bundle[static SERVICE_ID_SIZE], enum service_role role,
                          struct text group, const struct offset_page *page, struct arena *a, member_row *row,
                          void *ctx, uint64_t *out_total, struct error *err);
/* Carries out the fetch request again. E_NOT_FOUND without a specification; does nothing without a fetch
 * request. */
struct status member_refetch(struct registry *r, const struct audit_caller *caller,
                             const struct registry_scope *scope, const uint8_t id[static SERVICE_ID_SIZE],
                             enum service_role role, struct arena *a, struct member *out, struct error *err);
/* How the fetch request authenticates, opened; the arena holds secrets then. given = false: it does not.
 * E_NOT_FOUND: it has gone. */
struct status member_fetch_auth_open(struct registry *r, const struct member *m, struct arena *a,
                                     struct bundle_auth *out, struct error *err);
/* The content as it was sent, appended to `out`. E_NOT_FOUND when there is none. */
struct status member_content(struct registry *r, const struct member *m, struct buffer *out,
                             struct error *err);
