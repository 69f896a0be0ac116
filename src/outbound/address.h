/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which API does a request on the proxy listener mean? (contract 3.2, 3.3, 3.9) Pure; segments of the path
 * are taken as they are written, never decoded, so that an encoded slash leads nowhere else.
 */

#include "base/bytes.h"
#include "http/message.h"

enum address_kind {
    ADDRESS_HOST,   /* {app}-{id}.anything, app-{app}-{id}, cut forms: 1.x access services */
    ADDRESS_PATH,   /* /{app}/{service}/... : 2.x; an id works as {service}, too */
    ADDRESS_SECRET, /* /secret/{secret}/api/{api}/... */
};
struct outbound_address {
    enum address_kind kind;
    struct text label;       /* HOST: the first label of the host, port removed */
    struct text application; /* PATH */
    struct text service;     /* PATH: normalised name or id; SECRET: the secret */
    struct text entry;       /* SECRET: the API; PATH: the API in the bundle that `service` is, once known */
    struct text rest;   /* what is appended to the target's path, as the caller wrote it: empty, or from its
                           first '/' on (a trailing slash stays) */
    struct text prefix; /* the path in front of `rest`: for rewriting Location; empty for HOST */
};

#define ADDRESS_ID_SIZE 36 /* of a UUID, as ids are written */
#define ADDRESS_SEGMENT_MAX                                                                                  \
    1024 /* bytes of a segment as written; no name is longer, and the question is short */

/*
 * The host decides when its first label is a UUID or ends in '-' and one (lower case, as ids are made),
 * otherwise the path: four segments of the secret form, or the first two. E_INVALID: fewer than two, or empty
 * or endless ones: "failed to extract API Identifier from path" (contract 3.9).
 */
struct status outbound_address_read(const struct request *r, struct outbound_address *out);
/*
 * PATH, and `service` is a bundle: the third segment is the API in it (contract 3.9), and no part of `rest`.
 * E_INVALID, and nothing is changed, when there is none, or it has been taken already.
 */
struct status outbound_address_enter(struct outbound_address *a);
struct buffer;
/*
 * The question to the core, path and query: "/front/target?tenant=T&label=L", or "application=A&service=S",
 * with "&entry=E" of a bundle, or "secret=S&entry=E" behind the tenant, which is left out when empty. Values
 * are percent-encoded once more: decoded, they are what the caller wrote. Appends.
 */
void outbound_address_question(const struct outbound_address *a, struct text tenant, struct buffer *out);
