/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

/*
 * Workloads on the proxy listener. Without TLS, on loopback, everybody is one. With mutual TLS it takes a
 * runtime's certificate, or one that chains to tls.proxy.client_ca_file: that CA's word is enough, the core
 * has no record of what others issue. An application is an external system: with its certificate it could
 * call the APIs of all others.
 */

static bool is_proxy(const struct front_call *fc)
{
    return connection_tag(fc->connection) == LISTENER_PROXY;
}

bool front_asks_for_runtime(const struct front_call *fc)
{
    struct tls_session *tls = is_proxy(fc) ? connection_tls(fc->connection) : NULL;
    return tls && !tls_peer(tls)->guest;
}

bool front_is_runtime(const struct front_call *fc)
{
    const struct hop_identity *id = fc->identity ? &fc->identity->answer : NULL;
    return id && id->verdict == CERT_ACTIVE && id->runtime && id->subject_error.n == 0;
}

bool front_take_tenant(struct front_call *fc, struct text *out)
{
    struct headers *h = &fc->exchange->request.headers;
    size_t kept = 0, count = 0;
    *out = TEXT("");
    if (!fc->front->settings->central)
        return true;
    for (size_t i = 0; i < h->count; i++) {
        if (text_equal_nocase(h->list[i].name, TEXT("Tenant"))) {
            *out = h->list[i].value;
            count++;
        } else {
            h->list[kept++] = h->list[i];
        }
    }
    h->count = kept;
    if (fc->identity)
        *out = fc->identity->answer.tenant;
    return fc->identity || count <= 1;
}
