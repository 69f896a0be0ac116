/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/service.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fake_control.h"
#include "scratch.h"

#define ID        "3bb33152-1bdb-4d68-b267-3fd239633d7b"
#define WORDS_MAX 12

static const char file_path[] = "service-test.json";
static const char yaml_path[] = "service-test.yaml";
static const char key_path[] = "service-test.key";
static const char *const silent[] = {NULL};

static void write_file(const char *path, const char *content, mode_t mode)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

/* The files are named relative to a directory of this run. */
static char directory[SCRATCH_MAX];

static int enter_directory(void **state)
{
    (void)state;
    scratch_make(directory);
    return chdir(directory);
}

static int remove_directory(void **state)
{
    (void)state;
    return chdir("/") == 0 ? scratch_remove(directory) : 1;
}

static bool contains(struct text t, const char *what)
{
    return t.p && memmem(t.p, t.n, what, strlen(what)) != NULL;
}

static void assert_contains(struct text t, const char *what)
{
    if (!contains(t, what))
        fail_msg("no '%s' in: %.*s", what, TEXT_ARG(t));
}

/* ---- refusals ---- */

static void wrong_usage_says_what_is_right_and_asks_nobody(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS_MAX];
        const char *message;
    } rows[] = {
        {{"service", "show", "shop", "3BB33152-1bdb-4d68-b267-3fd239633d7b"}, "an ID is 36 characters"},
        {{"service", "show", "shop", ".."}, "`fairlead service list APP` shows them"},
        {{"service", "delete", "shop", ID}, "add --yes to do it"},
        {{"service", "delete", "shop", ID, "--yes", "--if-revision", "0"}, "--if-revision takes the number"},
        {{"service", "register", "shop"}, "'service register' needs -f FILE"},
        {{"service", "update", "shop", ID}, "'service update' needs -f FILE"},
        {{"service", "update", "shop", ID, "--verify", "--skip-verify"}, "exclude each other"},
        {{"service", "update", "shop", ID, "--encode-url", "yes"}, "--encode-url takes on, off or default"},
        {{"service", "update", "shop", ID, "--ca-file", "c", "--no-ca"}, "exclude each other"},
        {{"service", "update", "shop", ID, "-f", "x", "--verify"}, "-f replaces the description"},
        {{"service", "update", "shop", ID, "--dry-run", "--verify"}, "-f replaces the description"},
        {{"service", "list", "--limit", "0"}, "--limit takes a whole number from 1"},
        {{"service", "list", "-o", "xml"}, "-o takes table, json or csv"},
        {{"service", "specification", "shop", ID, "--kind", "pdf"}, "--kind takes api, events or"},
        {{"service", "specification", "shop", ID, "--kind", "api", "--refresh"}, "--refresh takes no other"},
        {{"service", "credentials", "shop", ID, "--key", "k"}, "an own pair needs both"},
        {{"service", "credentials", "shop", ID, "--certificate", "c"}, "an own pair needs both"},
        {{"service", "credentials", "shop", ID, "--restore", "1", "--from-file", "-"}, "exclude each other"},
        {{"service", "credentials", "shop", ID, "--restore", "x"}, "--restore takes the number"},
        {{"app", "update", "shop"}, "needs --description, --label or --remove-label"},
        {{"app", "create", "shop", "--label", "region"}, "--label takes NAME=VALUE"},
        {{"app", "create", "shop", "--label", "=eu"}, "--label takes NAME=VALUE"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake_control f;
        struct cli c;
        struct error err;
        assert_status(fake_run(&f, silent, &c, rows[i].words, &err), E_INVALID);
        assert_contains(text_of(err.message), rows[i].message);
        assert_true(c.usage);
        assert_int_equal(f.count, 0);
        cli_ended(&c);
        fake_release(&f);
    }
}

static void refusals_of_the_server_name_the_next_step(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS_MAX];
        const char *answer, *message;
        enum code code;
    } rows[] = {
        {{"service", "show", "shop", ID},
         "404 {\"detail\":\"The application shop has no service x\"}",
         "The application shop has no service x: `fairlead service list shop` shows those there are",
         E_NOT_FOUND},
        {{"service", "list", "shop"},
         "404 {\"detail\":\"There is no application shop: `fairlead app list` shows those there are\"}",
         "There is no application shop: `fairlead app list` shows those there are",
         E_NOT_FOUND},
        {{"service", "register", "shop", "-f", file_path},
         "400 {\"detail\":\"trailing comma before '}' at line 7, column 3\"}",
         "service-test.json: trailing comma before '}' at line 7, column 3",
         E_INVALID},
        {{"service", "update", "shop", ID, "-f", file_path, "--if-revision", "3"},
         "412 {\"detail\":\"it has revision 4 now\"}",
         "it has revision 4 now",
         E_CHANGED},
        {{"service", "register", "shop", "-f", file_path},
         "502 {\"detail\":\"Fetching API spec from URL failed\"}",
         "Fetching API spec from URL failed",
         E_UPSTREAM},
        {{"service", "credentials", "shop", ID},
         "404 {\"detail\":\"the service has no credentials\"}",
         "the service has no credentials",
         E_NOT_FOUND},
    };
    write_file(file_path, "{\"name\":\"x\",}", 0644);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake_control f;
        struct cli c;
        struct error err;
        const char *const answers[] = {rows[i].answer, NULL};
        assert_status(fake_run(&f, answers, &c, rows[i].words, &err), rows[i].code);
        assert_contains(text_of(err.message), rows[i].message);
        assert_false(c.usage);
        assert_int_equal(buffer_size(&c.out), 0);
        cli_ended(&c);
        fake_release(&f);
    }
}

static void a_key_that_others_may_read_is_not_sent(void **state)
{
    (void)state;
    struct fake_control f;
    struct cli c;
    struct error err;
    write_file(key_path, "-----BEGIN PRIVATE KEY-----\n", 0644);
    write_file(file_path, "-----BEGIN CERTIFICATE-----\n", 0644);
    const char *const words[] = {"service", "credentials", "shop",   ID,  "--certificate",
                                 file_path, "--key",       key_path, NULL};
    assert_status(fake_run(&f, silent, &c, words, &err), E_DENIED);
    assert_contains(text_of(err.message), key_path);
    assert_int_equal(f.count, 0);
    cli_ended(&c);
    fake_release(&f);
}

static void broken_yaml_is_refused_with_its_place_and_not_sent(void **state)
{
    (void)state;
    struct fake_control f;
    struct cli c;
    struct error err;
    write_file(yaml_path, "name: orders\napi:\n  targetUrl: &anchor http://h\n", 0644);
    const char *const words[] = {"service", "register", "shop", "-f", yaml_path, NULL};
    assert_status(fake_run(&f, silent, &c, words, &err), E_INVALID);
    assert_contains(text_of(err.message), "service-test.yaml:3:14: ");
    assert_int_equal(f.count, 0);
    cli_ended(&c);
    fake_release(&f);
}

/* ---- register, update, delete ---- */

static void json_goes_out_as_it_was_typed(void **state)
{
    (void)state;
    static const char typed[] = "{\n  \"name\" : \"orders\",\n  \"n\": 1e3 }\n";
    static const char *const answers[] = {
        "201 {\"id\":\"" ID "\",\"name\":\"orders\",\"api\":{\"targetUrl\":\"https://h\",\"credentials\":"
        "{\"certificateGen\":{\"commonName\":\"x\"}},\"credentialSecret\":\"app-shop-x\"}}",
        NULL};
    struct fake_control f;
    struct cli c;
    struct error err;
    write_file(file_path, typed, 0644);
    const char *const words[] = {"service", "register", "my shop", "-f", file_path, "--tenant", "a&b", NULL};
    assert_ok(fake_run(&f, answers, &c, words, &err));
    assert_text(fake_body(&f, 0), typed);
    assert_contains(fake_head(&f, 0),
                    "POST /api/v1/applications/my%20shop/services?tenant=a%26b HTTP/1.1\r\n");
    assert_text(buffer_as_text(&c.out),
                "Id:           " ID "\n"
                "Name:         orders\n"
                "Target:       https://h\n"
                "Credentials:  certificateGen\n"
                "Secret:       app-shop-x\n"
                "\n"
                "Next: fairlead service show 'my shop' " ID "\n"
                "\n"
                "The target must accept the certificate that was made for it. To fetch it:\n"
                "  fairlead service credentials --certificate-out client.crt 'my shop' " ID "\n");
    cli_ended(&c);
    fake_release(&f);
}

static void yaml_becomes_json_with_a_specification_as_a_block(void **state)
{
    (void)state;
    static const char *const answers[] = {"200 {\"valid\":true}", NULL};
    struct fake_control f;
    struct cli c;
    struct error err;
    write_file(yaml_path,
               "name: orders\nlabels: {region: eu}\napi:\n  spec: |\n    openapi: 3.0.0\n    info: {}\n",
               0644);
    const char *const words[] = {"service", "register", "shop", "-f", yaml_path, "--dry-run", NULL};
    assert_ok(fake_run(&f, answers, &c, words, &err));
    assert_contains(fake_body(&f, 0), "{\"name\":\"orders\",\"labels\":{\"region\":\"eu\"},");
    assert_contains(fake_body(&f, 0), "\"api\":{\"spec\":\"openapi: 3.0.0\\");
    assert_contains(fake_head(&f, 0), "/services?dryRun=true ");
    assert_text(buffer_as_text(&c.out), "Valid; nothing was changed.\n");
    cli_ended(&c);
    fake_release(&f);
}

static void an_update_carries_the_revision_it_is_for(void **state)
{
    (void)state;
    static const char *const answers[] = {"200 {\"revision\":4}", NULL};
    struct fake_control f;
    struct cli c;
    struct error err;
    write_file(file_path, "{}", 0644);
    const char *const words[] = {"service", "update",        "shop", ID,  "-f",
                                 file_path, "--if-revision", "3",    NULL};
    assert_ok(fake_run(&f, answers, &c, words, &err));
    assert_contains(fake_head(&f, 0), "PUT /api/v1/applications/shop/services/" ID " HTTP/1.1\r\n");
    assert_contains(fake_head(&f, 0), "\r\nIf-Match: \"3\"");
    assert_text(buffer_as_text(&c.out), "Updated: revision 4\n");
    cli_ended(&c);
    fake_release(&f);
}

static void how_a_service_is_called_is_patched_alone(void **state)
{
    (void)state;
    static const char *const answers[] = {"200 {\"revision\":5}", NULL};
    struct fake_control f;
    struct cli c;
    struct error err;
    write_file(file_path, "CA\n", 0644);
    const char *const words[] = {"service",   "update",  "shop",         ID,    "--default-verify",
                                 "--ca-file", file_path, "--encode-url", "off", NULL};
    assert_ok(fake_run(&f, answers, &c, words, &err));
    assert_contains(fake_head(&f, 0), "PATCH /api/v1/applications/shop/services/" ID " HTTP/1.1\r\n");
    assert_text(fake_body(&f, 0),
                "{\"call\":{\"skipVerify\":null,\"encodeUrl\":false,\"caCertificate\":\"CA\\n\"}}");
    assert_text(buffer_as_text(&c.out), "Updated: revision 5\n");
    cli_ended(&c);
    fake_release(&f);
}

static void deleting_asks_once_and_sends_no_body(void **state)
{
    (void)state;
    static const char *const answers[] = {"204", NULL};
    struct fake_control f;
    struct cli c;
    struct error err;
    const char *const words[] = {"service", "delete", "shop", ID, "--yes", NULL};
    assert_ok(fake_run(&f, answers, &c, words, &err));
    assert_contains(fake_head(&f, 0), "DELETE /api/v1/applications/shop/services/" ID " HTTP/1.1\r\n");
    assert_false(contains(fake_head(&f, 0), "If-Match"));
    assert_int_equal(fake_body(&f, 0).n, 0);
    cli_ended(&c);
    fake_release(&f);
}

/* ---- credentials ---- */

static const char credentials_answer[] =
    "200 {\"secret\":\"app-shop-x\",\"kind\":\"certificateGen\",\"byHand\":true,\"revision\":2,"
    "\"updatedAt\":\"2026-11-21T05:13:44Z\",\"keys\":[\"commonName\",\"crt\",\"key\"],\"certificate\":"
    "{\"subject\":\"CN=x\",\"fingerprint\":\"abcd\",\"notBefore\":\"2020-01-01T00:00:00Z\","
    "\"notAfter\":\"2020-02-01T00:00:00Z\",\"pem\":\"-----BEGIN\\n\"},\"history\":[{\"sequence\":7,"
    "\"replacedAt\":\"2020-01-02T00:00:00Z\",\"certificate\":{\"subject\":\"CN=\\u001bold\","
    "\"fingerprint\":\"ef01\",\"notBefore\":\"2019-01-01T00:00:00Z\",\"notAfter\":\"2020-01-01T00:00:00Z\"}}]"
    "}";

static void an_own_pair_is_sent_in_the_body_and_shown_without_its_key(void **state)
{
    (void)state;
    const char *const answers[] = {credentials_answer, NULL};
    struct fake_control f;
    struct cli c;
    struct error err;
    write_file(key_path, "KEY\n", 0600);
    write_file(file_path, "CRT\n", 0644);
    const char *const words[] = {"service", "credentials", "shop",   ID,  "--certificate",
                                 file_path, "--key",       key_path, NULL};
    assert_ok(fake_run(&f, answers, &c, words, &err));
    assert_contains(fake_head(&f, 0),
                    "PUT /api/v1/applications/shop/services/" ID "/credentials HTTP/1.1\r\n");
    assert_text(fake_body(&f, 0), "{\"certificate\":\"CRT\\n\",\"key\":\"KEY\\n\"}");
    assert_text(buffer_as_text(&c.out),
                "Secret:       app-shop-x\n"
                "Kind:         certificateGen\n"
                "Keys:         commonName, crt, key\n"
                "From:         put in place by hand\n"
                "Changed:      2026-11-21T05:13:44Z\n"
                "Revision:     2\n"
                "Certificate:  CN=x\n"
                "SHA-256:      abcd\n"
                "Valid:        2020-01-01T00:00:00Z to 2020-02-01T00:00:00Z (over)\n"
                "\n"
                "Replaced before (--restore N puts one back):\n"
                "  7  until 2020-01-01T00:00:00Z, replaced 2020-01-02T00:00:00Z, SHA-256 "
                "ef01, CN=?old\n");
    cli_ended(&c);
    fake_release(&f);
}

static void a_certificate_is_saved_and_a_replaced_one_restored(void **state)
{
    (void)state;
    const char *const answers[] = {credentials_answer, NULL};
    struct fake_control f;
    struct cli c;
    struct error err;
    char saved[64] = "";
    const char *const words[] = {"service", "credentials", "shop", ID,  "--certificate-out",
                                 file_path, "--restore",   "7",    NULL};
    assert_ok(fake_run(&f, answers, &c, words, &err));
    assert_contains(fake_head(&f, 0), "POST /api/v1/applications/shop/services/" ID "/credentials/restore ");
    assert_text(fake_body(&f, 0), "{\"sequence\":7}");
    int fd = open(file_path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && read(fd, saved, sizeof saved - 1) > 0);
    close(fd);
    assert_string_equal(saved, "-----BEGIN\n");
    cli_ended(&c);
    fake_release(&f);
}

/* ---- lists ---- */

#define ROW(name)                                                                                            \
    "{\"id\":\"" ID "\",\"application\":\"shop\",\"name\":\"" name "\",\"provider\":\"p\",\"description\":"  \
    "\"d\",\"labels\":{\"a\\\"b\":\"c\"},\"targetUrl\":null,\"credentials\":\"none\","                       \
    "\"updatedAt\":\"2026-11-21T05:13:44Z\"}"

static void a_list_goes_on_behind_empty_pages(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "200 {\"services\":[" ROW("one") "],\"next\":\"c1\"}", "200 {\"services\":[],\"next\":\"c2\"}",
        "200 {\"services\":[],\"next\":\"c3\"}", "200 {\"services\":[" ROW("two") "],\"next\":null}", NULL};
    struct fake_control f;
    struct cli c;
    struct error err;
    const char *const words[] = {"service", "list", "shop", "--name", "o o",
                                 "--label", "a=b",  "-o",   "json",   NULL};
    assert_ok(fake_run(&f, answers, &c, words, &err));
    assert_int_equal(f.count, 4);
    assert_contains(fake_head(&f, 0), "/services?limit=200&name=o%20o&label=a%3Db HTTP/1.1");
    assert_contains(fake_head(&f, 3), "&after=c3 HTTP/1.1");
    assert_text(buffer_as_text(&c.out), "{\"services\":[" ROW("one") "," ROW("two") "]}\n");
    cli_ended(&c);
    fake_release(&f);
}

static void a_limit_ends_a_list_and_labels_with_quotes_are_shown(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "200 {\"services\":[" ROW("one") "," ROW("two") "," ROW("three") "],\"next\":\"c1\"}", NULL};
    struct fake_control f;
    struct cli c;
    struct error err;
    const char *const words[] = {"service", "list", "shop", "--limit", "2", NULL};
    assert_ok(fake_run(&f, answers, &c, words, &err));
    assert_int_equal(f.count, 1);
    assert_contains(buffer_as_text(&c.out), "  two   p         none         -       a\"b=c   ");
    assert_false(contains(buffer_as_text(&c.out), "three"));
    cli_ended(&c);
    fake_release(&f);
}

static void pages_that_lead_nowhere_end_in_an_error_without_output(void **state)
{
    (void)state;
    static const char *const answers[] = {"200 {\"services\":[" ROW("one") "],\"next\":\"c1\"}",
                                          "200 {\"services\":[],\"next\":\"c1\"}", NULL};
    struct fake_control f;
    struct cli c;
    struct error err;
    const char *const words[] = {"service", "list", "-o", "csv", NULL};
    assert_status(fake_run(&f, answers, &c, words, &err), E_BROKEN);
    assert_string_equal(err.message, "the server's pages do not end");
    assert_int_equal(buffer_size(&c.out), 0);
    cli_ended(&c);
    fake_release(&f);
}

/* ---- show ---- */

static void a_service_is_shown_as_facts_with_its_secrets_masked(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "200 {\"id\":\"" ID
        "\",\"application\":\"shop\",\"revision\":3,\"createdAt\":\"2026-11-21T05:13:44Z\","
        "\"updatedAt\":\"2026-11-21T05:13:44Z\",\"provider\":\"p\",\"name\":\"n\",\"description\":"
        "\"one\\ntwo\","
        "\"identifier\":\"\",\"labels\":{},\"api\":{\"targetUrl\":\"https://h\",\"credentials\":{\"headers\":"
        "{\"custom-header\":[\"foo\",\"bar\"]},\"basic\":{\"username\":\"********\",\"password\":\"********"
        "\","
        "\"csrfInfo\":{\"tokenEndpointURL\":\"https://h/csrf\"}}},\"credentialSecret\":\"app-shop-x\","
        "\"credentialsByHand\":true,\"specification\":{\"format\":\"json\",\"bytes\":12,\"sha256\":\"ab\","
        "\"fetchedAt\":null}},\"events\":null,\"documentation\":null}",
        NULL};
    struct fake_control f;
    struct cli c;
    struct error err;
    const char *const words[] = {"service", "show", "shop", ID, NULL};
    assert_ok(fake_run(&f, answers, &c, words, &err));
    assert_int_equal(f.count, 1);
    assert_text(buffer_as_text(&c.out), "Id:              " ID "\n"
                                        "Application:     shop\n"
                                        "Name:            n\n"
                                        "Provider:        p\n"
                                        "Description:     one?two\n"
                                        "Created:         2026-11-21T05:13:44Z\n"
                                        "Changed:         2026-11-21T05:13:44Z\n"
                                        "Revision:        3\n"
                                        "Target:          https://h\n"
                                        "Credentials:     basic\n"
                                        "User name:       ********\n"
                                        "Password:        ********\n"
                                        "CSRF token URL:  https://h/csrf\n"
                                        "Extra headers:   custom-header=foo custom-header=bar\n"
                                        "Secret:          app-shop-x (put in place by hand)\n"
                                        "Specification:   json, 12 bytes, sent with the registration, "
                                        "SHA-256 ab\n");
    cli_ended(&c);
    fake_release(&f);
}

/* ---- applications ---- */

static void labels_of_an_application_are_changed_one_by_one(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "200 {\"name\":\"shop\",\"labels\":{\"keep\":\"1\",\"trial\":\"2\",\"region\":\"us\"}}",
        "200 {\"name\":\"shop\",\"labels\":{\"keep\":\"1\",\"region\":\"eu\"},\"services\":2,"
        "\"certificates\":1000}",
        NULL};
    struct fake_control f;
    struct cli c;
    struct error err;
    const char *const words[] = {"app",     "update",    "shop",           "--label", "region=x",
                                 "--label", "region=eu", "--remove-label", "trial",   NULL};
    assert_ok(fake_run(&f, answers, &c, words, &err));
    assert_contains(fake_head(&f, 1), "PATCH /api/v1/applications/shop HTTP/1.1");
    assert_text(fake_body(&f, 1), "{\"labels\":{\"keep\":\"1\",\"region\":\"eu\"}}");
    assert_text(buffer_as_text(&c.out), "Name:          shop\n"
                                        "Labels:        keep=1 region=eu\n"
                                        "Services:      2\n"
                                        "Certificates:  1000 or more active\n");
    cli_ended(&c);
    fake_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_usage_says_what_is_right_and_asks_nobody),
        cmocka_unit_test(refusals_of_the_server_name_the_next_step),
        cmocka_unit_test(a_key_that_others_may_read_is_not_sent),
        cmocka_unit_test(broken_yaml_is_refused_with_its_place_and_not_sent),
        cmocka_unit_test(json_goes_out_as_it_was_typed),
        cmocka_unit_test(yaml_becomes_json_with_a_specification_as_a_block),
        cmocka_unit_test(an_update_carries_the_revision_it_is_for),
        cmocka_unit_test(how_a_service_is_called_is_patched_alone),
        cmocka_unit_test(deleting_asks_once_and_sends_no_body),
        cmocka_unit_test(an_own_pair_is_sent_in_the_body_and_shown_without_its_key),
        cmocka_unit_test(a_certificate_is_saved_and_a_replaced_one_restored),
        cmocka_unit_test(a_list_goes_on_behind_empty_pages),
        cmocka_unit_test(a_limit_ends_a_list_and_labels_with_quotes_are_shown),
        cmocka_unit_test(pages_that_lead_nowhere_end_in_an_error_without_output),
        cmocka_unit_test(a_service_is_shown_as_facts_with_its_secrets_masked),
        cmocka_unit_test(labels_of_an_application_are_changed_one_by_one),
    };
    return cmocka_run_group_tests(tests, enter_directory, remove_directory);
}
