/* SPDX-License-Identifier: Apache-2.0 */
#include "control/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"

#include "check.h"

static char directory[] = "/tmp/fairlead-control-XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    char run[64];
    if (!mkdtemp(directory))
        return -1;
    snprintf(run, sizeof run, "%s/run", directory);
    return mkdir(run, 0700);
}

static int remove_directory(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "%s/" CONTROL_SOCKET_NAME, directory);
    unlink(path);
    snprintf(path, sizeof path, "%s/run", directory);
    rmdir(path);
    return rmdir(directory);
}

static struct status call(const char *dir, struct exchange_answer *answer, struct error *err)
{
    return control_call(dir, HTTP_GET, TEXT("/api/v1/status"), (struct text){NULL, 0}, answer, err);
}

static void says_how_to_start_a_server_that_is_not_there(void **state)
{
    (void)state;
    char expected[256];
    struct error err = {.code = E_OK};
    OWNED(exchange_answer_release) struct exchange_answer answer;
    exchange_answer_init(&answer, 64);
    assert_status(call(directory, &answer, &err), E_UNAVAILABLE);
    snprintf(expected, sizeof expected,
             "fairlead is not running in %s: start it with `fairlead serve --data %s`", directory, directory);
    assert_string_equal(err.message, expected);
}

static void refuses_paths_no_socket_can_have(void **state)
{
    (void)state;
    char dir[201];
    memset(dir, 'a', 200);
    dir[0] = '/';
    dir[200] = '\0';
    struct error err = {.code = E_OK};
    OWNED(exchange_answer_release) struct exchange_answer answer;
    exchange_answer_init(&answer, 64);
    assert_status(call(dir, &answer, &err), E_INVALID);
    assert_non_null(strstr(err.message, "is too long for a socket: use a shorter data directory"));
}

/* Answers one connection with `says` and ends. */
static pid_t serve(const char *says)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/" CONTROL_SOCKET_NAME, directory);
    unlink(address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char request[4096];
        int peer = accept(fd, NULL, NULL);
        if (read(peer, request, sizeof request) < 0 || write(peer, says, strlen(says)) < 0)
            _exit(1);
        _exit(0);
    }
    close(fd);
    return pid;
}

static void reads_the_answer_of_a_server(void **state)
{
    (void)state;
    pid_t pid = serve("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}");
    OWNED(exchange_answer_release) struct exchange_answer answer;
    exchange_answer_init(&answer, 64);
    assert_ok(call(directory, &answer, NULL));
    assert_int_equal(answer.status, 404);
    assert_text(buffer_as_text(&answer.body), "{}");
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_how_to_start_a_server_that_is_not_there),
        cmocka_unit_test(refuses_paths_no_socket_can_have),
        cmocka_unit_test(reads_the_answer_of_a_server),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
