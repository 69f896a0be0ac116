/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the Director's schema and its resolvers share. Private to api/compass. */

#include "api/compass/internal.h"
#include "director/mapping.h"

enum consumer {
    CONSUMER_USER,
    CONSUMER_APPLICATION,
    CONSUMER_RUNTIME,
    CONSUMER_INTEGRATION_SYSTEM,
    CONSUMER_OTHER, /* a consumer type of a mapping that `viewer` has no word for */
};

/* Where a caller acts. */
enum reach {
    REACH_TENANT,
    REACH_ABOVE,   /* in no tenant: `global`, and the request names none */
    REACH_NOTHING, /* the mapping of its certificate does not reach the tenant: as if it had no scopes */
};

/* Who asks, in which tenant: found before the document is read. */
struct director_context {
    struct call *c;
    struct audit_caller audit;
    struct director_parts parts;
    struct director_call d;
    struct tenant tenant;
    enum consumer consumer;
    struct text consumer_id;
    struct text application; /* whose certificate it is; empty for runtimes and people */
    const uint8_t *runtime; /* likewise, the id of one that is registered; NULL for applications and people */
    bool bearer;            /* a person who proved with a token who it is, and did not just reach loopback */
    unsigned fetches;       /* requests for specifications that this request asked for, so far */
    unsigned instances;     /* instance auths, likewise */
    unsigned rows_left;     /* that may yet be looked at to find what is asked for */
    struct text part;       /* of the input, for refusals: "bundles[0].apiDefinitions[2]: "; or empty */
    struct text scopes;     /* separated by blanks; "*" = all */
    struct text tenants;    /* external ids that an operator may choose from; likewise */
    const struct subject_mapping *mapping; /* of a certificate of an external CA; else NULL */
    enum reach reach;
};

/* ---- objects as the schema's rows find them ---- */
struct object_view { /* Application, Runtime */
    struct object o;
    struct text id, name, provider, health_check_url, base_url, application_namespace, integration_system,
        system_number;
};
struct object_view *view_of(struct arena *a, const struct object *o); /* NULL: out of memory */

struct auth_view { /* AppSystemAuth, RuntimeSystemAuth, and the Auth in them */
    struct system_auth row;
    struct text id, object, tenant, type;
};
struct token_view { /* OneTimeTokenForApplication, OneTimeTokenForRuntime */
    struct text token, connector_url, legacy_url, raw, raw_encoded, type, expires_at, created_at, used_at;
    bool used;
};
struct label_view {
    struct text key, value;
};
struct mapping_view { /* CertificateSubjectMapping */
    struct subject_mapping row;
    struct text id;
};
struct page_view { /* a page of anything */
    struct graphql_value data;
    struct text start_cursor, end_cursor;
    bool has_next;
    int64_t total;
};

/* director_schema.c: every root field states its scope; director.c, director_auths.c, director_pages.c */
graphql_resolver director_viewer_id, director_viewer_type, director_viewer, director_application,
    director_applications, director_runtime, director_runtimes, director_tenants, director_tenant,
    director_labels, director_condition, director_auths, director_page_data, director_register_application,
    director_update_application, director_unregister_application, director_unpair_application,
    director_register_runtime, director_update_runtime, director_unregister_runtime,
    director_token_for_application, director_token_for_runtime, director_set_application_label,
    director_delete_application_label, director_set_runtime_label, director_delete_runtime_label,
    director_delete_application_auth, director_delete_runtime_auth, director_applications_by_local_tenant,
    director_application_events, director_runtime_events, director_nothing /* null */, director_mapping,
    director_mappings, director_mapping_levels, director_create_mapping, director_update_mapping,
    director_delete_mapping, director_system_auth, director_system_auth_by_token, director_tenant_id,
    director_tenant_parents, director_tenant_initialized, director_tenant_labels, director_tenant_provider;

/* director_absent.c: what the original has and this one does not, and types of which there never is one. */
extern const struct graphql_absent director_absent[];
extern const struct graphql_former director_former[]; /* its older words */
extern const struct graphql_type director_absent_types[];

/* What a domain function returned, as the wire says it (contract 2.8). */
struct status director_refuse(struct graphql_call *call, struct status why);
struct status director_refuse_with(struct graphql_call *call, enum director_problem problem,
                                   struct text message);
const char *director_problem_name(enum director_problem p);
/* "2026-11-21T05:13:44Z"; "0001-01-01T00:00:00Z" for 0, as Go prints it. In the arena. */
struct text director_time(struct arena *a, int64_t seconds);

/* A string of a JSON object, decoded; {NULL, 0} when absent. */
struct text director_detail(struct text details, const char *name, struct arena *a);
static inline struct text director_or_null(struct text t)
{
    return t.n > 0 ? t : (struct text){NULL, 0};
}

/* director_pages.c: the arguments first and after; then what was found. */
#define DIRECTOR_PAGE_MAX   200
#define DIRECTOR_PAGE_BYTES (4u * 1024 * 1024) /* of a request's arena, however large its rows are */
/* Looked at by one request where no index leads: members for a group, bundles for their members. */
#define DIRECTOR_ROWS_MAX 20000
struct status director_page_read(struct graphql_call *call, int64_t most, struct offset_page *out);
/* `count` rows of `total` were read from page->offset on. */
struct status director_page_show(struct graphql_call *call, const struct offset_page *page, size_t count,
                                 uint64_t total, struct graphql_value data, struct graphql_value *out);

/* identity.c: false when the reply is complete already (400, 401). */
bool director_identify(struct call *c, struct director_context *out);
/* It changes and pairs only this one: itself. */
void director_bind(struct director_context *who, enum object_kind kind,
                   const uint8_t id[static OBJECT_ID_SIZE]);
bool director_sees_tenant(const struct director_context *who, const struct tenant *t);
/* In all tenants, those to come included; never with a certificate. */
bool director_may_everywhere(const struct director_context *who, const char *scope);
/* Completes the reply; the second one with "Tenant not found", and is false. */
void director_refuse_request(struct call *c, int status, enum director_problem problem, struct text message);
bool director_no_tenant(struct call *c, struct text wanted);
/* mapped.c: likewise, for certificates of external CAs */
bool director_by_mapping(struct call *c, struct director_context *out);
bool director_mapped_tenant(struct call *c, struct director_context *out);
struct status director_authorize(struct graphql_call *call, const char *scope);
