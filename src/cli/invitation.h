/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What an operator hands to an external system so that it may connect, as a person types or pastes it:
 *
 *     https://...?token=...      Kyma's way; also Compass's legacyConnectorURL
 *     {"token":..., ...}         `raw` of a Compass token (contract, 2.5)
 *     eyJ0b2tlbiI6...            its `rawEncoded`: the same in base64, line breaks allowed
 *     URL and token apart        `connectorURL` and `token`
 *
 * Pure functions. Texts live in the arena or are borrowed from the input.
 */

#include "base/arena.h"
#include "base/error.h"

struct invitation {
    struct text url;   /* https */
    struct text token; /* for Compass's Connector at `url`; empty: the URL is Kyma's and holds its own */
};

/* E_INVALID says what it should have been, and quotes nothing of it: it may hold a token. */
struct status invitation_read(struct text typed, struct arena *a, struct invitation *out, struct error *err);
/* The two apart. */
struct status invitation_of(struct text url, struct text token, struct invitation *out, struct error *err);
