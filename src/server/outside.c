/* SPDX-License-Identifier: Apache-2.0 */
#include "server/outside.h"

#include "os/files.h"
#include "os/host.h"

#define ANCHORS_MAX (4u * 1024 * 1024)

/* The bundle of all anchors in one file: Debian and its relatives, Fedora and its, SUSE, Alpine. */
static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                      "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                                      "/etc/ssl/cert.pem"};

static struct status read_system(struct buffer *out)
{
    for (size_t i = 0; i < sizeof bundles / sizeof bundles[0]; i++) {
        struct status st = file_read(bundles[i], ANCHORS_MAX, out, NULL);
        if (status_ok(st) || st.code == E_NOMEM)
            return st;
    }
    return DONE;
}

struct status outside_read(struct child_outside *out)
{
    buffer_init(&out->system_anchors, ANCHORS_MAX);
    TRY(read_system(&out->system_anchors));
    /* The fetcher, which resolves targets, asks at that time and refuses without an answer; this is the
     * second look. */
    if (!host_addresses(out->local, CHILD_LOCAL_MAX, &out->local_count))
        out->local_count = 0;
    return DONE;
}

void outside_release(struct child_outside *o)
{
    buffer_release(&o->system_anchors);
}
