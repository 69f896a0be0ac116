/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/notify.h"

static void silent_without_a_manager(void **state)
{
    (void)state;
    (void)unsetenv("NOTIFY_SOCKET");
    assert_status(notify_send("READY=1"), E_NOT_FOUND);
    (void)setenv("NOTIFY_SOCKET", "relative", 1);
    assert_status(notify_send("READY=1"), E_NOT_FOUND);
    (void)setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
    assert_status(notify_send("READY=1"), E_UNAVAILABLE);
    notify_ready("fine"); /* and nothing happens */
}

static void tells_the_manager_on_an_abstract_socket(void **state)
{
    (void)state;
    char name[32], got[256] = "";
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int n = snprintf(name, sizeof name, "@notify-test-%d", (int)getpid());
    memcpy(a.sun_path + 1, name + 1, (size_t)n - 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(fd, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n)), 0);
    (void)setenv("NOTIFY_SOCKET", name, 1);
    notify_ready("Serving");
    assert_true(recv(fd, got, sizeof got - 1, MSG_DONTWAIT) > 0);
    assert_non_null(strstr(got, "READY=1\nSTATUS=Serving"));
    memset(got, 0, sizeof got);
    notify_reloading();
    assert_true(recv(fd, got, sizeof got - 1, MSG_DONTWAIT) > 0);
    assert_non_null(strstr(got, "RELOADING=1\nMONOTONIC_USEC="));
    close(fd);
}

static void feeds_the_watchdog_at_half_its_interval(void **state)
{
    (void)state;
    char pid[16];
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    (void)setenv("WATCHDOG_USEC", "10000000", 1);
    (void)unsetenv("WATCHDOG_PID");
    assert_int_equal(notify_watchdog_interval_ms(), 5000);
    (void)setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(notify_watchdog_interval_ms(), 5000);
    (void)setenv("WATCHDOG_PID", "1", 1); /* another process is watched */
    assert_int_equal(notify_watchdog_interval_ms(), 0);
    (void)unsetenv("WATCHDOG_PID");
    (void)setenv("WATCHDOG_USEC", "soon", 1);
    assert_int_equal(notify_watchdog_interval_ms(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silent_without_a_manager),
        cmocka_unit_test(tells_the_manager_on_an_abstract_socket),
        cmocka_unit_test(feeds_the_watchdog_at_half_its_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
