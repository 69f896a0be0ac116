/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/details.h"

#include "base/limits.h"
#include "check.h"
#include "registry/decode.h"
#include "registry/secret_data.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- a description goes into a row and its secrets, and comes back ---- */

/* What the registry does with a description, without store and vault. */
struct kept {
    struct arena a;
    struct buffer labels, details;
    struct secret_data credentials, parameters;
    struct service row;
};
static void kept_release(struct kept *k)
{
    arena_release(&k->a);
    buffer_release(&k->labels);
    buffer_release(&k->details);
    secret_data_release(&k->credentials);
    secret_data_release(&k->parameters);
}
OWNABLE_VALUE(struct kept, kept_release);

static struct status make_secrets(const struct service_details *d, struct kept *k)
{
    struct status s = secret_data_of_credentials(&d->api.credentials, &k->credentials);
    if (s.code == E_NOT_FOUND && credential_kind_of(&d->api.credentials) == CREDENTIAL_CERTIFICATE) {
        const struct secret_item pair[] = {{TEXT("commonName"), BYTES_OF("cn")},
                                           {TEXT("crt"), {(const uint8_t *)"PEM", 3}}};
        struct secret encoded = {0};
        TRY(secret_data_encode(pair, COUNT(pair), &encoded));
        s = secret_data_decode(&encoded, &k->credentials);
    }
    if (!status_ok(s) && s.code != E_NOT_FOUND)
        return s;
    s = secret_data_of_parameters(&d->api, &k->parameters);
    return s.code == E_NOT_FOUND ? DONE : s;
}

static struct status keep(const struct service_details *d, struct kept *k)
{
    arena_init(&k->a, 4096, LIMIT_REQUEST_ARENA);
    buffer_init(&k->labels, 1 << 16);
    buffer_init(&k->details, 1 << 16);
    TRY(make_secrets(d, k));
    TRY(labels_write(d->labels, d->label_count, &k->labels));
    TRY(details_write(d, NULL, &k->details));
    k->row = (struct service){
        .name = d->name,
        .provider = d->provider,
        .description = d->description,
        .short_description = d->short_description,
        .identifier = d->identifier,
        .labels = buffer_as_text(&k->labels),
        .target_url = d->api.target_url,
        .credential_kind = (int)credential_kind_of(&d->api.credentials),
        .details = buffer_as_text(&k->details),
    };
    return DONE;
}

static struct status read_back(struct kept *k, struct service_details *out)
{
    return details_read(&k->row, k->credentials.count ? &k->credentials : NULL,
                        k->parameters.count ? &k->parameters : NULL, &k->a, out);
}

static void show(const struct service_details *d, struct buffer *out)
{
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    json_text(&j, "name", d->name);
    put_labels(&j, "labels", d->labels, d->label_count);
    put_credentials(&j, "credentials", &d->api.credentials);
    put_request_parameters(&j, "requestParameters", &d->api.parameters);
    json_text(&j, "apiType", d->api.api_type);
    json_text(&j, "specificationUrl", d->api.specification_url);
    json_bool(&j, "events", d->events.given);
    json_end(&j);
    assert_ok(buffer_status(out));
}

#define AROUND(api) "{\"name\":\"n\",\"api\":{\"targetUrl\":\"http://h.com\"" api "}}"
#define SHOWN(part)                                                                                          \
    "{\"name\":\"n\",\"labels\":{}" part ",\"apiType\":\"\",\"specificationUrl\":\"\",\"events\":false}"
#define CSRF "\"csrfInfo\":{\"tokenEndpointURL\":\"http://c\"}"

static const struct {
    const char *body, *shown;
} trips[] = {
    {AROUND(""), SHOWN("")},
    {AROUND(",\"credentials\":{}"), SHOWN("")},
    {AROUND(",\"credentials\":{\"certificateGen\":{" CSRF "}}"), SHOWN("")},
    {AROUND(",\"credentials\":{\"basic\":{\"username\":\"u\",\"password\":\"p<\"," CSRF "}}"),
     SHOWN(",\"credentials\":{\"basic\":{\"username\":\"********\",\"password\":\"********\"," CSRF "}}")},
    {AROUND(
         ",\"credentials\":{\"oauth\":{\"url\":\"http://t\",\"clientId\":\"i\",\"clientSecret\":\"s\","
         "\"requestParameters\":{\"queryParameters\":{\"q\":[\"1\",\"2\"]},\"headers\":{\"H\\\"\":[]}}," CSRF
         "}}"),
     SHOWN(
         ",\"credentials\":{\"oauth\":{\"url\":\"http://"
         "t\",\"clientId\":\"********\",\"clientSecret\":\"********\","
         "\"requestParameters\":{\"headers\":{\"H\\\"\":[]},\"queryParameters\":{\"q\":[\"1\",\"2\"]}}," CSRF
         "}}")},
    {AROUND(",\"credentials\":{\"oauth\":{\"url\":\"http://"
            "t\",\"clientId\":\"i\",\"clientSecret\":\"s\",\"requestParameters\":{}}}"),
     SHOWN(",\"credentials\":{\"oauth\":{\"url\":\"http://"
           "t\",\"clientId\":\"********\",\"clientSecret\":\"********\"}}")},
    {AROUND(",\"credentials\":{\"certificateGen\":{\"commonName\":\"cn\"," CSRF "}}"),
     SHOWN(",\"credentials\":{\"certificateGen\":{\"commonName\":\"cn\",\"certificate\":\"UEVN\"," CSRF
           "}}")},
    /* Kyma 1.2.0's fields, beside a method and alone; their values are shown */
    {AROUND(",\"credentials\":{\"basic\":{\"username\":\"u\",\"password\":\"p\"},\"queryParameters\":{"
            "\"param\":[\"bar\"]},"
            "\"headers\":{\"custom-header\":[\"foo\"]}}"),
     SHOWN(",\"credentials\":{\"headers\":{\"custom-header\":[\"foo\"]},\"queryParameters\":{\"param\":["
           "\"bar\"]},"
           "\"basic\":{\"username\":\"********\",\"password\":\"********\"}}")},
    {AROUND(",\"credentials\":{\"headers\":{\"a\":[\"b\"]}}"),
     SHOWN(",\"credentials\":{\"headers\":{\"a\":[\"b\"]}}")},
    {AROUND(",\"credentials\":{\"headers\":{}}"), SHOWN("")},
    {AROUND(",\"requestParameters\":{}"), SHOWN("")},
    {AROUND(",\"requestParameters\":{\"headers\":{\"z\":[\"1\"],\"a\":[\"2\"]}}"),
     SHOWN(",\"requestParameters\":{\"headers\":{\"a\":[\"2\"],\"z\":[\"1\"]}}")},
    {AROUND(",\"queryParameters\":{\"k\":[\"&\"]}"),
     SHOWN(",\"requestParameters\":{\"queryParameters\":{\"k\":[\"\\u0026\"]}}")},
    {"{\"name\":\"<\",\"labels\":{\"b\\\"\":\"\\u2028\",\"a\":\"\"},\"events\":{\"spec\":{}},"
     "\"api\":{\"targetUrl\":\"h.com\",\"apiType\":\"OData\",\"specificationUrl\":\"u\"}}",
     "{\"name\":\"\\u003c\",\"labels\":{\"a\":\"\",\"b\\\"\":\"\\u2028\"},\"apiType\":\"OData\","
     "\"specificationUrl\":\"u\",\"events\":true}"},
};

static void descriptions_come_back_as_they_went(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(trips); i++) {
        OWNED(arena_release) struct arena a;
        OWNED(kept_release) struct kept k = {0};
        OWNED(buffer_release) struct buffer shown;
        OWNED(buffer_release) struct buffer again;
        struct service_details sent, read;
        arena_init(&a, 4096, LIMIT_REQUEST_ARENA);
        buffer_init(&shown, 1 << 16);
        buffer_init(&again, 1 << 16);
        assert_ok(service_decode(text_of(trips[i].body), 0, &a, &sent, NULL));
        assert_ok(keep(&sent, &k));
        assert_ok(read_back(&k, &read));
        assert_int_equal(read.api.parameters.given, sent.api.parameters.given);
        assert_int_equal(read.api.credentials.extra.given, sent.api.credentials.extra.given);
        assert_int_equal(read.api.credentials.oauth.parameters.given,
                         sent.api.credentials.oauth.parameters.given);
        assert_int_equal(credential_kind_of(&read.api.credentials),
                         credential_kind_of(&sent.api.credentials));
        assert_text(read.api.credentials.basic.password, sent.api.credentials.basic.password.n > 1 ? "p<"
                                                         : sent.api.credentials.basic.given        ? "p"
                                                                                                   : "");
        assert_ok(details_write(&read, NULL, &again));
        assert_true(text_equal(buffer_as_text(&again), buffer_as_text(&k.details)));
        service_mask(&read);
        show(&read, &shown);
        assert_text(buffer_as_text(&shown), trips[i].shown);
    }
}

static void a_service_of_events_has_no_api(void **state)
{
    (void)state;
    OWNED(kept_release) struct kept k = {0};
    struct service_details sent = {.name = TEXT("n"), .events.given = true}, read;
    assert_ok(keep(&sent, &k));
    assert_text(k.row.details, "{\"events\":true}");
    assert_ok(read_back(&k, &read));
    assert_true(read.events.given && !read.api.given && !read.documentation.given);
}

/* ---- damage ---- */

static void refuses_damaged_rows(void **state)
{
    (void)state;
    static const char *const broken[] = {"{", "[]", "x", "{\"apiType\":1}", "{\"url\":[]}"};
    for (size_t i = 0; i < COUNT(broken); i++) {
        OWNED(arena_release) struct arena a;
        struct service row = {.target_url = TEXT("h.com"), .details = text_of(broken[i])};
        struct service_details d;
        arena_init(&a, 4096, LIMIT_REQUEST_ARENA);
        assert_status(details_read(&row, NULL, NULL, &a, &d), E_BROKEN);
        row =
            (struct service){.target_url = TEXT("h.com"), .labels = text_of(i < 3 ? broken[i] : "{\"a\":1}")};
        assert_status(details_read(&row, NULL, NULL, &a, &d), E_BROKEN);
    }
    OWNED(arena_release) struct arena a;
    struct service_details d;
    arena_init(&a, 4096, LIMIT_REQUEST_ARENA);
    for (int kind = -1; kind <= 5; kind += 6) {
        const struct service row = {.target_url = TEXT("h.com"), .credential_kind = kind};
        assert_status(details_read(&row, NULL, NULL, &a, &d), E_BROKEN);
    }
}

static void refuses_damaged_parameters(void **state)
{
    (void)state;
    static const char *const broken[] = {"{", "[]", "{\"a\":1}", "{\"a\":[1]}", "\"x\""};
    for (size_t i = 0; i < COUNT(broken); i++) {
        OWNED(arena_release) struct arena a;
        OWNED(secret_data_release) struct secret_data data = {0};
        struct secret encoded = {0};
        const struct service row = {.target_url = TEXT("h.com")};
        const struct secret_item item = {TEXT("headers"), text_bytes(text_of(broken[i]))};
        struct service_details d;
        arena_init(&a, 4096, LIMIT_REQUEST_ARENA);
        assert_ok(secret_data_encode(&item, 1, &encoded));
        assert_ok(secret_data_decode(&encoded, &data));
        assert_status(details_read(&row, NULL, &data, &a, &d), E_BROKEN);
    }
}

static void a_later_version_may_know_more(void **state)
{
    (void)state;
    OWNED(arena_release) struct arena a;
    const struct service row = {.target_url = TEXT("h.com"),
                                .details = TEXT("{\"new\":{\"x\":[1]},\"apiType\":\"t\",\"extra\":false}")};
    struct service_details d;
    arena_init(&a, 4096, LIMIT_REQUEST_ARENA);
    assert_ok(details_read(&row, NULL, NULL, &a, &d));
    assert_text(d.api.api_type, "t");
    assert_false(d.api.credentials.given);
}

/* ---- documentation ---- */

#define DOCUMENTED(more) "{\"displayName\":\"D\",\"description\":\"dd\",\"type\":\"t\"" more "}"

static void documentation_is_shown_as_it_was_sent(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        DOCUMENTED(""),
        DOCUMENTED(",\"tags\":[],\"docs\":[]"),
        DOCUMENTED(
            ",\"tags\":[\"a\",\"\"],\"docs\":[{\"title\":\"x\",\"type\":\"y\",\"source\":\"\\u003cz\"}]"),
    };
    for (size_t i = 0; i < COUNT(bodies); i++) {
        OWNED(arena_release) struct arena a;
        OWNED(buffer_release) struct buffer b;
        OWNED(buffer_release) struct buffer shown;
        struct service_details d;
        struct json_out j;
        arena_init(&a, 4096, LIMIT_REQUEST_ARENA);
        buffer_init(&b, 4096);
        buffer_init(&shown, 4096);
        buffer_printf(&b, "{\"documentation\":%s}", bodies[i]);
        assert_ok(service_decode(buffer_as_text(&b), 0, &a, &d, NULL));
        json_out_init(&j, &shown);
        put_documentation(&j, NULL, &d.documentation);
        assert_text(buffer_as_text(&shown), bodies[i]);
    }
}

/* ---- which method counts ---- */

static void the_method_that_counts(void **state)
{
    (void)state;
    struct credentials c = {.given = true, .certificate.given = true};
    assert_int_equal(credential_kind_of(&c), CREDENTIAL_NONE);
    assert_null(credential_csrf(&c));
    c.certificate.common_name = TEXT("cn");
    assert_int_equal(credential_kind_of(&c), CREDENTIAL_CERTIFICATE);
    assert_ptr_equal(credential_csrf(&c), &c.certificate.csrf);
    c = (struct credentials){.oauth.given = true};
    assert_string_equal(credential_kind_name(credential_kind_of(&c)), "oauth");
    assert_ptr_equal(credential_csrf(&c), &c.oauth.csrf);
    c = (struct credentials){.basic.given = true};
    assert_string_equal(credential_kind_name(credential_kind_of(&c)), "basic");
    assert_ptr_equal(credential_csrf(&c), &c.basic.csrf);
    assert_string_equal(credential_kind_name(CREDENTIAL_NONE), "none");
    assert_string_equal(credential_kind_name(CREDENTIAL_CERTIFICATE), "certificateGen");
}

static struct status whole_trip(void)
{
    OWNED(arena_release) struct arena a;
    OWNED(kept_release) struct kept k = {0};
    struct service_details sent, read;
    arena_init(&a, 256, LIMIT_REQUEST_ARENA);
    TRY(service_decode(text_of(trips[4].body), 0, &a, &sent, NULL));
    TRY(keep(&sent, &k));
    return read_back(&k, &read);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_survives_failing_allocations(whole_trip());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_damaged_rows),
        cmocka_unit_test(refuses_damaged_parameters),
        cmocka_unit_test(descriptions_come_back_as_they_went),
        cmocka_unit_test(a_service_of_events_has_no_api),
        cmocka_unit_test(a_later_version_may_know_more),
        cmocka_unit_test(documentation_is_shown_as_it_was_sent),
        cmocka_unit_test(the_method_that_counts),
        cmocka_unit_test(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
