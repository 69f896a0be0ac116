/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NUMBER_MARK "########"

/* The same number at each mark of one request; requests of one run never share one, those of several hardly
 * unless they begin with the same one. */
static void number_marks(const struct load_options *o, char *text)
{
    static _Atomic unsigned next;
    char digits[16];
    const unsigned first = o->number_from >= 0 ? (unsigned)o->number_from : (unsigned)getpid() * 104729u;
    const unsigned number = first + atomic_fetch_add(&next, 1);
    snprintf(digits, sizeof digits, "%08u", number % 100000000u);
    for (char *at = text; (at = strstr(at, NUMBER_MARK)); at += strlen(NUMBER_MARK))
        memcpy(at, digits, strlen(NUMBER_MARK));
}

int load_h1_send(const struct load_options *o, struct load_connection *c, const char *path)
{
    char request[16 * 1024], length[128] = "";
    if (o->body)
        snprintf(length, sizeof length, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                 strlen(o->body));
    int n = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n%s",
                     o->body ? "POST" : "GET", path, o->name, o->header ? o->header : "",
                     o->header ? "\r\n" : "", length, o->body ? o->body : "");
    if (o->number && n > 0)
        number_marks(o, request);
    return n > 0 && (size_t)n < sizeof request ? load_write(c, request, (size_t)n) : -1;
}

/* "token":"..." of a short answer that is whole in the buffer. */
static void take_token(struct load_connection *c)
{
    static const char member[] = "\"token\":\"";
    const char *at = strstr(c->buffer, member);
    size_t n = at ? strcspn(at + sizeof member - 1, "\"") : 0;
    n = n < sizeof c->token ? n : 0;
    memcpy(c->token, n ? at + sizeof member - 1 : "", n);
    c->token[n] = '\0';
}

/* Reads until the head is complete; its length, or 0. */
static size_t read_head(struct load_connection *c)
{
    for (;;) {
        c->buffer[c->have] = '\0';
        char *end = strstr(c->buffer, "\r\n\r\n");
        if (end)
            return (size_t)(end - c->buffer) + 4;
        int n = c->have + 1 < sizeof c->buffer
                    ? load_read(c, c->buffer + c->have, sizeof c->buffer - 1 - c->have)
                    : -1;
        if (n < 0)
            return 0;
        c->have += (size_t)n;
    }
}

int load_h1_request(const struct load_options *o, struct load_connection *c, const char *path)
{
    return load_h1_send(o, c, path) == 0 ? load_h1_answer(o, c) : -1;
}

/* Every server of the bench sends Content-Length. */
int load_h1_answer(const struct load_options *o, struct load_connection *c)
{
    c->have = 0;
    size_t head = read_head(c);
    if (!head)
        return -1;
    const char *length = strcasestr(c->buffer, "\r\ncontent-length:");
    if (!length || length > c->buffer + head)
        return -1;
    size_t total = head + strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
    int status = (int)strtol(c->buffer + strlen("HTTP/1.1 "), NULL, 10);
    size_t seen = c->have;
    while (seen < total) {
        int n = load_read(c, c->buffer, sizeof c->buffer - 1);
        if (n < 0)
            return -1;
        seen += (size_t)n;
        c->buffer[n] = '\0';
    }
    if (o->collect_file)
        take_token(c);
    return status;
}
