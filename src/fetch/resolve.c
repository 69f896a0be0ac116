/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/own.h"
#include "fetch/answer.h"

#define HOST_MAX 256 /* RFC 1035 2.3.4, with its NUL */

static inline void found_free(struct addrinfo *list)
{
    freeaddrinfo(list);
}
OWNABLE(struct addrinfo, found_free);

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct looked_at {
    const struct guard *guard; /* NULL: everything is fine */
    uint16_t port;
    struct fetch_answer *answer;
    char refused[200]; /* the first that was: address and why; "" */
};

static void note_refusal(struct looked_at *l, const union socket_address *a, const char *why)
{
    char text[INET6_ADDRSTRLEN] = "?";
    if (l->refused[0])
        return;
    if (a->any.sa_family == AF_INET)
        (void)inet_ntop(AF_INET, &a->v4.sin_addr, text, sizeof text);
    else
        (void)inet_ntop(AF_INET6, &a->v6.sin6_addr, text, sizeof text);
    (void)snprintf(l->refused, sizeof l->refused, "the address %s is %s", text, why);
}

static void keep(struct fetch_answer *answer, const union socket_address *a)
{
    uint8_t bytes[16] = {[10] = 0xff, [11] = 0xff};
    if (a->any.sa_family == AF_INET)
        memcpy(bytes + 12, &a->v4.sin_addr, 4);
    else
        memcpy(bytes, &a->v6.sin6_addr, 16);
    for (unsigned i = 0; i < answer->address_count; i++) {
        if (memcmp(answer->addresses[i], bytes, sizeof bytes) == 0)
            return; /* twice in /etc/hosts */
    }
    if (answer->address_count < FETCH_ADDRESSES_MAX)
        memcpy(answer->addresses[answer->address_count++], bytes, sizeof bytes);
}

/* An address with a scope (fe80::1%eth0) is link-local: the guard refuses it, so none is lost here. */
static void look_at(struct looked_at *l, union socket_address *a)
{
    socklen_t length = a->any.sa_family == AF_INET ? sizeof a->v4 : sizeof a->v6;
    if (a->any.sa_family == AF_INET)
        a->v4.sin_port = htons(l->port);
    else
        a->v6.sin6_port = htons(l->port);
    const char *why = l->guard ? guard_check(l->guard, &a->any, length) : NULL;
    if (why)
        note_refusal(l, a, why);
    else
        keep(l->answer, a);
}

/* An address needs no resolver: AI_ADDRCONFIG would not find ::1 where there is no other IPv6. */
static bool look_at_literal(struct looked_at *l, const char *host)
{
    union socket_address a = {.v6 = {.sin6_family = AF_INET6}};
    bool v6 = inet_pton(AF_INET6, host, &a.v6.sin6_addr) == 1;
    if (!v6) {
        a = (union socket_address){.v4 = {.sin_family = AF_INET}};
        if (inet_pton(AF_INET, host, &a.v4.sin_addr) != 1)
            return false;
    }
    look_at(l, &a);
    return true;
}

static void fail_lookup(struct looked_at *l, const char *host, int code)
{
    if (code == EAI_NONAME || code == EAI_NODATA || code == EAI_ADDRFAMILY || code == EAI_FAMILY)
        answer_fail(l->answer, FETCH_UNREACHABLE, "%s: no such host", host);
    else
        answer_fail(l->answer, FETCH_UNREACHABLE, "%s: the resolver failed: %s", host,
                    code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
}

static bool look_up(struct looked_at *l, const char *host)
{
    const struct addrinfo wanted = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    OWNED(found_free) struct addrinfo *list = NULL;
    int code = getaddrinfo(host, NULL, &wanted, &list);
    if (code != 0) {
        fail_lookup(l, host, code);
        return false;
    }
    for (const struct addrinfo *i = list; i; i = i->ai_next) {
        union socket_address a;
        bool known = i->ai_family == AF_INET || i->ai_family == AF_INET6;
        if (!known || i->ai_addrlen > sizeof a)
            continue;
        memcpy(&a, i->ai_addr, i->ai_addrlen);
        look_at(l, &a);
    }
    return true;
}

bool resolve_host(const struct guard *guard, struct text host, uint16_t port, struct fetch_answer *answer)
{
    struct looked_at l = {.guard = guard, .port = port, .answer = answer};
    char name[HOST_MAX];
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = (struct text){host.p + 1, host.n - 2};
    if (host.n == 0 || !text_to_cstr(host, name, sizeof name)) {
        answer_fail(answer, FETCH_REFUSED, "it is not the name of a host");
        return false;
    }
    if (!look_at_literal(&l, name) && !look_up(&l, name))
        return false;
    if (answer->address_count > 0)
        return true;
    if (l.refused[0])
        answer_fail(answer, FETCH_REFUSED, "%s: %s", name, l.refused);
    else
        answer_fail(answer, FETCH_UNREACHABLE, "%s: no such host", name);
    return false;
}
