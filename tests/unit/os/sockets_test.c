/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/files.h"
#include "os/sockets.h"
#include "scratch.h"

/* ---- addresses ---- */

static void refuses_what_is_no_address(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "8080",
        ":8080",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:",
        "127.0.0.1:+80",
        "127.0.0.1: 80",
        "127.0.0.1:80 ",
        "127.0.0.256:80",
        "127.1:80",
        "::1:8080",
        "[::1]",
        "[::1]8080",
        "[::1:8080",
        "[127.0.0.1]:8080",
        "localhost:8080",
        "*:8080",
        "[fe80::1%lo]:1",
        "[]:80",
        "0x7f000001:8080",
        "1.2.3.4:-1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct socket_address a;
        struct error err = {0};
        struct status s = socket_address_parse(text_of(bad[i]), &a, &err);
        if (s.code != E_INVALID || err.message[0] == '\0')
            fail_msg("'%s' was not refused", bad[i]);
    }
}

static void reads_and_prints_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
        bool loopback;
    } good[] = {
        {"127.0.0.1:8080", "127.0.0.1:8080", true},
        {"127.255.0.9:0", "127.255.0.9:0", true},
        {"0.0.0.0:65535", "0.0.0.0:65535", false},
        {"128.0.0.1:1", "128.0.0.1:1", false},
        {"[::1]:443", "[::1]:443", true},
        {"[::]:443", "[::]:443", false},
        {"[0:0::1]:443", "[::1]:443", true},
        {"[::ffff:127.0.0.1]:9", "127.0.0.1:9", true},
        {"[::ffff:10.0.0.1]:9", "10.0.0.1:9", false},
        {"[2001:db8::1]:9443", "[2001:db8::1]:9443", false},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct socket_address a;
        char text[SOCKET_TEXT_MAX];
        assert_ok(socket_address_parse(text_of(good[i].in), &a, NULL));
        assert_string_equal(socket_address_format(&a, text), good[i].out);
        assert_int_equal(socket_address_is_loopback(&a), good[i].loopback);
    }
}

/* ---- TCP ---- */

static struct socket_address free_port(void)
{
    struct socket_address a;
    assert_ok(socket_address_parse(TEXT("127.0.0.1:0"), &a, NULL));
    return a;
}

static void refuses_an_address_that_is_taken_also_by_ourselves(void **state)
{
    (void)state;
    int first[2], second[2] = {-1, -1};
    struct socket_address a = free_port();
    assert_ok(socket_listen(&a, 2, first, NULL)); /* with SO_REUSEPORT: a plain second one would succeed */
    assert_ok(socket_address_of(first[0], &a));
    struct error err = {0};
    assert_status(socket_listen(&a, 2, second, &err), E_CONFLICT);
    assert_non_null(strstr(err.message, "another server"));
    assert_int_equal(second[0], -1);
    close(first[0]);
    close(first[1]);
    assert_ok(socket_listen(&a, 1, second, NULL)); /* free again at once */
    close(second[0]);
}

static void sockets_of_one_listener_share_a_port(void **state)
{
    (void)state;
    int fds[3];
    struct socket_address a = free_port(), b, c;
    assert_ok(socket_listen(&a, 3, fds, NULL));
    assert_ok(socket_address_of(fds[0], &b));
    assert_int_not_equal(socket_address_port(&b), 0);
    for (int i = 0; i < 3; i++) {
        assert_ok(socket_address_of(fds[i], &c));
        assert_true(socket_address_equal(&b, &c));
        assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
        assert_true(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
        int no_delay = 0;
        socklen_t size = sizeof no_delay;
        assert_int_equal(getsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
        assert_int_not_equal(no_delay, 0);
        close(fds[i]);
    }
}

static void refuses_an_address_that_is_not_ours(void **state)
{
    (void)state;
    struct socket_address a;
    int fd = -1;
    struct error err = {0};
    assert_ok(socket_address_parse(TEXT("192.0.2.1:8080"), &a, NULL)); /* RFC 5737 */
    assert_status(socket_listen(&a, 1, &fd, &err), E_UNAVAILABLE);
    assert_non_null(strstr(err.message, "192.0.2.1:8080"));
}

/* ---- Unix sockets ---- */

static char directory[SCRATCH_MAX];

static const char *at(const char *name)
{
    static char path[128];
    assert_ok(path_join(directory, name, path, sizeof path));
    return path;
}

static int set_up_directory(void **state)
{
    (void)state;
    scratch_make(directory);
    return 0;
}

static int tear_down_directory(void **state)
{
    (void)state;
    return scratch_remove(directory);
}

static void refuses_a_path_that_does_not_fit(void **state)
{
    (void)state;
    char path[120];
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    int fd = -1;
    assert_status(unix_listen(path, 0600, &fd, NULL), E_INVALID);
    assert_status(unix_connect(path, &fd), E_INVALID);
    assert_status(unix_connect("", &fd), E_INVALID);
}

static void refuses_what_is_in_the_way(void **state)
{
    (void)state;
    int first = -1, second = -1;
    assert_ok(file_write(at("file"), BYTES_OF("x"), 0600, NULL));
    assert_status(unix_listen(at("file"), 0600, &second, NULL), E_INVALID);
    assert_int_equal(access(at("file"), F_OK), 0); /* and leaves it alone */
    assert_ok(unix_listen(at("busy.sock"), 0600, &first, NULL));
    assert_status(unix_listen(at("busy.sock"), 0600, &second, NULL), E_CONFLICT);
    close(first);
    assert_status(unix_connect(at("busy.sock"), &second), E_UNAVAILABLE); /* stale now */
    assert_ok(unix_listen(at("busy.sock"), 0600, &second, NULL));
    close(second);
    assert_status(unix_connect(at("absent.sock"), &second), E_NOT_FOUND);
}

static void the_socket_file_has_its_mode_and_tells_who_connects(void **state)
{
    (void)state;
    int listening = -1, client = -1;
    mode_t before = umask(0);
    assert_ok(unix_listen(at("mode.sock"), 0600, &listening, NULL));
    (void)umask(before);
    struct stat st;
    assert_int_equal(stat(at("mode.sock"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_ok(unix_connect(at("mode.sock"), &client));
    int server = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    struct peer_credentials c;
    assert_ok(socket_peer_credentials(server, &c));
    assert_int_equal(c.uid, geteuid());
    assert_int_equal(c.gid, getegid());
    assert_int_equal(c.pid, getpid());
    close(server);
    close(client);
    close(listening);
    assert_status(socket_peer_credentials(-1, &c), E_UNAUTH);
}

/* ---- activation; in a child, as it is about descriptor 3 and the environment ---- */

static int in_child(int (*body)(void))
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(body());
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void announce(const char *count, const char *names)
{
    char pid[16];
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    (void)setenv("LISTEN_PID", pid, 1);
    (void)setenv("LISTEN_FDS", count, 1);
    (void)setenv("LISTEN_FDNAMES", names, 1);
}

static int takes_named_sockets(void)
{
    struct socket_address a = free_port();
    int fds[2];
    if (!status_ok(socket_listen(&a, 2, fds, NULL)) || dup2(fds[0], 13) < 0 || dup2(fds[1], 14) < 0 ||
        dup2(13, 3) < 0 || dup2(14, 4) < 0)
        return 1;
    announce("2", "connector:gateway");
    struct activation taken;
    if (!status_ok(activation_take(&taken, NULL)) || taken.count != 2)
        return 2;
    if (taken.sockets[0].fd != 3 || strcmp(taken.sockets[0].name, "connector") != 0 ||
        strcmp(taken.sockets[1].name, "gateway") != 0)
        return 3;
    if (!(fcntl(3, F_GETFD) & FD_CLOEXEC) || getenv("LISTEN_FDS"))
        return 4;
    return 0;
}

static int refuses_what_does_not_listen(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || dup2(pair[0], 13) < 0 || dup2(13, 3) < 0)
        return 1;
    announce("1", "connector");
    struct activation taken;
    return activation_take(&taken, NULL).code == E_INVALID ? 0 : 2;
}

static int ignores_what_is_for_another_process(void)
{
    announce("1", "connector");
    (void)setenv("LISTEN_PID", "1", 1);
    struct activation taken;
    return status_ok(activation_take(&taken, NULL)) && taken.count == 0 ? 0 : 1;
}

static void takes_what_systemd_hands_over(void **state)
{
    (void)state;
    assert_int_equal(in_child(takes_named_sockets), 0);
    assert_int_equal(in_child(refuses_what_does_not_listen), 0);
    assert_int_equal(in_child(ignores_what_is_for_another_process), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(reads_and_prints_addresses),
        cmocka_unit_test(refuses_an_address_that_is_taken_also_by_ourselves),
        cmocka_unit_test(sockets_of_one_listener_share_a_port),
        cmocka_unit_test(refuses_an_address_that_is_not_ours),
        cmocka_unit_test(refuses_a_path_that_does_not_fit),
        cmocka_unit_test(refuses_what_is_in_the_way),
        cmocka_unit_test(the_socket_file_has_its_mode_and_tells_who_connects),
        cmocka_unit_test(takes_what_systemd_hands_over),
    };
    return cmocka_run_group_tests(tests, set_up_directory, tear_down_directory);
}
