/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A service as whoever calls its API needs it: found by the words of a caller, with its real credentials.
 * The only place where they leave the registry. Any thread; blocks (store).
 */

#include "os/page.h"
#include "registry/registry.h"

/* How a caller names a service: a host's label, an application with a name or an id, or a secret and its API.
 */
struct registry_address {
    struct text tenant;
    struct text label;                /* contract 3.2: "{app}-{id}" in any of its forms; empty = the others */
    struct text application, service; /* contract 3.9; a service's or bundle's id works as its name */
    struct text secret;               /* contract 3.3; empty = the others */
    struct text entry;                /* of a secret, or of a bundle: the API; its id works as its name */
};

/* Everything is in the arena, which holds secrets then: whoever owns it wipes it. */
struct registry_target {
    struct service row;
    struct service_details details; /* credentials and parameters as registered, nothing masked */
    struct text chain_pem, key_pem; /* where credential_has_pair */
    bool skip_verify, encode_url;   /* the service's, or else its application's; false where neither says */
    struct csrf_details csrf;       /* of the method that counts; of a kept secret with any */
    bool bundle;                    /* it is one: ask again with an entry. Nothing but `row` is set then */
    struct text bundle_name;        /* of an API that is in one: how paths name it; empty = in none */
    bool kept;                      /* no registered service: row has application and target_url alone */
    struct text service;            /* `kept`: the API's name in lower case */
    struct text shown;              /* how messages of the contract name it: its id, or the name asked for */
};

/* For messages: user and password of every URL in `t` as asterisks (contract 1.3). In the arena, or `t`
 * itself when there is nothing to hide; {NULL, 0} when out of memory. */
struct text registry_url_shown(struct text t, struct arena *a);
/* The same of a URL that a registration has, as others may read it: RFC 3986 says where its authority ends,
 * so nothing behind that is taken for a password. */
struct text registry_url_without_user(struct text url, struct arena *a);

/*
 * Adds to `pairs` what the answer depends on, before it is read (DESIGN 3.1, 1); also when there is none.
 * Messages are the contract's (3.2, 3.3, 3.9): E_NOT_FOUND (404) "service with ID X not found" or "service
 * with name X not found", E_INVALID (400) no API or several services of that name, E_BROKEN (500) a secret
 * that is missing or cannot be opened.
 */
struct status registry_target_find(struct registry *r, const struct registry_address *address,
                                   struct arena *a, struct page_pairs *pairs, struct registry_target *out,
                                   struct error *err);
