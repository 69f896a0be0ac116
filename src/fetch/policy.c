/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/policy.h"

#include <curl/curl.h>

#include "base/alloc.h"
#include "os/files.h"

#define TRUSTED_MAX (1024u * 1024)

static bool is_wildcard(struct text address)
{
    return text_starts_with(address, TEXT("0.0.0.0:")) || text_starts_with(address, TEXT("[::]:"));
}

static struct status read_guard(struct fetch_policy *p, const struct settings *s,
                                const char (*addresses)[CHILD_ADDRESS_MAX], unsigned count, struct error *err)
{
    p->guard.allow_loopback = s->outbound_allow_loopback;
    p->guard.allow_own = s->outbound_allow_own_listeners;
    for (unsigned i = 0; i < s->outbound_refuse.count; i++) {
        struct status st = guard_refuse(&p->guard, text_of(s->outbound_refuse.item[i]), err);
        if (!status_ok(st))
            return error_wrap(err, st, "outbound.refuse");
    }
    for (unsigned i = 0; i < count; i++) {
        TRY(guard_add_own(&p->guard, text_of(addresses[i]), err));
        p->wildcard = p->wildcard || is_wildcard(text_of(addresses[i]));
    }
    return DONE;
}

/*
 * libcurl takes a blob instead of its bundle, and keeps looking into its directory. Where it was built
 * without one, the bundle is put beside ours: a job may bring trust of its own, so also when the
 * configuration names none. Then a bundle that is not there is no reason to refuse it.
 */
static struct status read_trust(struct fetch_policy *p, const struct settings *s, struct error *err)
{
    const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);
    const bool ours = s->outbound_ca_file[0] != '\0';
    p->trust_path = built->capath;
    if (ours) {
        struct status st = file_read(s->outbound_ca_file, TRUSTED_MAX, &p->trusted, err);
        if (!status_ok(st))
            return error_wrap(err, st, "outbound.ca_file");
        buffer_byte(&p->trusted, '\n');
    }
    if (built->capath || !built->cainfo)
        return DONE;
    struct status st = file_read(built->cainfo, TRUSTED_MAX, &p->trusted, ours ? err : NULL);
    return ours || st.code == E_NOMEM ? st : DONE;
}

static struct status read_proxy(struct fetch_policy *p, const struct settings *s, struct error *err)
{
    OWNED(secret_release) struct secret both = {0};
    if (!status_ok(proxy_rules_read(text_of(s->outbound_proxy), &p->proxy)))
        return error_set(err, E_INVALID, "outbound.proxy: not http://host:port");
    p->proxy.no_proxy = (struct proxy_places){s->outbound_no_proxy.item, s->outbound_no_proxy.count};
    p->proxy.names = (struct proxy_places){s->outbound_proxy_names.item, s->outbound_proxy_names.count};
    if (!s->outbound_proxy[0] || !s->outbound_proxy_credentials_file[0])
        return DONE;
    struct status st = proxy_credentials_read(s->outbound_proxy_credentials_file, &both, err);
    if (!status_ok(st))
        return error_wrap(err, st, "outbound.proxy_credentials_file");
    const struct bytes all = secret_bytes(&both);
    const size_t colon = text_find(bytes_text(all), ':');
    TRY(secret_alloc(&p->proxy_user, colon + 1));
    TRY(secret_alloc(&p->proxy_password, all.n - colon));
    memcpy(p->proxy_user.p, all.p, colon);
    memcpy(p->proxy_password.p, all.p + colon + 1, all.n - colon - 1);
    return DONE;
}

struct status fetch_policy_new(const struct settings *s, const char (*addresses)[CHILD_ADDRESS_MAX],
                               unsigned count, struct fetch_policy **out, struct error *err)
{
    OWNED(fetch_policy_free) struct fetch_policy *p = mem_alloc(sizeof *p);
    if (!p)
        return STATUS(NOMEM);
    buffer_init(&p->trusted, 2 * TRUSTED_MAX);
    p->verify_tls = s->registry_verify_tls;
    p->redirects = (unsigned)s->registry_fetch_redirects;
    TRY(read_guard(p, s, addresses, count, err));
    TRY(read_trust(p, s, err));
    TRY(read_proxy(p, s, err));
    *out = TAKE(p);
    return DONE;
}

void fetch_policy_free(struct fetch_policy *p)
{
    if (!p)
        return;
    buffer_release(&p->trusted);
    secret_release(&p->proxy_user);
    secret_release(&p->proxy_password);
    mem_free(p);
}
