/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/child.h"
#include "os/processes.h"

struct fixture {
    int pair[2];
};

static int set_up(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    assert_ok(child_control_pair(f->pair));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    close(f->pair[0]);
    close(f->pair[1]);
    mem_free(f);
    return 0;
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* ---- messages ---- */

static void refuses_packets_that_are_not_ours(void **state)
{
    struct fixture *f = *state;
    char long_text[ERROR_MESSAGE_MAX + 2];
    memset(long_text, 'x', sizeof long_text);
    long_text[0] = 1;
    long_text[1] = CHILD_FAILED;
    const struct bytes bad[] = {
        {(const uint8_t *)"\1", 1},                     /* no word */
        {(const uint8_t *)"\2\1", 2},                   /* another version */
        {(const uint8_t *)"\1\0", 2},                   /* word 0 */
        {(const uint8_t *)"\1\x7f", 2},                 /* unknown word */
        {(const uint8_t *)"\1\2a\0b", 5},               /* NUL in the text */
        {(const uint8_t *)"\1\3", 2},                   /* RELOAD without its descriptor */
        {(const uint8_t *)long_text, sizeof long_text}, /* longer than any of ours */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct child_message m;
        assert_int_equal(send(f->pair[0], bad[i].p, bad[i].n, 0), bad[i].n);
        assert_status(child_receive(f->pair[1], &m), E_INVALID);
    }
}

static void closes_descriptors_nobody_asked_for(void **state)
{
    struct fixture *f = *state;
    unsigned before = open_descriptors();
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } space = {0};
    char wire[] = {1, CHILD_READY};
    struct iovec io = {wire, sizeof wire};
    struct msghdr h = {
        .msg_iov = &io, .msg_iovlen = 1, .msg_control = &space, .msg_controllen = sizeof space.bytes};
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(2 * sizeof(int));
    const int fds[2] = {0, 1};
    memcpy(CMSG_DATA(c), fds, sizeof fds);
    assert_int_equal(sendmsg(f->pair[0], &h, 0), sizeof wire);
    struct child_message m;
    assert_status(child_receive(f->pair[1], &m), E_INVALID);
    assert_int_equal(open_descriptors(), before);
}

static void says_when_nothing_is_there_and_when_nobody_is(void **state)
{
    struct fixture *f = *state;
    struct child_message m;
    assert_status(child_receive(f->pair[1], &m), E_AGAIN);
    close(f->pair[0]);
    assert_status(child_receive(f->pair[1], &m), E_UNAVAILABLE);
    assert_status(child_send(f->pair[1], CHILD_READY, NULL, -1), E_UNAVAILABLE); /* no SIGPIPE */
    f->pair[0] = -1;
}

static void a_full_socket_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    struct status s = DONE;
    for (int i = 0; i < 100000 && status_ok(s); i++)
        s = child_send(f->pair[0], CHILD_STOP, NULL, -1);
    assert_status(s, E_AGAIN);
}

static void words_travel_in_order_with_text_and_descriptor(void **state)
{
    struct fixture *f = *state;
    int config = -1;
    assert_ok(memfd_sealed("config", BYTES_OF("abc"), &config));
    char long_text[2 * ERROR_MESSAGE_MAX];
    memset(long_text, 'y', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    assert_ok(child_send(f->pair[0], CHILD_FAILED, "ca.key_file: no such file", -1));
    assert_ok(child_send(f->pair[0], CHILD_RELOAD, NULL, config));
    assert_ok(child_send(f->pair[0], CHILD_RELOAD_REFUSED, long_text, -1));
    close(config);
    struct child_message m;
    assert_ok(child_receive(f->pair[1], &m));
    assert_int_equal(m.word, CHILD_FAILED);
    assert_string_equal(m.text, "ca.key_file: no such file");
    assert_int_equal(m.fd, -1);
    assert_ok(child_receive(f->pair[1], &m));
    assert_int_equal(m.word, CHILD_RELOAD);
    assert_string_equal(m.text, "");
    struct buffer b;
    buffer_init(&b, 64);
    assert_ok(memfd_read(m.fd, &b));
    assert_int_equal(buffer_size(&b), sizeof "abc");
    buffer_release(&b);
    close(m.fd);
    assert_ok(child_receive(f->pair[1], &m));
    assert_int_equal(strlen(m.text), ERROR_MESSAGE_MAX - 1); /* cut */
}

/* ---- the manifest; in a child, as descriptor 3 is a fixed place ---- */

static struct child_channels example(void)
{
    struct child_channels ch;
    child_channels_init(&ch);
    ch.kind = CHILD_FRONT;
    ch.index = 1;
    ch.fronts = 2;
    ch.supervisor = 4711;
    ch.config_fd = 0;
    ch.control_fd = 1;
    ch.fetch_fd = 2;
    ch.fetcher_slab_fd = 1;
    ch.wake_fds[ch.wake_count++] = 2;
    ch.sockets[ch.socket_count++] = (struct child_socket){.listeners = 6, .fd = 2};
    (void)snprintf(ch.hop_edge_path, sizeof ch.hop_edge_path, "/run/edge");
    (void)snprintf(ch.fetch_path, sizeof ch.fetch_path, "/run/fetch");
    (void)snprintf(ch.addresses[LISTENER_GATEWAY], CHILD_ADDRESS_MAX, "[::1]:9443");
    return ch;
}

static enum code receive(struct bytes manifest, struct child_channels *out)
{
    int fd = -1;
    must(status_ok(memfd_sealed("manifest", manifest, &fd)) && dup2(fd, CHILD_MANIFEST_FD) >= 0);
    return child_receive_channels(out, NULL).code;
}

static void written_manifest(struct buffer *out)
{
    struct child_channels ch = example();
    int fd = -1;
    must(status_ok(child_write_manifest(&ch, &fd)) && status_ok(memfd_read(fd, out)));
    close(fd);
}

static int comes_back_as_it_was(void)
{
    struct buffer b;
    buffer_init(&b, 8192);
    written_manifest(&b);
    struct child_channels got;
    if (receive(buffer_bytes(&b), &got) != E_OK)
        return 1;
    if (got.kind != CHILD_FRONT || got.index != 1 || got.fronts != 2 || got.supervisor != 4711 || got.single)
        return 2;
    if (got.config_fd != 0 || got.control_fd != 1 || got.page_fd != -1 || got.wake_count != 1 ||
        got.wake_fds[0] != 2)
        return 3;
    if (got.socket_count != 1 || got.sockets[0].listeners != 6 || got.sockets[0].fd != 2)
        return 4;
    if (got.fetch_fd != 2 || got.fetcher_slab_fd != 1 || strcmp(got.fetch_path, "/run/fetch") != 0 ||
        got.hop_egress_path[0] != '\0')
        return 5;
    if (strcmp(got.hop_edge_path, "/run/edge") != 0 ||
        strcmp(got.addresses[LISTENER_GATEWAY], "[::1]:9443") != 0)
        return 5;
    if (fcntl(0, F_GETFD) != FD_CLOEXEC) /* what exec let through is closed to the next exec */
        return 6;
    buffer_release(&b);
    return fcntl(CHILD_MANIFEST_FD, F_GETFD) < 0 ? 0 : 7;
}

static int refuses_every_truncation(void)
{
    struct buffer b;
    buffer_init(&b, 8192);
    written_manifest(&b);
    struct bytes whole = buffer_bytes(&b);
    for (size_t n = 0; n < whole.n; n++) {
        struct child_channels got;
        if (receive((struct bytes){whole.p, n}, &got) != E_INVALID)
            return 1;
    }
    buffer_byte(&b, 0); /* and a byte too many */
    struct child_channels got;
    enum code code = receive(buffer_bytes(&b), &got);
    buffer_release(&b);
    return code == E_INVALID ? 0 : 2;
}

static int refuses_a_closed_descriptor_and_a_missing_manifest(void)
{
    struct child_channels ch = example(), got;
    ch.slab_fd = 200;
    int fd = -1;
    if (!status_ok(child_write_manifest(&ch, &fd)) || dup2(fd, CHILD_MANIFEST_FD) < 0)
        return 1;
    if (child_receive_channels(&got, NULL).code != E_INVALID)
        return 2;
    close(CHILD_MANIFEST_FD);
    return child_receive_channels(&got, NULL).code == E_INVALID ? 0 : 3;
}

static int in_child(int (*body)(void))
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(body());
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_manifest_is_checked(void **state)
{
    (void)state;
    assert_int_equal(in_child(refuses_every_truncation), 0);
    assert_int_equal(in_child(refuses_a_closed_descriptor_and_a_missing_manifest), 0);
    assert_int_equal(in_child(comes_back_as_it_was), 0);
}

static void names_are_known(void **state)
{
    (void)state;
    enum child_kind kind;
    assert_true(child_kind_parse(TEXT("fetcher"), &kind));
    assert_int_equal(kind, CHILD_FETCHER);
    assert_string_equal(child_kind_name(kind), "fetcher");
    assert_true(child_kind_parse(TEXT("core"), &kind));
    assert_int_equal(kind, CHILD_CORE);
    assert_false(child_kind_parse(TEXT("Core"), &kind));
    assert_string_equal(child_kind_name(CHILD_FRONT), "front");
    assert_string_equal(child_word_name(CHILD_RELOAD_DROP), "reload_drop");
    assert_string_equal(child_word_name((enum child_word)99), "unknown");
    for (int l = 0; l < LISTENER_COUNT; l++)
        assert_non_null(listener_name((enum listener)l));
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(refuses_packets_that_are_not_ours),
        T(closes_descriptors_nobody_asked_for),
        T(says_when_nothing_is_there_and_when_nobody_is),
        T(a_full_socket_is_not_waited_for),
        T(words_travel_in_order_with_text_and_descriptor),
        cmocka_unit_test(the_manifest_is_checked),
        cmocka_unit_test(names_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
