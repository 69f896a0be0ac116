/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Short forms for the checks of the registry: services, their secrets and specifications. */

#include "store_suite.h"

#include "store/registry.h"

/* Service n of an application: its id, name and labels follow from n. No identifier, specification, secret.
 */
struct service_write service_of(struct fixture *f, unsigned n, const char *application);
struct status make_service(struct fixture *f, unsigned n, const char *application);
void service_id_of(unsigned n, uint8_t out[static SERVICE_ID_SIZE]);

/* The row as it stands, with its secrets unless `secrets` is NULL; fails the test when it is not there. */
struct service service_now(struct fixture *f, unsigned n, struct service_secret *secrets);
bool service_is_there(struct fixture *f, unsigned n);
struct status delete_service(struct fixture *f, unsigned n, const char *application, int64_t revision);

struct secret_write put_secret(const char *sealed);
/* Puts a content into a slot of the write: its hash and size are those of the text. */
void give_specification(struct service_write *w, enum specification_slot slot, struct specification_row *row,
                        const char *text);
bool specification_is_there(struct fixture *f, const char *text);

struct registry_counts registry_counts_of(struct fixture *f);
int64_t services_of(struct fixture *f, const char *application);

#define assert_counts(f, wanted_services, wanted_specifications, wanted_bytes)                               \
    do {                                                                                                     \
        struct registry_counts counts_ = registry_counts_of(f);                                              \
        assert_int_equal(counts_.services, wanted_services);                                                 \
        assert_int_equal(counts_.specifications, wanted_specifications);                                     \
        assert_int_equal(counts_.specification_bytes, wanted_bytes);                                         \
    } while (0)
