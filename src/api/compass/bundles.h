/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bundles and what is in them at the Director's schema (contract 2.1 to 2.6): the shapes that the rows of
 * bundle_schema.c find, and what their resolvers share. The rules are the registry's (registry/bundle.h);
 * here inputs are read and answers shown. Private to api/compass.
 *
 * Values of credentials are shown to a runtime, to a person with a bearer token, and to an application's
 * certificate where they are the application's own; everybody else sees CREDENTIAL_MASK in their places. With
 * an application's certificate only its own application's bundles are found by what changes them.
 */

#include "api/compass/director.h"
#include "registry/bundle.h"
#include "registry/instance_auth.h"

/* ---- shapes ---- */
struct credential_view { /* of the type that the union says */
    const char *type;
    struct text user, secret, url; /* username or clientId; password, clientSecret or certificate */
};
struct auth_shown { /* Auth, CredentialRequestAuth, CSRFTokenCredentialRequestAuth */
    struct credential_view credential;
    struct text access_strategy, common_name, headers, query /* JSON or {NULL, 0} */, csrf_url;
};
struct bundle_view {
    struct bundle b;
    struct text id, description;
};
struct version_view {
    struct text value, deprecated_since;
    bool deprecated, for_removal;
};
struct member_view { /* APIDefinition, EventDefinition, Document; their specs and fetch requests */
    struct member m;
    struct text id, description, group, display_name, kind, target_url, filter, fetch_url, message,
        fetched_at;
};
struct instance_view { /* BundleInstanceAuth, BundleInstanceAuthStatus */
    struct instance_auth i;
    struct text id, runtime, context, input_params, status_at;
    bool clear; /* its values may be shown */
};

/* ---- bundle_schema.c: the types, and the resolvers of the rows ---- */
extern const struct graphql_type bundle_types[], bundle_inputs[];
graphql_resolver bundles_of, bundles_one_of, bundles_api_of, bundles_event_of, bundles_apis_of,
    bundles_events_of, bundles_add, bundles_update, bundles_delete, bundles_correlation_ids, bundles_auth,
    bundles_apis, bundles_events, bundles_documents, bundles_api, bundles_event, bundles_document;
graphql_resolver bundles_add_api, bundles_add_event, bundles_add_document, bundles_update_api,
    bundles_update_event, bundles_delete_api, bundles_delete_event, bundles_delete_document,
    bundles_refetch_api, bundles_refetch_event, bundles_spec, bundles_spec_format, bundles_content,
    bundles_version, bundles_fetch, bundles_fetch_auth, bundles_fetch_condition;
graphql_resolver bundles_instance, bundles_instances, bundles_by_instance, bundles_instance_by_id,
    bundles_request_instance, bundles_release_instance, bundles_set_instance, bundles_delete_instance,
    bundles_instance_auth, bundles_instance_condition;
graphql_resolver bundles_credential, bundles_csrf;

/* ---- bundle_resolvers.c ---- */
/* What a call of the registry needs; forgets what an earlier one said in the error. */
struct registry_at {
    struct registry *registry;
    const struct audit_caller *caller;
    struct registry_scope scope;
    struct error *err;
};
struct registry_at bundles_at(struct graphql_call *call, struct text application);
/* The same for a change of what only an id names: an application's certificate finds its own alone. */
struct registry_at bundles_at_own(struct graphql_call *call);
/* What the registry said as the wire says it. `object` and `id` are for "Object not found". */
struct status bundles_refuse(struct graphql_call *call, struct status why, const char *object,
                             struct text id);
/* "Invalid data [reason=<part><why>]" */
struct status bundles_invalid(struct graphql_call *call, const char *why);
/* The id of an argument as octets; what is no UUID becomes one that nothing has. */
struct text bundles_id(struct graphql_call *call, const char *argument, uint8_t out[static SERVICE_ID_SIZE]);
struct status bundles_show(struct graphql_call *call, const struct bundle *b, struct graphql_value *out);
/* An application's first target, for its baseUrl (contract 2.6). */
void bundles_note_target(struct graphql_call *call, struct text application, struct text target_url);

/* ---- bundle_additions.c: bundles with what is in them, all of it or nothing ---- */
struct bundle_additions; /* in the arena */
/* `list` may be absent: nothing is added then. */
struct status bundles_read_list(struct graphql_call *call, const struct graphql_given *list,
                                struct bundle_additions **out);
/* To an application that was just made; refuses. */
struct status bundles_add_list(struct graphql_call *call, struct text application,
                               const struct bundle_additions *list);

/* ---- auth_output.c ---- */
/* May `who` see values that belong to this application? */
bool bundles_clear(const struct director_context *who, struct text application);
/* Without user and password where they are not to be seen; {NULL, 0} without memory, or when it is that. */
struct text bundles_url(struct arena *a, struct text url, bool clear);
struct status bundles_show_auth(struct graphql_call *call, const struct bundle_auth *auth, bool clear,
                                struct graphql_value *out);

/* ---- member_resolvers.c ---- */
struct status bundles_show_member(struct graphql_call *call, const struct member *m,
                                  struct graphql_value *out);
const char *bundles_object(enum service_role role);
/* One of `application`, in `bundle` or (NULL) any; null when there is none. */
struct status bundles_member(struct graphql_call *call, struct text application, const uint8_t *bundle,
                             enum service_role role, struct graphql_value *out);
/* A page of one bundle's. */
struct status bundles_members(struct graphql_call *call, const struct bundle_view *b, enum service_role role,
                              struct text group, struct graphql_value *out);

/* ---- auth_input.c, member_input.c, bundle_input.c: what the client gave, in the registry's words. Refuses.
 */
/* `keeps`: CREDENTIAL_MASK for a value of the credential means the one that is stored. */
struct status bundles_read_auth(struct graphql_call *call, const struct graphql_given *in, bool keeps,
                                struct bundle_auth *out);
struct status bundles_read_member(struct graphql_call *call, const struct graphql_given *in,
                                  enum service_role role, struct member_input *out);
/* A URL that somebody was shown without its user and password. */
struct status bundles_no_hidden_url(struct graphql_call *call, struct text url);
struct status bundles_read(struct graphql_call *call, const struct graphql_given *in, bool keeps,
                           struct bundle_input *out);
