/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/issuer.h"

#include "config/check.h"

#define TOKENS_MAX 20000

/* Some issuers have a query there. The fetcher looks at the URL as a whole once more. */
static bool is_place(struct text url, struct text issuer)
{
    const struct text query = text_from(url, text_find(url, '?'));
    for (size_t i = 0; i < query.n; i++)
        if (query.p[i] <= ' ' || query.p[i] >= 0x7f || query.p[i] == '#')
            return false;
    /* http is for an issuer on this host, and so configured. */
    return check_issuer_url(text_first(url, url.n - query.n)) &&
           (text_starts_with(url, TEXT("https://")) || text_starts_with(issuer, TEXT("http://")));
}

struct status issuer_discovery_read(struct text json, struct text issuer, struct arena *a, struct text *out,
                                    struct error *err)
{
    enum { ISSUER, JWKS_URI, COUNT };
    struct member m[COUNT] = {[ISSUER] = {.name = "issuer"}, [JWKS_URI] = {.name = "jwks_uri"}};
    struct text named;
    TRY(members_scan(json, TOKENS_MAX, err));
    TRY(members_read(json, a, m, COUNT, err));
    TRY(member_text(&m[ISSUER], a, &named, err));
    /* OpenID Connect Discovery 4.3: exactly, or one issuer could speak for another. */
    if (!text_equal(named, issuer))
        return error_set(err, E_INVALID, "it is another issuer's: its \"issuer\" is not auth.oidc.issuer");
    TRY(member_text(&m[JWKS_URI], a, out, err));
    if (!is_place(*out, issuer))
        return error_set(err, E_INVALID, "its \"jwks_uri\" is no https URL");
    return DONE;
}
