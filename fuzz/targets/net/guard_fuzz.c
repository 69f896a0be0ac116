/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes -> guard_check, and text -> guard_refuse (net/guard.c). An IPv4 address is judged alike however an
 * IPv6 address carries it, and what a network refuses stays refused under any other setting.
 */

#include "net/guard.h"

#include <netinet/in.h>

#include "base/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *check_v6(const struct guard *g, const uint8_t address[static 16])
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(8443)};
    memcpy(&a.sin6_addr, address, 16);
    return guard_check(g, (const struct sockaddr *)&a, sizeof a);
}

static void check_carriers(const struct guard *g, const uint8_t v4[static 4])
{
    struct sockaddr_in plain = {.sin_family = AF_INET, .sin_port = htons(8443)};
    memcpy(&plain.sin_addr, v4, 4);
    const char *why = guard_check(g, (const struct sockaddr *)&plain, sizeof plain);
    static const struct {
        uint8_t prefix[16];
        unsigned at;
    } carriers[] = {
        {{[10] = 0xff, [11] = 0xff}, 12},
        {{[8] = 0xff, [9] = 0xff}, 12},
        {{0, 0x64, 0xff, 0x9b}, 12},
        {{0x20, 0x02}, 2},
    };
    for (size_t i = 0; i < sizeof carriers / sizeof carriers[0]; i++) {
        uint8_t address[16];
        memcpy(address, carriers[i].prefix, 16);
        memcpy(address + carriers[i].at, v4, 4);
        must(check_v6(g, address) == why);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 17)
        return 0;
    uint8_t local[1][16];
    memcpy(local[0], data, 16);
    struct guard g = {
        .allow_loopback = data[16] & 1, .allow_own = data[16] & 2, .local = local, .local_count = 1};
    must(status_ok(guard_add_own(&g, (data[16] & 4) ? TEXT("[::]:8443") : TEXT("127.0.0.1:8443"), NULL)));
    check_carriers(&g, data);
    const char *before = check_v6(&g, data);
    if (data[16] & 4)
        must(g.allow_own || before); /* this host's own address and port */
    struct error err = {.message = ""};
    if (status_ok(guard_refuse(&g, (struct text){(const char *)data + 17, size - 17}, &err))) {
        must(!before || check_v6(&g, data));
        check_carriers(&(struct guard){.allow_loopback = g.allow_loopback}, data + 12);
    } else {
        must(err.message[0]);
    }
    struct sockaddr_storage raw = {.ss_family = AF_UNSPEC};
    memcpy(&raw, data, size < sizeof raw ? size : sizeof raw);
    (void)guard_check(&g, (const struct sockaddr *)&raw, (socklen_t)size);
    return 0;
}
