/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/connection.h"

/* IPv6 peers are counted by /64: one host owns that many addresses. */
static void counting_key(const uint8_t address[static 16], uint8_t out[static 16])
{
    static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    memset(out, 0, 16);
    bool is_v4 = bytes_equal((struct bytes){address, 12}, BYTES_OF(v4_mapped));
    memcpy(out, address, is_v4 ? 16 : 8);
}

static bool is_loopback(const uint8_t address[static 16])
{
    static const uint8_t v6[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    if (address[10] == 0xff && address[11] == 0xff)
        return address[12] == 127;
    return bytes_equal((struct bytes){address, 16}, BYTES_OF(v6));
}

static struct address_use *find_or_make(struct net_server *s, const uint8_t key[static 16])
{
    struct address_use *use = map_get(&s->addresses, (struct bytes){key, 16});
    if (use)
        return use;
    use = mem_alloc(sizeof *use);
    if (!use)
        return NULL;
    memcpy(use->key, key, 16);
    if (!status_ok(map_put(&s->addresses, (struct bytes){key, 16}, use))) {
        mem_free(use);
        return NULL;
    }
    return use;
}

struct address_use *address_use_take(struct net_server *s, const uint8_t address[static 16],
                                     enum net_kind kind, bool *out_refused)
{
    uint8_t key[16];
    counting_key(address, key);
    *out_refused = true;
    struct address_use *use = find_or_make(s, key);
    if (!use)
        return NULL;
    int64_t second = clock_monotonic_ms() / 1000;
    if (use->second != second) {
        use->second = second;
        use->recent = 0;
    }
    const struct net_limits *limits = &s->settings.limits;
    bool too_many = use->open >= limits->connections_per_address;
    bool too_fast = kind == NET_TLS && !is_loopback(address) && use->recent >= limits->handshakes_per_address;
    use->open++;
    use->recent++;
    if (too_many || too_fast) {
        use->recent--;
        address_use_give(s, use);
        return NULL;
    }
    *out_refused = false;
    return use;
}

void address_use_give(struct net_server *s, struct address_use *use)
{
    if (!use || --use->open > 0)
        return;
    /* Kept until the second is over, or a peer could reset its rate by closing; address_use_sweep() forgets
     * it. */
    s->stale_addresses++;
}

/* Each batch walks the map from its start: large enough that a burst from many addresses is few walks. */
#define SWEEP_BATCH 2048

void address_use_sweep(struct net_server *s)
{
    if (s->stale_addresses == 0)
        return;
    int64_t second = clock_monotonic_ms() / 1000;
    struct address_use *stale[SWEEP_BATCH];
    size_t found;
    do {
        found = 0;
        size_t cursor = 0;
        struct bytes key;
        void *value;
        while (found < SWEEP_BATCH && map_next(&s->addresses, &cursor, &key, &value)) {
            struct address_use *use = value;
            if (use->open == 0 && use->second != second)
                stale[found++] = use;
        }
        for (size_t i = 0; i < found; i++) {
            map_remove(&s->addresses, (struct bytes){stale[i]->key, 16});
            mem_free(stale[i]);
        }
    } while (found == SWEEP_BATCH);
    s->stale_addresses = 0;
    size_t cursor = 0;
    struct bytes key;
    void *value;
    while (map_next(&s->addresses, &cursor, &key, &value))
        if (((struct address_use *)value)->open == 0)
            s->stale_addresses++;
}

static char *put_decimal(char *at, unsigned value)
{
    char digits[10];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    while (n > 0)
        *at++ = digits[--n];
    return at;
}

/* Without the printf family, because every request to the core carries its peer's address. */
static void write_v4(const uint8_t address[static 4], unsigned port, char *at)
{
    for (int i = 0; i < 4; i++) {
        at = put_decimal(at, address[i]);
        *at++ = i < 3 ? '.' : ':';
    }
    *put_decimal(at, port) = '\0';
}

const char *connection_address(const struct connection *c, char out[static CONNECTION_ADDRESS_MAX])
{
    static_assert(CONNECTION_ADDRESS_MAX > sizeof "255.255.255.255:4294967295");
    char host[INET6_ADDRSTRLEN] = "";
    if (c->kind == NET_HOP || c->kind == NET_CONTROL) {
        (void)snprintf(out, CONNECTION_ADDRESS_MAX, "unix");
    } else if (c->address[10] == 0xff && c->address[11] == 0xff) {
        write_v4(c->address + 12, c->port, out);
    } else {
        (void)inet_ntop(AF_INET6, c->address, host, sizeof host);
        (void)snprintf(out, CONNECTION_ADDRESS_MAX, "[%s]:%u", host, c->port);
    }
    return out;
}

const uint8_t *connection_address_key(const struct connection *c)
{
    return c->address;
}
