/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* `connect`: is this the server that the operator meant? One thread; blocks. */

#include "cli/cli.h"
#include "cli/https_client.h"

/* --ca-fingerprint, else this host's trust store. E_INVALID, as wrong usage, when it is no fingerprint. */
struct status first_contact_trust(struct cli *c, struct https_trust *out, struct error *err);
/*
 * First contact with a CA that neither the caller nor this host knows: nothing but a TLS handshake has
 * happened so far, and nothing else will unless a person says that this is the fingerprint they were given.
 * Then `out` pins it.
 */
struct status first_contact_ask(struct cli *c, struct text url, struct https_trust *out, struct error *err);
