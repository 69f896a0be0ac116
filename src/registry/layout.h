/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a person may put into a secret by hand: the keys of its layout (contract 2.2), and values of the form
 * that a registration would have had to have.
 */

#include "base/error.h"
#include "registry/secret_data.h"

/* One value. E_INVALID for a key of another layout, and for a commonName other than `stored` has: the
 * registration says that one. */
struct status layout_check(enum secret_slot slot, enum credential_kind kind, const struct secret_data *stored,
                           const struct secret_item *item, struct error *err);
/* "********" in a field that answers mask: the value stays. */
bool layout_is_masked(const struct secret_item *item);
/* All of it: key and certificate fit each other and are in their time, parameters are what the validation of
 * a registration accepts. E_INVALID says what is wrong, without a value. */
struct status layout_check_whole(enum secret_slot slot, enum credential_kind kind,
                                 const struct secret_data *data, struct error *err);
