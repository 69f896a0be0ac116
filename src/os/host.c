/* SPDX-License-Identifier: Apache-2.0 */
#include "os/host.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"

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
