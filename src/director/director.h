/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The Director's domain: applications and runtimes by their ids, labels, system auths and the one-time tokens
 * that pair them (the contract of Compass, 2.5 to 2.7), tenants, and operators with bearer tokens. No GraphQL
 * here; the wire shapes are in api/compass.
 *
 * Any thread; functions block. Results live in the caller's arena. Refusals carry a director_problem beside
 * the status, because the wire has numbers for them; `err` has the words behind the number's own.
 *
 * An application of the Director is one of the other faces, too: its normalised name is the name in paths,
 * tokens and the registry.
 */

#include "base/arena.h"
#include "base/error.h"
#include "connector/connector.h"
#include "store/directory.h"

struct director_parts {
    struct store *store;
    struct connector *connector;
};

/* What the numbers of the wire stand for (contract 2.8). */
enum director_problem {
    DIRECTOR_INTERNAL = 10,
    DIRECTOR_NOT_FOUND = 20,
    DIRECTOR_NOT_UNIQUE = 21,
    DIRECTOR_INVALID = 22,
    DIRECTOR_SCOPES = 23,
    DIRECTOR_TENANT_REQUIRED = 24,
    DIRECTOR_TENANT_NOT_FOUND = 25,
    DIRECTOR_UNAUTHORIZED = 26,
    DIRECTOR_NOT_ALLOWED = 27,
    DIRECTOR_NAME_NOT_UNIQUE = 31,
    DIRECTOR_CONCURRENT = 32,
};
enum director_problem director_problem_of(struct status s); /* for what a function below returned */

/* Who acts, where: one request. */
struct director_call {
    const struct director_parts *parts;
    const struct audit_caller *caller;
    struct text tenant; /* its key */
    struct arena *arena;
    struct error *err;
    /* Changes and pairs only the one below; others are not there for it, unless it reads. All zero: none. */
    bool bound;
    enum object_kind bound_kind;
    uint8_t bound_id[OBJECT_ID_SIZE];
};

/* ---- statuses (contract 2.2), in the order of their wire enums ---- */
enum application_condition {
    APPLICATION_INITIAL,
    APPLICATION_CONNECTED,
    APPLICATION_FAILED,
    APPLICATION_CONDITIONS
};
enum runtime_condition {
    RUNTIME_INITIAL,
    RUNTIME_PROVISIONING,
    RUNTIME_CONNECTED,
    RUNTIME_FAILED,
    RUNTIME_CONDITIONS
};

/* ---- applications and runtimes ---- */
struct director_registration {
    struct text name;        /* as a person writes it; an application's is normalised for paths */
    struct text description; /* at most 2,000 characters */
    struct text labels;      /* JSON object; keys [a-zA-Z0-9_]+ */
    struct text details;     /* JSON object: the other members of the input, as they are shown again */
    struct text local_tenant_id;
    int status;
};
/* "mp-" and lower case, with '-' for every run of other characters (contract 2.6). In the arena. */
struct text director_normalise(struct text name, struct arena *a);
/* E_INVALID; E_CONFLICT "Object name is not unique". */
struct status director_register(const struct director_call *d, enum object_kind kind,
                                const struct director_registration *in, struct object *out);
/* Replaces what an update may: all but an application's name. E_NOT_FOUND. */
struct status director_update(const struct director_call *d, enum object_kind kind, struct text id,
                              const struct director_registration *in, struct object *out);
/* E_NOT_FOUND; *out is what was deleted. */
struct status director_unregister(const struct director_call *d, enum object_kind kind, struct text id,
                                  struct object *out);
/* Deletes all system auths; the status is INITIAL again. */
struct status director_unpair(const struct director_call *d, struct text id, struct object *out);
struct status director_get(const struct director_call *d, enum object_kind kind, struct text id,
                           struct object *out);
/* It has called with its certificate: from INITIAL to CONNECTED, once. */
struct status director_connected(const struct director_call *d, enum object_kind kind,
                                 const uint8_t id[static OBJECT_ID_SIZE]);
/* Unless it has a baseUrl: scheme and host of `target_url` (contract 2.6). `application`: its path name. */
struct status director_base_url(const struct director_call *d, struct text application,
                                struct text target_url);
/* `value`: JSON, or {NULL, 0} to remove it (E_NOT_FOUND when there is none); *out_value is what it was then.
 */
struct status director_label(const struct director_call *d, enum object_kind kind, struct text id,
                             struct text key, struct text value, struct text *out_value);

/* ---- system auths ---- */
struct director_token {
    struct text token;
    uint8_t system_auth[OBJECT_ID_SIZE];
    int64_t created_at, expires_at;
};
/* For a new system auth, or with `system_auth` (a UUID) in place of the token that one has. E_NOT_FOUND. */
struct status director_one_time_token(const struct director_call *d, enum object_kind kind, struct text id,
                                      struct text system_auth, struct director_token *out);
/* With its certificates, which are revoked. E_NOT_FOUND; *out is what it was. */
struct status director_delete_auth(const struct director_call *d, enum object_kind kind, struct text id,
                                   struct system_auth *out);

/*
 * ---- operators and tenants ----
 * Acts of who administers the server: the call's tenant does not matter. `err` has the words for a person.
 */
#define DIRECTOR_OPERATOR_WORDS 100          /* scopes or tenants of one operator, at most */
#define DIRECTOR_OPERATOR_LIFE  (90 * 86400) /* seconds, where nobody says how long */

struct director_operator {
    struct text name;           /* 1 to 64 of letters, digits and . _ @ -; begins with a letter or digit */
    const struct text *scopes;  /* what the schema's fields ask for, or "*"; each may come more than once */
    size_t scope_count;         /* 0 = all */
    const struct text *tenants; /* external ids of tenants that there are, or "*" */
    size_t tenant_count;        /* 0 = all, those that come later included */
    int64_t life_s;             /* seconds from now; 0 = it never ends */
};
/* *out_token is the bearer token, of which only the SHA-256 is kept: nobody can show it again. E_INVALID;
 * E_CONFLICT: the name is in use. */
struct status director_operator_create(const struct director_call *d, const struct director_operator *in,
                                       struct operator_row *out, struct text *out_token);
/* What is to be another; counts and times as in director_operator. The token stays. E_NOT_FOUND, E_INVALID;
 * E_CONFLICT: it has ended, and is to have another end. */
struct director_operator_change {
    struct director_operator to; /* `to.name`: whose */
    bool scopes, tenants, life;  /* which of them is meant */
};
struct status director_operator_update(const struct director_call *d,
                                       const struct director_operator_change *in, struct operator_row *out);
/* From the next request on its token opens nothing. E_NOT_FOUND. */
struct status director_operator_delete(const struct director_call *d, struct text name);

struct director_tenant {
    struct text external_id; /* 1 to 120 bytes of UTF-8: no blanks or control characters, no '/' or '*' */
    struct text name;        /* at most 200 characters; may be empty */
    struct text type;        /* 1 to 40 of a-z 0-9 - _; empty = "account" */
};
/* E_INVALID; E_CONFLICT: there is one. */
struct status director_tenant_create(const struct director_call *d, const struct director_tenant *in,
                                     struct tenant *out);
/* E_NOT_FOUND; E_CONFLICT while it is used; E_INVALID for the default one. Operators that name it keep the
 * word: a tenant made again under this id is theirs again. */
struct status director_tenant_delete(const struct director_call *d, struct text external_id);

/* ---- the default tenant ---- */
/* Made at first start: external id a random UUID, key "". Does nothing when it is there. */
struct status director_default_tenant(struct store *s, struct error *err);
