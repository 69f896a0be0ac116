/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/sandbox.h"
#include "scratch.h"

/* Each case enters the sandbox in a forked child. There is no sandbox under sanitizers, so there is nothing
 * to test. */

static char directory[SCRATCH_MAX];

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

#define KILLED (-SIGSYS)

/* Exit status, or minus the signal. */
static int confined(enum sandbox_kind kind, int (*body)(void))
{
    if (FAIRLEAD_SANITIZED)
        skip();
    pid_t pid = fork();
    if (pid == 0) {
        const struct sandbox_path paths[] = {{directory, true}, {"/etc/passwd", false}, {"/nowhere", false}};
        struct status s = sandbox_enter(kind, paths, kind == SANDBOX_CORE ? 3 : 0, NULL);
        _exit(status_ok(s) ? body() : 99);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static long landlock_abi(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, 1U);
}

/* ---- what ends the process ---- */

static int run_a_program(void)
{
    (void)execl("/bin/true", "/bin/true", NULL);
    return 1;
}

static int fork_a_process(void)
{
    return fork() < 0 ? 1 : 2;
}

static int make_memory_executable(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)mprotect(p, 4096, PROT_READ | PROT_EXEC);
    return 1;
}

static int trace_the_parent(void)
{
    (void)syscall(SYS_ptrace, 16 /* PTRACE_ATTACH */, getppid(), 0, 0);
    return 1;
}

static int signal_the_parent(void)
{
    (void)kill(getppid(), 0);
    return 1;
}

static int mount_something(void)
{
    (void)syscall(SYS_mount, "none", "/tmp", "tmpfs", 0UL, NULL);
    return 1;
}

static int load_a_bpf_program(void)
{
    (void)syscall(SYS_bpf, 0, NULL, 0);
    return 1;
}

static int make_the_parent_less_important(void)
{
    (void)setpriority(PRIO_PROCESS, (id_t)getppid(), 10);
    return 1;
}

static void forbidden_calls_end_the_process(void **state)
{
    (void)state;
    int (*const bodies[])(void) = {run_a_program,     fork_a_process,    make_memory_executable,
                                   trace_the_parent,  signal_the_parent, mount_something,
                                   load_a_bpf_program};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(confined(SANDBOX_FRONT, bodies[i]), KILLED);
        assert_int_equal(confined(SANDBOX_CORE, bodies[i]), KILLED);
    }
}

/* ---- the fetcher and its jobs ---- */

static int to_the_end_of_a_child(int (*body)(void))
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(body());
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return 90;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

#define ENDED_BY_A_RULE (128 + SIGSYS)

/* Runs in a job as the fetcher starts one; what it is to do comes from here. */
static int (*job_body)(void);

static int as_a_job(void)
{
    const struct sandbox_path more[] = {{directory, false}};
    const struct rlimit few = {64, 64};
    if (setrlimit(RLIMIT_NOFILE, &few) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return 91;
    if (!status_ok(sandbox_enter(SANDBOX_FETCH_JOB, more, 1, NULL)))
        return 92;
    return job_body();
}

static int run_a_job(void)
{
    return to_the_end_of_a_child(as_a_job);
}

static int in_a_job(int (*body)(void))
{
    job_body = body;
    return confined(SANDBOX_FETCHER, run_a_job);
}

static int wait_for_somebody(void)
{
    (void)waitpid(-1, NULL, WNOHANG);
    return 1;
}

static int kill_the_fetcher(void)
{
    (void)kill(getppid(), SIGKILL);
    return 1;
}

static int raise_a_limit(void)
{
    const struct rlimit many = {64, 64};
    (void)setrlimit(RLIMIT_NOFILE, &many);
    return 1;
}

static int take_a_connection(void)
{
    (void)listen(0, 1);
    return 1;
}

static int write_a_file(void)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s/by-a-job", directory);
    (void)open(path, O_RDWR | O_CREAT, 0600);
    return 1;
}

static int open_a_netlink_socket_of_another_kind(void)
{
    (void)socket(AF_NETLINK, SOCK_RAW, 9 /* NETLINK_AUDIT */);
    return 1;
}

static int open_a_raw_socket(void)
{
    (void)socket(AF_INET, SOCK_RAW, 1);
    return 1;
}

static int map_writable_code(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return 1;
}

static int open_a_packet_socket(void);

static void a_job_of_the_fetcher_is_ended_for_more_than_a_download(void **state)
{
    (void)state;
    int (*const bodies[])(void) = {
        run_a_program,     fork_a_process,    make_memory_executable, trace_the_parent,
        signal_the_parent, mount_something,   load_a_bpf_program,     wait_for_somebody,
        kill_the_fetcher,  raise_a_limit,     take_a_connection,      write_a_file,
        open_a_raw_socket, map_writable_code, open_a_packet_socket,   open_a_netlink_socket_of_another_kind,
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        assert_int_equal(in_a_job(bodies[i]), ENDED_BY_A_RULE);
}

static int end_a_job(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        for (;;)
            (void)poll(NULL, 0, -1);
    }
    int status = 0;
    if (kill(pid, SIGKILL) != 0 || waitpid(pid, &status, 0) != pid)
        return 1;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 0 : 2;
}

/* SIGTERM would be a rule broken; SIGKILL is what it has for its jobs, and Landlock keeps it to those. */
static int cannot_kill_the_parent(void)
{
    return kill(getppid(), SIGKILL) != 0 && errno == EPERM ? 0 : 1;
}

static void a_job_of_an_unconfined_fetcher_is_not_confined(void **state)
{
    (void)state;
    assert_ok(sandbox_enter(SANDBOX_FETCH_JOB, NULL, 0, NULL)); /* or the cases after this one would fail */
    assert_string_equal(sandbox_describe(), "off");
    assert_int_equal(open("/nowhere", O_RDWR), -1);
    assert_int_equal(errno, ENOENT);
}

static void the_fetcher_forks_and_ends_jobs_and_nothing_else(void **state)
{
    (void)state;
    int (*const bodies[])(void) = {run_a_program,     make_memory_executable, trace_the_parent,
                                   signal_the_parent, mount_something,        load_a_bpf_program,
                                   take_a_connection, write_a_file,           map_writable_code,
                                   open_a_raw_socket, open_a_packet_socket};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        assert_int_equal(confined(SANDBOX_FETCHER, bodies[i]), KILLED);
    assert_int_equal(confined(SANDBOX_FETCHER, end_a_job), 0);
    if (landlock_abi() < 6)
        skip();
    assert_int_equal(confined(SANDBOX_FETCHER, cannot_kill_the_parent), 0);
}

static int resolves_names(void)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    if (getaddrinfo("localhost", "443", &hints, &found) != 0 || !found)
        return 1;
    freeaddrinfo(found);
    found = NULL;
    if (getaddrinfo("no-such-host.invalid", "443", NULL, &found) ==
        0) /* asks resolvers, where there are any */
        freeaddrinfo(found);
    return 0;
}

static int reads_trust_anchors_and_what_it_was_given(void)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s/anchors", directory);
    if (open(path, O_RDONLY) < 0)
        return 1;
    int fd = open("/etc/ssl/certs/ca-certificates.crt", O_RDONLY);
    return fd >= 0 || errno == ENOENT ? 0 : 2;
}

static int cannot_read_the_rest(void)
{
    static const char *const paths[] = {"/etc/passwd", "/etc/ssl/private", "/proc/self/maps", "/tmp",
                                        "/root"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (open(paths[i], O_RDONLY) >= 0 || (errno != EACCES && errno != ENOENT))
            return 1 + (int)i;
    }
    return 0;
}

static int ends_by_its_alarm(void)
{
    const struct itimerval soon = {.it_value = {.tv_usec = 1000}};
    if (setitimer(ITIMER_REAL, &soon, NULL) != 0)
        return 1;
    (void)poll(NULL, 0, 5000);
    return 2;
}

static int lists_the_addresses_of_this_host(void)
{
    struct ifaddrs *list = NULL;
    if (getifaddrs(&list) != 0)
        return 1;
    freeifaddrs(list);
    return 0;
}

static int starts_threads(void);
static int aborts(void);

static void a_job_of_the_fetcher_has_what_a_download_needs(void **state)
{
    (void)state;
    char path[64];
    (void)snprintf(path, sizeof path, "%s/anchors", directory);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(in_a_job(resolves_names), 0);
    assert_int_equal(in_a_job(starts_threads), 0);
    assert_int_equal(in_a_job(aborts), 128 + SIGABRT);
    assert_int_equal(in_a_job(ends_by_its_alarm), 128 + SIGALRM);
    assert_int_equal(in_a_job(lists_the_addresses_of_this_host), 0);
    assert_int_equal(in_a_job(reads_trust_anchors_and_what_it_was_given), 0);
    if (landlock_abi() < 1)
        skip();
    assert_int_equal(in_a_job(cannot_read_the_rest), 0);
}

/* ---- files ---- */

static int cannot_open_anything(void)
{
    static const char *const paths[] = {"/etc/passwd", "/tmp", "/dev/null", "/proc/self/exe"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (open(paths[i], O_RDONLY) >= 0 || errno != EACCES)
            return 1;
    }
    return 0;
}

static int remove_a_file(void)
{
    (void)unlink("/tmp/whatever");
    return 1;
}

static void a_front_opens_no_file(void **state)
{
    (void)state;
    assert_int_equal(confined(SANDBOX_FRONT, cannot_open_anything), 0);
    assert_int_equal(confined(SANDBOX_FRONT, remove_a_file), KILLED);
}

static int opens_what_it_was_given(void)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s/new", directory);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) != 0 || ftruncate(fd, 0) != 0)
        return 1;
    char renamed[64];
    (void)snprintf(renamed, sizeof renamed, "%s/renamed", directory);
    if (rename(path, renamed) != 0 || unlink(renamed) != 0)
        return 2;
    return open("/etc/passwd", O_RDONLY) >= 0 ? 0 : 3;
}

static int cannot_open_the_rest(void)
{
    if (open("/etc/group", O_RDONLY) >= 0 || errno != EACCES)
        return 1;
    if (open("/etc/passwd", O_RDWR) >= 0 || errno != EACCES)
        return 2;
    if (open("/tmp/elsewhere", O_RDWR | O_CREAT, 0600) >= 0 || errno != EACCES)
        return 3;
    return 0;
}

static void the_core_sees_its_own_files_only(void **state)
{
    (void)state;
    assert_int_equal(confined(SANDBOX_CORE, opens_what_it_was_given), 0);
    if (landlock_abi() < 1)
        skip();
    assert_int_equal(confined(SANDBOX_CORE, cannot_open_the_rest), 0);
}

/* ---- network and threads ---- */

static int opens_upstream_sockets(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int one = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one) != 0)
        return 1;
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : 2;
}

static int open_a_packet_socket(void)
{
    (void)socket(AF_PACKET, SOCK_RAW, 0);
    return 1;
}

static int has_unix_sockets_only(void)
{
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EACCES)
        return 1;
    if (socket(AF_NETLINK, SOCK_RAW, 0) >= 0 || errno != EACCES)
        return 2;
    struct sockaddr_un nobody = {.sun_family = AF_UNIX, .sun_path = "/nowhere"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return fd >= 0 && connect(fd, (const struct sockaddr *)&nobody, sizeof nobody) != 0 && errno == ENOENT
               ? 0
               : 3;
}

static void a_front_has_internet_and_unix_sockets_the_core_only_these(void **state)
{
    (void)state;
    assert_int_equal(confined(SANDBOX_FRONT, opens_upstream_sockets), 0);
    assert_int_equal(confined(SANDBOX_FRONT, open_a_packet_socket), KILLED);
    assert_int_equal(confined(SANDBOX_CORE, has_unix_sockets_only), 0);
}

static void *thread_body(void *arg)
{
    void *p = malloc(1 << 20);
    *(bool *)arg = p != NULL && pthread_setname_np(pthread_self(), "named") == 0;
    free(p);
    return NULL;
}

static int starts_threads(void)
{
    bool worked = false;
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_body, &worked) != 0)
        return 1;
    return pthread_join(thread, NULL) == 0 && worked ? 0 : 2;
}

static int aborts(void)
{
    abort();
}

static void threads_and_abort_work(void **state)
{
    (void)state;
    assert_int_equal(confined(SANDBOX_FRONT, starts_threads), 0);
    assert_int_equal(confined(SANDBOX_CORE, starts_threads), 0);
    assert_int_equal(confined(SANDBOX_CORE, aborts), -SIGABRT);
}

static int describes_itself(void)
{
    return strncmp(sandbox_describe(), "seccomp", 7) == 0 ? 0 : 1;
}

static int step_back(void)
{
    return setpriority(PRIO_PROCESS, 0, 10) == 0 ? 0 : 1;
}

static void a_thread_of_the_core_may_step_back_and_that_is_all(void **state)
{
    (void)state;
    assert_int_equal(confined(SANDBOX_CORE, step_back), 0);
    assert_int_equal(confined(SANDBOX_CORE, make_the_parent_less_important), KILLED);
    assert_int_equal(confined(SANDBOX_FRONT, step_back), KILLED);
}

static void says_what_is_on(void **state)
{
    (void)state;
    assert_string_equal(sandbox_describe(), "off");
    assert_int_equal(confined(SANDBOX_FRONT, describes_itself), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forbidden_calls_end_the_process),
        cmocka_unit_test(a_job_of_the_fetcher_is_ended_for_more_than_a_download),
        cmocka_unit_test(a_job_of_an_unconfined_fetcher_is_not_confined),
        cmocka_unit_test(the_fetcher_forks_and_ends_jobs_and_nothing_else),
        cmocka_unit_test(a_job_of_the_fetcher_has_what_a_download_needs),
        cmocka_unit_test(a_front_opens_no_file),
        cmocka_unit_test(the_core_sees_its_own_files_only),
        cmocka_unit_test(a_front_has_internet_and_unix_sockets_the_core_only_these),
        cmocka_unit_test(threads_and_abort_work),
        cmocka_unit_test(a_thread_of_the_core_may_step_back_and_that_is_all),
        cmocka_unit_test(says_what_is_on),
    };
    return cmocka_run_group_tests(tests, set_up_directory, tear_down_directory);
}
