/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/fetcher.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/settings.h"
#include "fetch/frame.h"
#include "jobs.h"
#include "os/files.h"
#include "os/processes.h"
#include "os/sandbox.h"
#include "os/slab.h"
#include "os/sockets.h"
#include "scratch.h"

/* The process and its client: fetcher_main runs in a child of the test. */

struct running {
    char directory[SCRATCH_MAX];
    struct fetch_client client;
    struct child_channels ch;
    int control; /* ours */
    pid_t pid;
};

static int make_config(const char *yaml)
{
    struct settings *s = NULL;
    struct buffer text;
    int fd = -1;
    buffer_init(&text, 1024 * 1024);
    assert_ok(settings_load_text(text_of(yaml), "test", &s, NULL));
    assert_ok(settings_encode(s, &text));
    assert_ok(memfd_sealed("config", buffer_bytes(&text), &fd));
    buffer_release(&text);
    settings_free(s);
    return fd;
}

static struct child_message receive(int control)
{
    struct child_message m;
    struct pollfd p = {.fd = control, .events = POLLIN};
    assert_int_equal(poll(&p, 1, PATIENT_MS), 1);
    assert_ok(child_receive(control, &m));
    return m;
}

static void set_up(struct running *r, const char *yaml)
{
    int pair[2];
    *r = (struct running){.pid = -1};
    scratch_make(r->directory);
    (void)snprintf(r->client.path, sizeof r->client.path, "%s/fetch.sock", r->directory);
    child_channels_init(&r->ch);
    r->ch.kind = CHILD_FETCHER;
    r->ch.config_fd = make_config(yaml);
    assert_ok(slab_create(&r->ch.slab_fd));
    assert_ok(unix_listen(r->client.path, 0600, &r->ch.fetch_fd, NULL));
    assert_ok(child_control_pair(pair));
    r->control = pair[0];
    r->ch.control_fd = pair[1];
    (void)snprintf(r->ch.addresses[LISTENER_CONNECTOR], CHILD_ADDRESS_MAX, "0.0.0.0:8443");
}

static void start(struct running *r, const char *yaml)
{
    set_up(r, yaml);
    r->pid = fork();
    assert_true(r->pid >= 0);
    if (r->pid == 0) {
        (void)close(r->control);
        /* As the supervisor starts it; in a sanitizer build this does nothing. */
        if (!status_ok(sandbox_enter(SANDBOX_FETCHER, NULL, 0, NULL)))
            _exit(2);
        int status = fetcher_main(&r->ch);
        child_channels_close(&r->ch);
        _exit(status);
    }
    assert_int_equal(receive(r->control).word, CHILD_READY);
}

static void release(struct running *r)
{
    (void)close(r->control);
    child_channels_close(&r->ch);
    assert_int_equal(scratch_remove(r->directory), 0);
}

static void stop(struct running *r)
{
    int status = -1;
    assert_ok(child_send(r->control, CHILD_STOP, NULL, -1));
    assert_int_equal(receive(r->control).word, CHILD_STOPPED);
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    assert_int_equal(status, 0);
    release(r);
}

static struct fetch_request check_of(const char *document)
{
    return (struct fetch_request){.job = FETCH_CHECK,
                                  .document = text_bytes(text_of(document)),
                                  .document_max = DOCUMENT_MAX,
                                  .timeout_ms = PATIENT_MS};
}

#define TRIES 4 /* a machine that is too busy for curl's own ten seconds is not a mistake */

static void expect_call(const struct running *r, const struct fetch_request *request,
                        enum fetch_outcome outcome, const char *reason)
{
    struct fetch_answer a = {.outcome = FETCH_TIMEOUT};
    for (int i = 0; i < TRIES && a.outcome == FETCH_TIMEOUT; i++) {
        struct error err = {.message = ""};
        struct status st = fetch_call(&r->client, request, &a, &err);
        if (!status_ok(st))
            fail_msg("%s", error_text(&err, st));
        if (outcome == FETCH_TIMEOUT)
            break;
    }
    if (a.outcome != outcome || !strstr(a.reason, reason))
        fail_msg("outcome %d '%s', expected %d '%s'", (int)a.outcome, a.reason, (int)outcome, reason);
    fetch_answer_release(&a);
}

static void answer(struct peer_io *io, const char *path, const char *request)
{
    (void)request;
    if (strcmp(path, "/silent") == 0)
        peer_wait(io, PATIENT_MS);
    (void)peer_write(io, TEXT("HTTP/1.1 200 OK\r\n\r\n{\"openapi\":\"3.0.0\"}"));
}

/* ---- the fetcher ---- */
static void does_jobs_one_after_the_other_and_stops(void **state)
{
    (void)state;
    struct running r;
    start(&r, "outbound: {allow_loopback: true}");
    struct peer *p = peer_start(answer, NULL);
    char url[512];
    for (int i = 0; i < 3; i++) {
        struct fetch_request fine = check_of("{}"), bad = check_of("<a>"), get = job_of(url_to(p, "/", url));
        expect_call(&r, &fine, FETCH_FINE, "");
        expect_call(&r, &bad, FETCH_WRONG_TYPE, "it is not well-formed XML");
        expect_call(&r, &get, FETCH_FINE, "");
        get = job_of("http://169.254.169.254/");
        expect_call(&r, &get, FETCH_REFUSED, "link-local");
    }
    struct fetch_request large = check_of("{}   ");
    large.document_max = 4;
    expect_call(&r, &large, FETCH_TOO_LARGE, "larger than 4 bytes");
    struct fetch_request slow = job_of(url_to(p, "/silent", url));
    slow.timeout_ms = 300;
    expect_call(&r, &slow, FETCH_TIMEOUT, "timed out after 300 ms");
    struct slab *slab = NULL;
    assert_ok(slab_map(r.ch.slab_fd, &slab));
    assert_true(clock_monotonic_ms() - atomic_load(&slab->heartbeat_ms) < 30000);
    slab_unmap(slab);
    peer_stop(p);
    stop(&r);
}

#define LONG_LABEL "a123456789b123456789c123456789d123456789e123456789f123456789g1234"

static void names_and_certificates_work_inside_the_sandbox(void **state)
{
    (void)state;
    struct running r;
    char url[512];
    struct pki *pki = pki_new("ec:P-256");
    start(&r, "outbound: {allow_loopback: true}"); /* a fork, so before there are threads */
    struct peer *p = peer_start(answer, pki_server(pki, "DNS:localhost"));
    /* Too long for a label (RFC 1035 2.3.4): the resolver knows without asking a server, which may be slow or
     * absent. */
    struct fetch_request get = job_of("http://" LONG_LABEL ".invalid/");
    expect_call(&r, &get, FETCH_UNREACHABLE, "the host name " LONG_LABEL ".invalid cannot be resolved");
    (void)snprintf(url, sizeof url, "https://localhost:%u/", peer_port(p));
    get = job_of(url);
    expect_call(&r, &get, FETCH_UNREACHABLE, "the server's certificate is not trusted (outbound.ca_file): ");
    stop(&r);
    peer_stop(p);
    char file[SCRATCH_MAX + 16], directory[SCRATCH_MAX], yaml[256];
    scratch_make(directory);
    (void)snprintf(file, sizeof file, "%s/ca.pem", directory);
    assert_ok(file_write(file, text_bytes(pki_ca_pem(pki)), 0600, NULL));
    (void)snprintf(yaml, sizeof yaml, "outbound: {allow_loopback: true, ca_file: %s}", file);
    start(&r, yaml);
    p = peer_start(answer, pki_server(pki, "DNS:localhost"));
    (void)snprintf(url, sizeof url, "https://localhost:%u/", peer_port(p));
    get = job_of(url);
    expect_call(&r, &get, FETCH_FINE, "");
    stop(&r);
    assert_int_equal(scratch_remove(directory), 0);
    peer_stop(p);
    pki_free(pki);
}

static void answer_token(struct peer_io *io, const char *path, const char *request)
{
    (void)path;
    bool post = strncmp(request, "POST ", 5) == 0;
    (void)peer_print(io, "HTTP/1.1 200 OK\r\nX-CSRF-Token: geheim\r\nSet-Cookie: a=b\r\n\r\n%s",
                     post ? "{\"access_token\":\"geheim\",\"expires_in\":60}" : "");
}

static void call(const struct running *r, const struct fetch_request *request, struct fetch_answer *a)
{
    struct error err = {.message = ""};
    struct status st = fetch_call(&r->client, request, a, &err);
    if (!status_ok(st) || a->outcome != FETCH_FINE)
        fail_msg("%s, %s", error_text(&err, st), status_ok(st) ? a->reason : "");
}

static void addresses_and_tokens_work_inside_the_sandbox(void **state)
{
    (void)state;
    struct running r;
    struct fetch_answer a;
    char url[512];
    struct pki *pki = pki_new("ec:P-256");
    const struct pki_identity *client = pki_client(pki, PKI_GOOD, "shop");
    start(&r, "outbound: {allow_loopback: true}"); /* a fork, so before there are threads */
    struct peer *p = peer_start_mutual(answer_token, pki_server(pki, "DNS:localhost"), pki_ca_pem(pki));
    (void)snprintf(url, sizeof url, "https://localhost:%u/", peer_port(p));
    struct fetch_request q = {.job = FETCH_RESOLVE, .timeout_ms = PATIENT_MS};
    q.host = TEXT("169.254.169.254");
    expect_call(&r, &q, FETCH_REFUSED, "169.254.169.254: the address 169.254.169.254 is a link-local");
    q.host = TEXT(LONG_LABEL ".invalid");
    expect_call(&r, &q, FETCH_UNREACHABLE, LONG_LABEL ".invalid: no such host");
    q.host = TEXT("localhost");
    call(&r, &q, &a);
    assert_true(a.address_count > 0 && a.addresses[0][15] == 1);
    fetch_answer_release(&a);
    q.job = FETCH_TOKEN;
    q.url = text_of(url);
    expect_call(&r, &q, FETCH_UNREACHABLE, "the server's certificate is not trusted");
    q.anchors_pem = pki_ca_pem(pki);
    q.client_chain_pem = client->chain_pem;
    q.client_key_pem = client->key_pem;
    call(&r, &q, &a);
    assert_text(bytes_text(secret_bytes(&a.token)), "geheim");
    assert_int_equal(a.expires_in_s, 60);
    fetch_answer_release(&a);
    q.job = FETCH_CSRF;
    call(&r, &q, &a);
    assert_text(bytes_text(secret_bytes(&a.token)), "geheim");
    assert_text(bytes_text(secret_bytes(&a.cookies)), "a=b");
    fetch_answer_release(&a);
    stop(&r);
    peer_stop(p);
    pki_free(pki);
}

/* libyaml compares each of these with all before it, for a minute, and no callback of ours can interrupt it.
 */
static void a_parser_that_does_not_come_back_is_killed(void **state)
{
    (void)state;
    struct running r;
    struct buffer yaml;
    buffer_init(&yaml, 16 * 1024 * 1024);
    for (unsigned i = 0; i < 300000; i++)
        buffer_printf(&yaml, "%%TAG !%x! t\n", i);
    buffer_text(&yaml, TEXT("--- 0\n"));
    start(&r, "{}");
    struct fetch_request check = check_of("");
    check.document = buffer_bytes(&yaml);
    check.document_max = 17 * 1024 * 1024;
    check.timeout_ms = 1;
    int64_t before = clock_monotonic_ms();
    expect_call(&r, &check, FETCH_TIMEOUT, "timed out after 1 ms");
    assert_in_range(clock_monotonic_ms() - before, 900, 30000); /* a busy machine is not a mistake */
    buffer_release(&yaml);
    stop(&r);
}

/* Until the fetcher has that many jobs: each is a child of it. */
static void wait_for_jobs(const struct running *r, int wanted)
{
    char path[64], line[4096];
    const int64_t give_up = clock_monotonic_ms() + PATIENT_MS;
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)r->pid, (int)r->pid);
    for (;;) {
        int found = 0;
        FILE *f = fopen(path, "re");
        assert_non_null(f);
        if (fgets(line, sizeof line, f))
            for (const char *at = line; (at = strchr(at, ' ')); at++)
                found++;
        (void)fclose(f);
        if (found >= wanted)
            return;
        assert_true(clock_monotonic_ms() < give_up);
        (void)poll(NULL, 0, 10);
    }
}

static void waits_for_a_running_job_before_it_stops(void **state)
{
    (void)state;
    struct running r;
    start(&r, "outbound: {allow_loopback: true}");
    int idle = -1;
    assert_ok(unix_connect(r.client.path, &idle)); /* a job that waits for its request */
    wait_for_jobs(&r, 1);
    assert_ok(child_send(r.control, CHILD_STOP, NULL, -1));
    struct pollfd p = {.fd = r.control, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 300), 0);
    (void)close(idle);
    stop(&r);
}

static void more_jobs_than_allowed_wait_their_turn(void **state)
{
    (void)state;
    struct running r;
    int idle[FETCHER_JOBS_MAX];
    start(&r, "{}");
    for (int i = 0; i < FETCHER_JOBS_MAX; i++) /* accepted in this order, before the call below */
        assert_ok(unix_connect(r.client.path, &idle[i]));
    struct fetch_request check = check_of("{}");
    for (int i = 0; i < FETCHER_JOBS_MAX / 2; i++)
        (void)close(idle[i]);
    expect_call(&r, &check, FETCH_FINE, "");
    for (int i = FETCHER_JOBS_MAX / 2; i < FETCHER_JOBS_MAX; i++)
        (void)close(idle[i]);
    stop(&r);
}

static void a_request_that_is_none_ends_its_job_only(void **state)
{
    (void)state;
    struct running r;
    start(&r, "{}");
    int fd = -1;
    char byte;
    assert_ok(unix_connect(r.client.path, &fd));
    assert_ok(frame_write(fd, text_bytes(TEXT("rubbish")), clock_monotonic_ms() + 1000));
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, PATIENT_MS), 1);
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    (void)close(fd);
    struct fetch_request check = check_of("{}");
    expect_call(&r, &check, FETCH_FINE, "");
    stop(&r);
}

/* Nobody says when a reload has been applied. */
static void wait_until_fine(const struct running *r, const struct fetch_request *request)
{
    const int64_t give_up = clock_monotonic_ms() + PATIENT_MS;
    enum fetch_outcome outcome = FETCH_REFUSED;
    while (outcome == FETCH_REFUSED) {
        struct fetch_answer a;
        assert_true(clock_monotonic_ms() < give_up);
        assert_ok(fetch_call(&r->client, request, &a, NULL));
        outcome = a.outcome;
        fetch_answer_release(&a);
    }
    assert_int_equal(outcome, FETCH_FINE);
}

static void a_reload_takes_effect_when_it_is_applied(void **state)
{
    (void)state;
    struct running r;
    char url[512];
    start(&r, "{}"); /* a fork, so before there are threads */
    struct peer *p = peer_start(answer, NULL);
    struct fetch_request get = job_of(url_to(p, "/", url));
    expect_call(&r, &get, FETCH_REFUSED, "loopback");
    static const enum child_word after[] = {CHILD_RELOAD_DROP, CHILD_RELOAD_APPLY};
    for (int i = 0; i < 2; i++) {
        int fd = make_config("outbound: {allow_loopback: true}");
        assert_ok(child_send(r.control, CHILD_RELOAD, NULL, fd));
        (void)close(fd);
        assert_int_equal(receive(r.control).word, CHILD_RELOAD_OK);
        expect_call(&r, &get, FETCH_REFUSED, "loopback");
        assert_ok(child_send(r.control, after[i], NULL, -1));
    }
    wait_until_fine(&r, &get);
    int fd = -1;
    assert_ok(memfd_sealed("config", text_bytes(TEXT("rubbish")), &fd));
    assert_ok(child_send(r.control, CHILD_RELOAD, NULL, fd));
    (void)close(fd);
    assert_int_equal(receive(r.control).word, CHILD_RELOAD_REFUSED);
    expect_call(&r, &get, FETCH_FINE, "");
    peer_stop(p);
    stop(&r);
}

static void ends_when_the_supervisor_is_gone(void **state)
{
    (void)state;
    struct running r;
    int status = -1;
    start(&r, "{}");
    (void)close(r.control);
    (void)close(r.ch.control_fd); /* our copy of the child's end */
    r.ch.control_fd = -1;
    assert_int_equal(waitpid(r.pid, &status, 0), r.pid);
    assert_int_equal(status, 0);
    r.control = -1;
    release(&r);
}

static void says_why_it_does_not_start(void **state)
{
    (void)state;
    struct running r;
    set_up(&r, "{}");
    (void)close(r.ch.config_fd);
    assert_ok(memfd_sealed("config", text_bytes(TEXT("rubbish")), &r.ch.config_fd));
    assert_int_equal(fetcher_main(&r.ch), 1);
    struct child_message m = receive(r.control);
    assert_int_equal(m.word, CHILD_FAILED);
    assert_true(m.text[0]);
    release(&r);
}

/* ---- the client ---- */
static void nobody_listens(void **state)
{
    (void)state;
    const struct fetch_client client = {.path = "/tmp/fairlead-no-such-directory/fetch.sock"};
    struct fetch_request check = check_of("{}");
    struct fetch_answer a;
    struct error err = {.message = ""};
    assert_status(fetch_call(&client, &check, &a, &err), E_UNAVAILABLE);
    assert_non_null(strstr(err.message, "the fetcher process cannot be reached"));
}

/* What a fetcher that takes the request and then does this looks like. */
static enum code call_something(const char *said, int wait_ms, uint32_t timeout_ms, struct fetch_answer *out)
{
    struct running r;
    set_up(&r, "{}");
    pid_t pid = fork();
    if (pid == 0) {
        struct pollfd p = {.fd = r.ch.fetch_fd, .events = POLLIN};
        (void)poll(&p, 1, PATIENT_MS);
        int fd = accept(r.ch.fetch_fd, NULL, NULL);
        (void)poll(NULL, 0, wait_ms);
        if (said && !status_ok(frame_write(fd, text_bytes(text_of(said)), clock_monotonic_ms() + 1000)))
            _exit(1);
        _exit(0);
    }
    struct fetch_request check = check_of("{}");
    check.timeout_ms = timeout_ms;
    struct status st = fetch_call(&r.client, &check, out, NULL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    release(&r);
    return st.code;
}

static void a_broken_connection_is_a_time_out_after_the_deadline_only(void **state)
{
    (void)state;
    struct fetch_answer a;
    assert_int_equal(call_something(NULL, 0, PATIENT_MS, &a), E_UNAVAILABLE);
    assert_int_equal(call_something("rubbish", 0, PATIENT_MS, &a), E_UNAVAILABLE);
    assert_int_equal(call_something("", 0, PATIENT_MS, &a), E_UNAVAILABLE);
    assert_int_equal(call_something(NULL, 400, 200, &a), E_OK);
    assert_int_equal(a.outcome, FETCH_TIMEOUT);
    assert_string_equal(a.reason, "timed out after 200 ms");
    fetch_answer_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_why_it_does_not_start),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(a_broken_connection_is_a_time_out_after_the_deadline_only),
        cmocka_unit_test(a_request_that_is_none_ends_its_job_only),
        cmocka_unit_test(does_jobs_one_after_the_other_and_stops),
        cmocka_unit_test(names_and_certificates_work_inside_the_sandbox),
        cmocka_unit_test(addresses_and_tokens_work_inside_the_sandbox),
        cmocka_unit_test(a_parser_that_does_not_come_back_is_killed),
        cmocka_unit_test(waits_for_a_running_job_before_it_stops),
        cmocka_unit_test(more_jobs_than_allowed_wait_their_turn),
        cmocka_unit_test(a_reload_takes_effect_when_it_is_applied),
        cmocka_unit_test(ends_when_the_supervisor_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
