/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/front/front.h"
#include "ask.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "check.h"
#include "net/hop.h"
#include "os/files.h"
#include "scratch.h"
#include "x509/pem.h"

static struct answer ask_core(struct world *w, const char *target)
{
    const struct ask in = {
        .method = HTTP_GET, .target = target, .listener = ON_FRONT, .principal = ask_front()};
    return ask(w, &in);
}

static void refuses_a_fingerprint_that_is_none(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    assert_int_equal(ask_core(w, "/front/certificate").status, 400);
    assert_int_equal(ask_core(w, "/front/certificate?fingerprint=abcd").status, 400);
    world_close(w);
}

static void tells_a_front_what_a_certificate_is(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    const struct connector_issued cert = world_certificate(w, "shop");
    char hex[2 * SHA256_SIZE + 1];
    hex_encode(hex, BYTES_OF(cert.fingerprint));
    const char *target =
        arena_cstr(&w->arena, arena_printf(&w->arena, "/front/certificate?fingerprint=%s", hex));
    struct hop_identity id;
    assert_ok(hop_identity_decode(text_bytes(ask_core(w, target).body), &id));
    assert_int_equal(id.verdict, CERT_ACTIVE);
    assert_text(id.application, "shop");
    assert_true(page_pairs_current(&id.pairs, &w->page));
    assert_ok(connector_revoke(w->connector, &world_caller, cert.fingerprint, TEXT(""), &w->err));
    assert_false(page_pairs_current(&id.pairs, &w->page));
    assert_ok(hop_identity_decode(text_bytes(ask_core(w, target).body), &id));
    assert_int_equal(id.verdict, CERT_REVOKED);
    world_close(w);
}

static void makes_each_listener_a_certificate_and_keeps_it(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    clock_set_test(clock_now_ms(), 0);
    struct hop_listeners first;
    struct hop_listeners again;
    assert_ok(hop_listeners_decode(text_bytes(ask_core(w, "/front/listeners").body), &first));
    assert_true(first.count >= 2);
    assert_true(first.renew_at > clock_now_s() + 59 * 24 * 3600);
    for (unsigned i = 0; i < first.count; i++) {
        struct text rest = first.item[i].chain_pem;
        struct text label;
        struct buffer der;
        buffer_init(&der, 1 << 16);
        assert_ok(pem_next(&rest, &label, &der, &w->err));
        assert_true(text_starts_with(first.item[i].key_pem, TEXT("-----BEGIN PRIVATE KEY-----\n")));
        if (first.item[i].listener == LISTENER_GATEWAY)
            assert_true(text_equal(first.item[i].anchors_pem, ca_anchors_pem(w->ca)));
        if (first.item[i].listener == LISTENER_CONNECTOR)
            assert_text(first.item[i].anchors_pem, "");
        buffer_release(&der);
    }
    /* kept */
    assert_ok(hop_listeners_decode(text_bytes(ask_core(w, "/front/listeners").body), &again));
    assert_true(text_equal(first.item[0].key_pem, again.item[0].key_pem));
    /* and replaced after two thirds of its life */
    clock_advance_test(61LL * 24 * 3600 * 1000);
    assert_ok(hop_listeners_decode(text_bytes(ask_core(w, "/front/listeners").body), &again));
    assert_false(text_equal(first.item[0].key_pem, again.item[0].key_pem));
    clock_real();
    world_close(w);
}

static void keeps_the_key_sealed(void **state)
{
    (void)state;
    struct world *w = world_open(NULL);
    assert_int_equal(ask_core(w, "/front/listeners").status, 200);
    struct bytes sealed;
    assert_ok(store_blob_get(w->store, TEXT("listener/gateway"), &w->arena, &sealed));
    assert_null(memmem(sealed.p, sealed.n, "PRIVATE KEY", 11));
    world_close(w);
}

static void reads_own_files_and_says_which_is_missing(void **state)
{
    (void)state;
    static const char *const own[] = {"tls.gateway.certificate_file=/nonexistent/gateway.crt",
                                      "tls.gateway.key_file=/nonexistent/gateway.key", NULL};
    struct settings *s = NULL;
    struct error err = {0};
    const struct settings_sources from = {.set = own, .set_count = 2};
    if (!status_ok(settings_load(&from, &s, &err)))
        return; /* the configuration already refuses files that are not there */
    settings_free(s);
    struct world *w = world_open(own);
    const struct answer got = ask_core(w, "/front/listeners");
    assert_true(got.status >= 400);
    world_close(w);
}

static void trust_for_targets_goes_to_fronts_that_call_them(void **state)
{
    (void)state;
    char directory[SCRATCH_MAX], file[SCRATCH_MAX + 16], setting[96];
    scratch_make(directory);
    (void)snprintf(file, sizeof file, "%s/anchors.pem", directory);
    assert_ok(file_write(file, text_bytes(TEXT("anchors")), 0600, NULL));
    (void)snprintf(setting, sizeof setting, "outbound.ca_file=%s", file);
    const char *const with[] = {setting, "listen.proxy=127.0.0.1:0", NULL};
    const char *const without[] = {setting, "listen.proxy=off", NULL};
    struct hop_listeners got;
    struct world *w = world_open(with);
    assert_ok(hop_listeners_decode(text_bytes(ask_core(w, "/front/listeners").body), &got));
    assert_text(got.target_anchors_pem, "anchors");
    assert_true(got.renew_at > 0);
    world_close(w);
    w = world_open(without);
    assert_ok(hop_listeners_decode(text_bytes(ask_core(w, "/front/listeners").body), &got));
    assert_int_equal(got.target_anchors_pem.n, 0);
    world_close(w);
    assert_int_equal(scratch_remove(directory), 0);
}

static void the_proxy_listener_has_keys_names_and_guests_when_it_is_mutual(void **state)
{
    (void)state;
    char directory[SCRATCH_MAX], file[SCRATCH_MAX + 16], setting[96];
    scratch_make(directory);
    (void)snprintf(file, sizeof file, "%s/guests.pem", directory);
    assert_ok(file_write(file, text_bytes(TEXT("guests")), 0600, NULL));
    (void)snprintf(setting, sizeof setting, "tls.proxy.client_ca_file=%s", file);
    const char *const mutual[] = {setting, "tls.proxy.mode=mutual", "listen.proxy=0.0.0.0:8081", NULL};
    const char *const off[] = {"listen.proxy=127.0.0.1:8081", NULL};
    struct hop_listeners got;
    struct world *w = world_open(mutual);
    assert_ok(hop_listeners_decode(text_bytes(ask_core(w, "/front/listeners").body), &got));
    const struct hop_listener *proxy = &got.item[got.count - 1];
    assert_int_equal(proxy->listener, LISTENER_PROXY);
    assert_true(proxy->key_pem.n > 0 && text_equal(proxy->anchors_pem, ca_anchors_pem(w->ca)));
    assert_text(proxy->guest_anchors_pem, "guests");
    assert_int_equal(got.item[0].guest_anchors_pem.n, 0);
    world_close(w);
    w = world_open(off);
    assert_ok(hop_listeners_decode(text_bytes(ask_core(w, "/front/listeners").body), &got));
    for (unsigned i = 0; i < got.count; i++)
        assert_int_not_equal(got.item[i].listener, LISTENER_PROXY);
    world_close(w);
    assert_int_equal(scratch_remove(directory), 0);
}

static void the_gateway_listener_has_guests_of_its_own(void **state)
{
    (void)state;
    char directory[SCRATCH_MAX], file[SCRATCH_MAX + 16], setting[96];
    scratch_make(directory);
    (void)snprintf(file, sizeof file, "%s/partners.pem", directory);
    assert_ok(file_write(file, text_bytes(TEXT("partners")), 0600, NULL));
    (void)snprintf(setting, sizeof setting, "tls.gateway.client_ca_file=%s", file);
    const char *const external[] = {setting, "listen.proxy=127.0.0.1:8081", NULL};
    struct hop_listeners got;
    struct world *w = world_open(external);
    assert_ok(hop_listeners_decode(text_bytes(ask_core(w, "/front/listeners").body), &got));
    bool seen = false;
    for (unsigned i = 0; i < got.count; i++) {
        const bool gateway = got.item[i].listener == LISTENER_GATEWAY;
        assert_true(text_equal(got.item[i].guest_anchors_pem, gateway ? TEXT("partners") : TEXT("")));
        assert_true(!gateway || text_equal(got.item[i].anchors_pem, ca_anchors_pem(w->ca)));
        seen = seen || gateway;
    }
    assert_true(seen && got.renew_at > 0);
    world_close(w);
    assert_int_equal(scratch_remove(directory), 0);
}

static void a_listener_of_a_service_manager_has_keys_whatever_the_settings_say(void **state)
{
    (void)state;
    const char *const mutual[] = {"tls.proxy.mode=mutual", "mode.central=true", "listen.proxy=off",
                                  "listen.gateway=off", NULL};
    struct ask in = {.method = HTTP_GET,
                     .target = "/front/listeners",
                     .listener = ON_FRONT,
                     .principal = ask_front(),
                     .activated = 1u << LISTENER_PROXY | 1u << LISTENER_GATEWAY};
    struct hop_listeners got;
    struct world *w = world_open(mutual);
    unsigned seen = 0;
    assert_ok(hop_listeners_decode(text_bytes(ask(w, &in).body), &got));
    for (unsigned i = 0; i < got.count; i++)
        seen |= got.item[i].key_pem.n > 0 ? 1u << got.item[i].listener : 0;
    assert_int_equal(seen & in.activated, in.activated);
    assert_ok(hop_listeners_decode(text_bytes(ask_core(w, "/front/listeners").body), &got));
    for (unsigned i = 0; i < got.count; i++)
        assert_false(in.activated & 1u << got.item[i].listener);
    world_close(w);
}

static bool has_name(const struct server_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (text_equal(names->name[i], text_of(name)))
            return true;
    return false;
}

static void the_proxy_listener_is_called_as_workloads_call_it(void **state)
{
    (void)state;
    char v4[] = "192.0.2.7:8081", v6[] = "[2001:db8::1]:8081", all[] = "0.0.0.0:8081", domain[] = "d.example",
         own[] = "calls.example";
    struct settings s = {.url_domain = domain, .internal_hosts = {.item = {own}, .count = 1}};
    struct server_names names;
    struct arena a;
    arena_init(&a, 1024, 1 << 16);
    s.listen[LISTENER_PROXY] = v4;
    proxy_names(&s, TEXT("host.example"), &a, &names);
    static const char *const always[] = {"localhost", "127.0.0.1",    "::1",
                                         "d.example", "host.example", "calls.example"};
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        assert_true(has_name(&names, always[i]));
    assert_true(has_name(&names, "192.0.2.7") && !has_name(&names, "gateway.d.example"));
    s.listen[LISTENER_PROXY] = v6;
    proxy_names(&s, TEXT(""), &a, &names);
    assert_true(has_name(&names, "2001:db8::1"));
    s.listen[LISTENER_PROXY] = all;
    proxy_names(&s, TEXT(""), &a, &names);
    assert_false(has_name(&names, "0.0.0.0"));
    arena_release(&a);
}

static void finds_the_host_of_an_address(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host;
    } rows[] = {
        {"https://gateway.example:9443", "gateway.example"},
        {"https://gateway.example/x", "gateway.example"},
        {"https://[::1]:9443/", "::1"},
        {"", ""},
        {"https://", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_text(url_host(text_of(rows[i].url)), rows[i].host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_fingerprint_that_is_none),
        cmocka_unit_test(tells_a_front_what_a_certificate_is),
        cmocka_unit_test(makes_each_listener_a_certificate_and_keeps_it),
        cmocka_unit_test(keeps_the_key_sealed),
        cmocka_unit_test(reads_own_files_and_says_which_is_missing),
        cmocka_unit_test(trust_for_targets_goes_to_fronts_that_call_them),
        cmocka_unit_test(the_proxy_listener_has_keys_names_and_guests_when_it_is_mutual),
        cmocka_unit_test(the_gateway_listener_has_guests_of_its_own),
        cmocka_unit_test(a_listener_of_a_service_manager_has_keys_whatever_the_settings_say),
        cmocka_unit_test(the_proxy_listener_is_called_as_workloads_call_it),
        cmocka_unit_test(finds_the_host_of_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
