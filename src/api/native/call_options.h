/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * "call" of services and applications: how targets are called (native API alone: a Kyma client neither sees
 * nor changes it). Private to api/native.
 */

#include "api/handlers.h"
#include "registry/registry.h"

/* What a body's "call" says: absent members stay as they are, null makes them unset (no CA). */
struct call_body {
    bool given;
    bool has_skip_verify, has_encode_url, has_anchors;
    enum call_choice skip_verify, encode_url;
    struct text anchors_pem;
};
/* The body of a PATCH: `others` (NULL ends it) are the members it may have beside "call". E_INVALID for any
 * other, and for values of another type. `anchors`: whether "caCertificate" is one. */
struct status call_body_read(struct call *c, struct text object, const char *const *others, bool anchors,
                             struct call_body *out);

/* "skipVerify" and "encodeUrl": true, false, or null where it is left to the next in line. */
void put_call_choices(struct json_out *j, const struct call_choices *call);
/* "call" of a service, with facts of its CAs. */
struct status put_service_call(struct call *c, struct json_out *j, const struct service *row);
