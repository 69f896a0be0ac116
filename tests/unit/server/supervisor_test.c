/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/files.h"
#include "os/sockets.h"
#include "scratch.h"

/* A server of our own (fake_children.c) is started as an operator would, and looked at from outside. */

static const char *server_path;

struct fixture {
    char directory[SCRATCH_MAX], data[64], config[64], ready[96], log[64];
    const char *sockets[2]; /* addresses of what a service manager opened as "internal"; NULL = none */
    pid_t pid;
};

static void write_config(const struct fixture *f, const char *domain)
{
    char text[256];
    (void)snprintf(text, sizeof text, "url:\n  domain: %s\nstore:\n  url: 'sqlite:%s/x.db'\n", domain,
                   f->data);
    assert_ok(file_write(f->config, text_bytes(text_of(text)), 0600, NULL));
}

static int set_up(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    scratch_make(f->directory);
    (void)snprintf(f->data, sizeof f->data, "%s/data", f->directory);
    (void)snprintf(f->config, sizeof f->config, "%s/fairlead.yaml", f->directory);
    (void)snprintf(f->log, sizeof f->log, "%s/log", f->directory);
    (void)snprintf(f->ready, sizeof f->ready, "%s/run/listeners.json", f->data);
    write_config(f, "first.test");
    *state = f;
    return 0;
}

/* As descriptors 3 and 4, in the child that becomes the server. */
static void activate(const struct fixture *f)
{
    char pid[16];
    for (int i = 0; i < 2; i++) {
        struct socket_address a;
        int fd = -1;
        if (!status_ok(socket_address_parse(text_of(f->sockets[i]), &a, NULL)) ||
            !status_ok(socket_listen(&a, 1, &fd, NULL)) || dup2(fd, 13 + i) < 0)
            _exit(98);
    }
    if (dup2(13, 3) < 0 || dup2(14, 4) < 0)
        _exit(98);
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    (void)setenv("LISTEN_PID", pid, 1);
    (void)setenv("LISTEN_FDS", "2", 1);
    (void)setenv("LISTEN_FDNAMES", "internal:internal", 1);
}

static void start(struct fixture *f, const char *fronts)
{
    char set_fronts[32];
    (void)snprintf(set_fronts, sizeof set_fronts, "server.fronts=%s", fronts);
    (void)unlink(f->log); /* of the run before */
    f->pid = fork();
    assert_true(f->pid >= 0);
    if (f->pid > 0)
        return;
    int log = open(f->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)dup2(log, 2);
    if (f->sockets[0])
        activate(f);
    (void)execl(server_path, server_path, f->config, f->data, set_fronts, "listen.internal=127.0.0.1:0",
                "listen.connector=127.0.0.1:0", "listen.gateway=off", "listen.proxy=off",
                "server.stop_timeout=1s", NULL);
    _exit(99);
}

static int stop(struct fixture *f, int signal_number)
{
    int status = 0;
    if (f->pid <= 0)
        return -1;
    (void)kill(f->pid, signal_number);
    assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
    f->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    (void)stop(f, SIGKILL);
    assert_int_equal(scratch_remove(f->directory), 0);
    mem_free(f);
    return 0;
}

static void pause_ms(unsigned ms)
{
    (void)usleep(ms * 1000);
}

/* Whether the log has these words; `show` prints it. */
static bool look_into_log(const struct fixture *f, const char *words, bool show)
{
    struct buffer b;
    buffer_init(&b, 1024 * 1024);
    bool found = false;
    if (status_ok(file_read(f->log, 1024 * 1024, &b, NULL))) {
        buffer_byte(&b, 0);
        const char *text = (const char *)buffer_bytes(&b).p;
        found = strstr(text, words) != NULL;
        if (show)
            print_message("%s", text);
    }
    buffer_release(&b);
    return found;
}

static bool log_has(const struct fixture *f, const char *words)
{
    return look_into_log(f, words, false);
}

static void wait_for_log(const struct fixture *f, const char *words)
{
    for (int i = 0; i < 6000; i++) {
        if (log_has(f, words))
            return;
        pause_ms(10);
    }
    (void)look_into_log(f, words, true);
    fail_msg("the log never said '%s'", words);
}

static void wait_until_ready(const struct fixture *f)
{
    wait_for_log(f, "server.ready");
    assert_int_equal(access(f->ready, R_OK), 0);
}

/* The address of a listener out of listeners.json. */
static struct socket_address address_of(const struct fixture *f, const char *listener)
{
    struct buffer b;
    buffer_init(&b, 4096);
    assert_ok(file_read(f->ready, 4096, &b, NULL));
    buffer_byte(&b, 0);
    char key[32];
    (void)snprintf(key, sizeof key, "\"%s\":\"", listener);
    const char *p = strstr((const char *)buffer_bytes(&b).p, key);
    assert_non_null(p);
    p += strlen(key);
    struct socket_address a;
    assert_ok(socket_address_parse((struct text){p, strcspn(p, "\"")}, &a, NULL));
    buffer_release(&b);
    return a;
}

struct greeting {
    unsigned front;
    int pid;
    char domain[64];
};

static struct greeting read_greeting(int fd, const char *who)
{
    struct greeting g = {0};
    char line[128] = "";
    const struct timeval limit = {.tv_sec = 60};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    ssize_t n = recv(fd, line, sizeof line - 1, MSG_WAITALL);
    close(fd);
    if (n <= 0)
        return g;
    struct text rest = text_of(line);
    (void)text_cut(&rest, '/');
    assert_true(text_starts_with(text_of(line), text_of(who)) && rest.p);
    assert_int_equal(sscanf(rest.p, "%u %d %63s", &g.front, &g.pid, g.domain), 3);
    return g;
}

static struct greeting ask(const struct socket_address *a)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, &a->any, sizeof a->v4), 0);
    return read_greeting(fd, "front");
}

static struct greeting ask_fetcher(const struct fixture *f)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s/run/fetch.sock", f->data);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof a), 0);
    return read_greeting(fd, "fetcher");
}

/* ---- refusals ---- */

static void a_second_server_in_one_directory_is_refused(void **state)
{
    struct fixture *f = *state;
    start(f, "1");
    wait_until_ready(f);
    struct fixture second = *f;
    (void)snprintf(second.log, sizeof second.log, "%s/log2", f->directory);
    int64_t before = clock_monotonic_ms();
    start(&second, "1");
    int status;
    assert_int_equal(waitpid(second.pid, &status, 0), second.pid);
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_true(clock_monotonic_ms() - before >= 4900); /* it waited for an old core to finish */
    char expected[80];
    (void)snprintf(expected, sizeof expected, "process %d holds", (int)f->pid);
    assert_true(log_has(&second, expected));
    assert_int_equal(access(f->ready, R_OK), 0); /* the first one's file is still there */
    assert_int_equal(stop(f, SIGTERM), 0);
}

/* What is beyond loopback counts, wherever it stands among the sockets of a name. */
static void one_socket_of_the_manager_is_enough_to_be_exposed(void **state)
{
    struct fixture *f = *state;
    static const char *const orders[][2] = {{"0.0.0.0:0", "127.0.0.1:0"}, {"127.0.0.1:0", "0.0.0.0:0"}};
    for (size_t i = 0; i < 2; i++) {
        f->sockets[0] = orders[i][0];
        f->sockets[1] = orders[i][1];
        write_config(f, "first.test");
        start(f, "1");
        int status;
        wait_for_log(f, "is not a loopback address, and this listener asks nobody for credentials");
        assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
        f->pid = 0;
        assert_int_equal(WEXITSTATUS(status), 1);
        write_config(f, "first.test\nauth: {oidc: {issuer: 'https://dex.test', audience: fairlead}}");
        start(f, "1");
        wait_until_ready(f);
        const struct socket_address shown = address_of(f, "internal"); /* asked there, for it is this one */
        assert_false(socket_address_is_loopback(&shown));
        assert_int_equal(stop(f, SIGTERM), 0);
    }
}

static void a_core_that_refuses_ends_the_start_with_its_words(void **state)
{
    struct fixture *f = *state;
    write_config(f, "core-refuses.test");
    start(f, "2");
    int status;
    assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
    f->pid = 0;
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_true(log_has(f, "fairlead: ca.key_file: the core does not like it"));
    assert_int_not_equal(access(f->ready, R_OK), 0);
}

static void a_core_that_keeps_crashing_ends_the_start(void **state)
{
    struct fixture *f = *state;
    write_config(f, "core-crashes.test");
    start(f, "1");
    int status;
    assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
    f->pid = 0;
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_true(log_has(f, "the core ends again and again"));
}

static void a_fetcher_that_refuses_ends_the_start_with_its_words(void **state)
{
    struct fixture *f = *state;
    for (int fronts = 0; fronts < 2; fronts++) { /* in one process as well */
        write_config(f, "fetcher-refuses.test");
        start(f, fronts == 0 ? "0" : "1");
        int status;
        assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
        f->pid = 0;
        assert_int_equal(WEXITSTATUS(status), 1);
        assert_true(log_has(f, "fairlead: outbound.ca_file: the fetcher does not like it"));
        assert_int_not_equal(access(f->ready, R_OK), 0);
    }
}

static void a_refused_reload_keeps_the_old_configuration(void **state)
{
    struct fixture *f = *state;
    start(f, "2");
    wait_until_ready(f);
    struct socket_address a = address_of(f, "connector");
    write_config(f, "front-refuses.test");
    assert_int_equal(kill(f->pid, SIGHUP), 0);
    wait_for_log(f, "url.domain: not to my taste");
    for (int i = 0; i < 8; i++)
        assert_string_equal(ask(&a).domain, "first.test");
    assert_int_equal(stop(f, SIGTERM), 0);
}

static void a_damaged_file_or_a_restart_setting_is_refused_on_reload(void **state)
{
    struct fixture *f = *state;
    start(f, "1");
    wait_until_ready(f);
    assert_ok(file_write(f->config, text_bytes(TEXT("url:\n  domian: x.test\n")), 0600, NULL));
    assert_int_equal(kill(f->pid, SIGHUP), 0);
    wait_for_log(f, "domian");
    assert_ok(file_write(f->config, text_bytes(TEXT("listen:\n  cluster: 127.0.0.1:1\n")), 0600, NULL));
    assert_int_equal(kill(f->pid, SIGHUP), 0);
    wait_for_log(f, "listen.cluster");
    struct socket_address a = address_of(f, "connector");
    assert_string_equal(ask(&a).domain, "first.test");
    assert_int_equal(stop(f, SIGTERM), 0);
}

/* ---- what works ---- */

static void serves_and_stops_in_order(void **state)
{
    struct fixture *f = *state;
    start(f, "2");
    wait_until_ready(f);
    struct socket_address a = address_of(f, "connector");
    bool seen[2] = {false, false};
    for (int i = 0; i < 64 && !(seen[0] && seen[1]); i++)
        seen[ask(&a).front % 2] = true;
    assert_true(seen[0] && seen[1]); /* each front has a socket of its own */
    struct stat st;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/run/control.sock", f->data);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    char fetch_path[128];
    (void)snprintf(fetch_path, sizeof fetch_path, "%s/run/fetch.sock", f->data);
    assert_int_equal(stat(fetch_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stop(f, SIGTERM), 0);
    assert_int_not_equal(access(f->ready, R_OK), 0);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(fetch_path, F_OK), 0);
}

static void everything_in_one_process(void **state)
{
    struct fixture *f = *state;
    start(f, "0");
    wait_until_ready(f);
    struct socket_address a = address_of(f, "internal");
    assert_int_equal(ask(&a).pid, f->pid);
    int fetcher = ask_fetcher(f).pid; /* but the fetcher, which forks */
    assert_int_not_equal(fetcher, 0);
    assert_int_not_equal(fetcher, f->pid);
    write_config(f, "second.test");
    assert_int_equal(kill(f->pid, SIGHUP), 0);
    wait_for_log(f, "reload.applied");
    assert_string_equal(ask(&a).domain, "second.test");
    assert_string_equal(ask_fetcher(f).domain, "second.test");
    assert_int_equal(kill(fetcher, SIGKILL), 0);
    assert_int_not_equal(ask_fetcher(f).pid, fetcher);
    assert_int_equal(stop(f, SIGINT), 0);
}

static void reload_reaches_every_front(void **state)
{
    struct fixture *f = *state;
    start(f, "2");
    wait_until_ready(f);
    struct socket_address a = address_of(f, "connector");
    write_config(f, "second.test");
    assert_int_equal(kill(f->pid, SIGHUP), 0);
    wait_for_log(f, "reload.applied");
    for (int i = 0; i < 16; i++)
        assert_string_equal(ask(&a).domain, "second.test");
    assert_string_equal(ask_fetcher(f).domain, "second.test");
    /* A front that starts later has it as well. */
    struct greeting g = ask(&a);
    assert_int_equal(kill(g.pid, SIGKILL), 0);
    for (int i = 0; i < 16; i++)
        assert_string_equal(ask(&a).domain, "second.test");
    assert_int_equal(stop(f, SIGTERM), 0);
}

static void a_killed_front_comes_back_on_the_same_socket(void **state)
{
    struct fixture *f = *state;
    start(f, "1");
    wait_until_ready(f);
    struct socket_address a = address_of(f, "connector");
    int first = ask(&a).pid;
    assert_int_equal(kill(first, SIGKILL), 0);
    struct greeting g = ask(&a); /* waits in the kept socket's queue */
    assert_int_not_equal(g.pid, 0);
    assert_int_not_equal(g.pid, first);
    assert_int_equal(stop(f, SIGTERM), 0);
}

static void a_killed_fetcher_comes_back_on_the_same_socket(void **state)
{
    struct fixture *f = *state;
    start(f, "1");
    wait_until_ready(f);
    int first = ask_fetcher(f).pid;
    assert_int_equal(kill(first, SIGKILL), 0);
    struct greeting g = ask_fetcher(f);
    assert_int_not_equal(g.pid, 0);
    assert_int_not_equal(g.pid, first);
    assert_int_equal(stop(f, SIGTERM), 0);
}

/* Its own configuration may be what keeps it from starting. */
static void a_reload_does_not_wait_for_a_fetcher_that_cannot_start(void **state)
{
    struct fixture *f = *state;
    start(f, "1");
    wait_until_ready(f);
    int first = ask_fetcher(f).pid;
    write_config(f, "fetcher-refuses.test"); /* which it does at its start only */
    assert_int_equal(kill(f->pid, SIGHUP), 0);
    wait_for_log(f, "reload.applied");
    assert_int_equal(kill(first, SIGKILL), 0);
    wait_for_log(f, "worker.failed worker=fetcher");
    write_config(f, "second.test");
    assert_int_equal(kill(f->pid, SIGHUP), 0);
    struct greeting g = ask_fetcher(f); /* waits in the kept socket's queue */
    assert_string_equal(g.domain, "second.test");
    assert_int_equal(stop(f, SIGTERM), 0);
}

/* Ids of the processes whose parent is `parent`. */
static unsigned children_of(pid_t parent, pid_t *out, unsigned max)
{
    char path[64], list[256] = "";
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_true(read(fd, list, sizeof list - 1) >= 0);
    close(fd);
    struct text rest = text_of(list);
    unsigned count = 0;
    while (rest.p && count < max) {
        uint64_t pid;
        if (text_to_u64(text_cut(&rest, ' '), INT32_MAX, &pid))
            out[count++] = (pid_t)pid;
    }
    return count;
}

static void no_child_outlives_a_killed_supervisor(void **state)
{
    struct fixture *f = *state;
    start(f, "2");
    wait_until_ready(f);
    pid_t children[8];
    unsigned count = children_of(f->pid, children, 8);
    assert_int_equal(count, 4);
    (void)stop(f, SIGKILL);
    for (unsigned i = 0; i < count; i++) {
        for (int tries = 0; kill(children[i], 0) == 0 && tries < 3000; tries++)
            pause_ms(10);
        assert_int_not_equal(kill(children[i], 0), 0);
    }
    start(f, "1"); /* and the lock and the stale sockets are free again */
    wait_until_ready(f);
    assert_int_equal(stop(f, SIGTERM), 0);
}

static void children_leave_stopping_to_the_supervisor(void **state)
{
    struct fixture *f = *state;
    start(f, "1");
    wait_until_ready(f);
    struct socket_address a = address_of(f, "connector");
    int front = ask(&a).pid;
    assert_int_equal(kill(front, SIGTERM), 0);
    assert_int_equal(kill(front, SIGINT), 0);
    pause_ms(50);
    assert_int_equal(ask(&a).pid, front);
    assert_int_equal(stop(f, SIGTERM), 0);
}

static void a_core_whose_heart_stopped_is_killed_and_restarted(void **state)
{
    struct fixture *f = *state;
    write_config(f, "core-hangs.test");
    start(f, "1");
    wait_until_ready(f);
    wait_for_log(f, "its loop has not moved");
    wait_for_log(f, "signal 9");
    assert_int_equal(stop(f, SIGTERM), 0);
}

static void stopping_has_a_limit(void **state)
{
    struct fixture *f = *state;
    write_config(f, "front-lingers.test");
    start(f, "1");
    wait_until_ready(f);
    int64_t before = clock_monotonic_ms();
    assert_int_equal(stop(f, SIGTERM), 0);
    int64_t took = clock_monotonic_ms() - before;
    assert_true(took >= 1000);
    assert_true(log_has(f, "server.stop_timeout")); /* that it ended is the upper limit */
}

static void a_fetcher_that_lingers_is_killed_after_the_core_stopped(void **state)
{
    struct fixture *f = *state;
    write_config(f, "fetcher-lingers.test");
    for (int fronts = 0; fronts < 2; fronts++) { /* in one process as well */
        start(f, fronts == 0 ? "0" : "1");
        wait_until_ready(f);
        int64_t before = clock_monotonic_ms();
        assert_int_equal(stop(f, SIGTERM), 0);
        int64_t took = clock_monotonic_ms() - before;
        if (took < 2000)
            (void)look_into_log(f, "x", true);
        assert_true(took >= 2000);
        assert_true(log_has(f, "it did not stop"));
        assert_true(fronts == 0 || log_has(f, "worker.ended worker=core"));
        assert_true(log_has(f, "worker.ended worker=fetcher"));
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    server_path = argv[1];
    const struct CMUnitTest tests[] = {
        T(a_second_server_in_one_directory_is_refused),
        T(one_socket_of_the_manager_is_enough_to_be_exposed),
        T(a_core_that_refuses_ends_the_start_with_its_words),
        T(a_core_that_keeps_crashing_ends_the_start),
        T(a_fetcher_that_refuses_ends_the_start_with_its_words),
        T(a_refused_reload_keeps_the_old_configuration),
        T(a_damaged_file_or_a_restart_setting_is_refused_on_reload),
        T(serves_and_stops_in_order),
        T(everything_in_one_process),
        T(reload_reaches_every_front),
        T(a_killed_front_comes_back_on_the_same_socket),
        T(a_killed_fetcher_comes_back_on_the_same_socket),
        T(a_reload_does_not_wait_for_a_fetcher_that_cannot_start),
        T(no_child_outlives_a_killed_supervisor),
        T(children_leave_stopping_to_the_supervisor),
        T(a_core_whose_heart_stopped_is_killed_and_restarted),
        T(stopping_has_a_limit),
        T(a_fetcher_that_lingers_is_killed_after_the_core_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
