/* SPDX-License-Identifier: Apache-2.0 */
#include "os/host.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/own.h"

/* resolv.conf(5): without this a host whose name server does not answer would start 10 s late. */
static struct addrinfo *resolve_briefly(const char *name)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME};
    struct addrinfo *found = NULL;
    bool ours = getenv("RES_OPTIONS") == NULL && setenv("RES_OPTIONS", "timeout:1 attempts:1", 1) == 0;
    if (getaddrinfo(name, NULL, &hints, &found) != 0)
        found = NULL;
    if (ours)
        (void)unsetenv("RES_OPTIONS");
    return found;
}

void host_full_name(char *out, size_t size)
{
    char name[256] = "";
    (void)snprintf(out, size, "localhost");
    if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0')
        return;
    struct addrinfo *found = resolve_briefly(name);
    if (!found)
        return;
    const char *best =
        found->ai_canonname && text_contains(text_of(found->ai_canonname), '.') ? found->ai_canonname : name;
    if (strlen(best) < size)
        (void)snprintf(out, size, "%s", best);
    freeaddrinfo(found);
}

static void interfaces_free(struct ifaddrs *list)
{
    freeifaddrs(list);
}
OWNABLE(struct ifaddrs, interfaces_free);

static bool read_address(const struct sockaddr *from, uint8_t out[static 16])
{
    if (from && from->sa_family == AF_INET6) {
        struct sockaddr_in6 a;
        memcpy(&a, from, sizeof a);
        memcpy(out, &a.sin6_addr, 16);
        return true;
    }
    if (from && from->sa_family == AF_INET) {
        struct sockaddr_in a;
        memcpy(&a, from, sizeof a);
        memset(out, 0, 10);
        memset(out + 10, 0xff, 2);
        memcpy(out + 12, &a.sin_addr, 4);
        return true;
    }
    return false;
}

bool host_addresses(uint8_t (*out)[16], unsigned max, unsigned *out_count)
{
    OWNED(interfaces_free) struct ifaddrs *list = NULL;
    *out_count = 0;
    if (getifaddrs(&list) != 0)
        return false;
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (*out_count == max)
            return false;
        if (read_address(i->ifa_addr, out[*out_count]))
            (*out_count)++;
    }
    return true;
}
