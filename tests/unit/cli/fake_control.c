/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_control.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/client.h"

#include "check.h"

#define HEARD_MAX (8 * 1024 * 1024)
#define WORDS_MAX 24

static const char *path_of(const struct fake_control *f, const char *name)
{
    static char out[100]; /* of a sun_path */
    snprintf(out, sizeof out, "%s/%s", f->directory, name);
    return out;
}

/* Bytes of the body that the head announces; SIZE_MAX before the head is whole. */
static size_t missing(struct text heard)
{
    const char *end = heard.p ? memmem(heard.p, heard.n, "\r\n\r\n", 4) : NULL;
    if (!end)
        return SIZE_MAX;
    size_t head = (size_t)(end - heard.p) + 4;
    const char *length = memmem(heard.p, head, "Content-Length: ", 16);
    size_t body = length ? strtoul(length + 16, NULL, 10) : 0;
    return head + body - heard.n;
}

static void hear(int fd, struct buffer *heard)
{
    char chunk[65536];
    while (missing(buffer_as_text(heard)) > 0) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n <= 0)
            return;
        buffer_append(heard, (struct bytes){(uint8_t *)chunk, (size_t)n});
    }
}

static void say(int fd, const char *answer)
{
    char head[128];
    const char *body = answer + 3 + (answer[3] == ' ');
    int n = snprintf(head, sizeof head, "HTTP/1.1 %.3s X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                     answer, strlen(body));
    if (text_starts_with(text_of(answer), TEXT("204")))
        n = snprintf(head, sizeof head, "HTTP/1.1 204 X\r\nConnection: close\r\n\r\n");
    size_t left = strlen(body);
    if (write(fd, head, (size_t)n) != n)
        return;
    while (left > 0) {
        ssize_t wrote = write(fd, body, left);
        if (wrote <= 0)
            return;
        body += wrote;
        left -= (size_t)wrote;
    }
}

static void *serve(void *self)
{
    struct fake_control *f = self;
    for (;;) {
        int fd = accept(f->listening, NULL, NULL);
        if (fd < 0)
            return NULL;
        if (f->count < FAKE_REQUESTS_MAX) {
            hear(fd, &f->heard[f->count]);
            if (*f->answers)
                say(fd, *f->answers++);
            f->count++;
        }
        close(fd);
    }
}

void fake_start(struct fake_control *f, const char *const *answers)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *f = (struct fake_control){.directory = "/tmp/fairlead-cli-XXXXXX", .answers = answers};
    for (size_t i = 0; i < FAKE_REQUESTS_MAX; i++)
        buffer_init(&f->heard[i], HEARD_MAX);
    assert_non_null(mkdtemp(f->directory));
    assert_int_equal(mkdir(path_of(f, "run"), 0700), 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path_of(f, CONTROL_SOCKET_NAME));
    f->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->listening, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(f->listening, 8), 0);
    assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

void fake_stop(struct fake_control *f)
{
    shutdown(f->listening, SHUT_RDWR);
    pthread_join(f->thread, NULL);
    close(f->listening);
    unlink(path_of(f, CONTROL_SOCKET_NAME));
    rmdir(path_of(f, "run"));
    rmdir(f->directory);
}

void fake_release(struct fake_control *f)
{
    for (size_t i = 0; i < FAKE_REQUESTS_MAX; i++)
        buffer_release(&f->heard[i]);
}

struct text fake_head(const struct fake_control *f, size_t i)
{
    assert_true(i < f->count);
    struct text heard = buffer_as_text(&f->heard[i]);
    const char *end = memmem(heard.p, heard.n, "\r\n\r\n", 4);
    assert_non_null(end);
    return text_first(heard, (size_t)(end - heard.p));
}

struct text fake_body(const struct fake_control *f, size_t i)
{
    return text_from(buffer_as_text(&f->heard[i]), fake_head(f, i).n + 4);
}

struct status fake_run(struct fake_control *f, const char *const *answers, struct cli *c,
                       const char *const *words, struct error *err)
{
    const char *argv[WORDS_MAX] = {NULL};
    int argc = 0;
    *c = (struct cli){.exit_status = 0};
    *err = (struct error){.code = E_OK};
    arena_init(&c->arena, 65536, 1 << 26);
    buffer_init(&c->out, 1 << 26);
    fake_start(f, answers);
    for (; words[argc]; argc++)
        argv[argc] = words[argc];
    argv[argc++] = "--data";
    argv[argc++] = f->directory;
    struct status s = args_parse(&cli_commands, argc, argv, &c->args, err);
    if (status_ok(s))
        s = c->args.command->run(c, err);
    fake_stop(f);
    return s;
}

void cli_ended(struct cli *c)
{
    arena_release(&c->arena);
    buffer_release(&c->out);
}
