/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "desk.h"

/* Targets behind outbound.proxy. h.com resolves to 192.0.2.N, the proxy to 192.0.2.200. */

static char lists[][20] = {"direct.com", "192.0.2.9/32", ".partner.example"};
static char *no_proxy[] = {lists[0], lists[1]}, *names[] = {lists[2]};

static struct desk *through_proxy(void **state)
{
    struct desk *d = *state;
    must(status_ok(proxy_rules_read(TEXT("http://proxy.example:3128"), &d->settings.proxy)));
    d->settings.proxy.no_proxy = (struct proxy_places){no_proxy, 2};
    d->settings.proxy.names = (struct proxy_places){names, 1};
    d->settings.proxy_authorization = TEXT("Basic dTpw");
    desk_renew(d);
    return d;
}

static const struct hop_target *ask_for(struct desk *d, const char *url)
{
    return desk_ask(d, desk_service(d, FORMAT(d->world, "'targetUrl':'%s'", url)));
}

static void refuses_what_cannot_be_resolved_or_leads_inwards(void **state)
{
    struct desk *d = through_proxy(state);
    fetcher_says(d->fetcher, FETCH_RESOLVE, FETCH_UNREACHABLE, 0, "h.com: no such host");
    desk_expect_refusal(ask_for(d, "http://h.com"), 502, "dns: h.com: no such host");
    fetcher_says(d->fetcher, FETCH_RESOLVE, FETCH_REFUSED, 0, "i.com: a loopback address");
    desk_expect_refusal(ask_for(d, "http://i.com"), 502, "guarded: i.com: a loopback address");
    /* An address is never for the proxy to judge. */
    desk_expect_refusal(ask_for(d, "http://127.0.0.1"), 502, "guarded: i.com: a loopback address");
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_RESOLVE_PROXY), 0);
}

static void says_when_it_is_the_proxy_that_cannot_be_found(void **state)
{
    struct desk *d = through_proxy(state);
    fetcher_says(d->fetcher, FETCH_RESOLVE_PROXY, FETCH_UNREACHABLE, 0, "proxy.example: no such host");
    desk_expect_refusal(ask_for(d, "http://h.com"), 502,
                        "proxy: outbound.proxy: proxy.example: no such host");
}

static void the_proxy_is_asked_for_the_address_that_was_checked(void **state)
{
    struct desk *d = through_proxy(state);
    const struct hop_target *t = ask_for(d, "https://h.com");
    assert_int_equal(t->status, 0);
    assert_text(t->proxy_to, "192.0.2.1:443");
    assert_text(t->proxy, "proxy.example:3128");
    assert_int_equal(t->proxy_port, 3128);
    assert_text(t->proxy_authorization, "Basic dTpw");
    assert_int_equal(t->address_count, 1);
    assert_int_equal(t->addresses[0][15], 200);
    assert_text(t->host, "h.com"); /* Host, SNI and the certificate's name */
    assert_int_equal(t->port, 443);
    assert_string_equal(fetcher_last(d->fetcher, FETCH_RESOLVE), "h.com:443");
    assert_string_equal(fetcher_last(d->fetcher, FETCH_RESOLVE_PROXY), "proxy.example:3128");
    (void)ask_for(d, "https://j.com");
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_RESOLVE_PROXY), 1); /* once for all targets */
}

static void names_of_the_list_are_not_looked_up(void **state)
{
    struct desk *d = through_proxy(state);
    assert_text(ask_for(d, "http://erp.Partner.example./x")->proxy_to, "erp.partner.example:80");
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_RESOLVE), 0);
}

static void places_of_no_proxy_are_reached_directly(void **state)
{
    struct desk *d = through_proxy(state);
    const struct hop_target *t = ask_for(d, "http://direct.com");
    assert_int_equal(t->proxy_to.n, 0);
    assert_int_equal(t->addresses[0][15], 1);
    fetcher_address(d->fetcher, 9);
    t = ask_for(d, "http://by-its-address.com");
    assert_int_equal(t->proxy_to.n + t->proxy.n + t->proxy_authorization.n, 0);
    assert_int_equal(t->addresses[0][15], 9);
    assert_int_equal(fetcher_jobs(d->fetcher, FETCH_RESOLVE_PROXY), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(refuses_what_cannot_be_resolved_or_leads_inwards),
        DESK_TEST(says_when_it_is_the_proxy_that_cannot_be_found),
        DESK_TEST(the_proxy_is_asked_for_the_address_that_was_checked),
        DESK_TEST(names_of_the_list_are_not_looked_up),
        DESK_TEST(places_of_no_proxy_are_reached_directly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
