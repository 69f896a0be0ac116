/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front_internal.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/encoding.h"

/*
 * X-Forwarded-Client-Cert (contract section 6): believed only from inbound.trusted_proxies, never passed on.
 * Elements are separated by commas, pairs by semicolons, values may be quoted with backslash escapes (Envoy's
 * format).
 */

static bool parse_network(const char *text, uint8_t out[static 16], unsigned *out_bits)
{
    char host[INET6_ADDRSTRLEN + 1];
    struct text rest = text_of(text);
    struct text address = text_cut(&rest, '/');
    if (!text_to_cstr(address, host, sizeof host))
        return false;
    memset(out, 0, 16);
    unsigned width = 128, base = 0;
    if (inet_pton(AF_INET, host, out + 12) == 1) {
        out[10] = out[11] = 0xff;
        width = 32;
        base = 96;
    } else if (inet_pton(AF_INET6, host, out) != 1) {
        return false;
    }
    uint64_t bits = width;
    if (rest.p && !text_to_u64(rest, width, &bits))
        return false;
    *out_bits = base + (unsigned)bits;
    return true;
}

static bool in_network(const uint8_t address[static 16], const uint8_t network[static 16], unsigned bits)
{
    for (unsigned i = 0; i < bits; i++) {
        uint8_t mask = (uint8_t)(0x80u >> (i % 8));
        if ((address[i / 8] & mask) != (network[i / 8] & mask))
            return false;
    }
    return true;
}

bool front_peer_is_trusted_proxy(const struct front *f, const struct connection *c)
{
    const struct settings_list *proxies = &f->settings->inbound_trusted_proxies;
    for (unsigned i = 0; i < proxies->count; i++) {
        uint8_t network[16];
        unsigned bits = 0;
        if (parse_network(proxies->item[i], network, &bits) &&
            in_network(connection_address_key(c), network, bits))
            return true;
    }
    return false;
}

/* Cuts the next piece up to `separator` outside of quotes. */
static struct text cut_unquoted(struct text *t, char separator)
{
    bool quoted = false;
    for (size_t i = 0; i < t->n; i++) {
        char ch = t->p[i];
        if (quoted && ch == '\\') {
            i++;
        } else if (ch == '"') {
            quoted = !quoted;
        } else if (ch == separator && !quoted) {
            struct text piece = text_first(*t, i);
            *t = text_from(*t, i + 1);
            return piece;
        }
    }
    struct text all = *t;
    *t = (struct text){NULL, 0};
    return all;
}

static bool quotes_are_closed(struct text t)
{
    bool quoted = false;
    for (size_t i = 0; i < t.n; i++) {
        if (quoted && t.p[i] == '\\')
            i++;
        else if (t.p[i] == '"')
            quoted = !quoted;
    }
    return !quoted;
}

/* One element: has it a subject, and a hash? */
static bool read_element(struct text element, uint8_t fingerprint[static SHA256_SIZE])
{
    bool subject = false, hash = false;
    while (element.p) {
        struct text value = text_trim(cut_unquoted(&element, ';'));
        struct text name = text_cut(&value, '=');
        if (text_equal_nocase(name, TEXT("Subject")))
            subject = value.n > 2; /* more than the two quotes */
        else if (text_equal_nocase(name, TEXT("Hash")))
            hash = hex_decode(fingerprint, SHA256_SIZE, value);
    }
    return subject && hash;
}

enum forwarded front_forwarded_identity(const struct front_call *fc, uint8_t fingerprint[static SHA256_SIZE])
{
    static const struct text name = TEXT_INIT("X-Forwarded-Client-Cert");
    const struct headers *headers = &fc->exchange->request.headers;
    struct text rest = headers_get(headers, name);
    if (!rest.p || !front_peer_is_trusted_proxy(fc->front, fc->connection))
        return FORWARDED_NOTHING;
    /* Of two, one may be the client's own. */
    if (headers_count(headers, name) > 1)
        return FORWARDED_ILLEGIBLE;
    if (!quotes_are_closed(rest))
        return FORWARDED_ILLEGIBLE;
    unsigned found = 0;
    while (rest.p) {
        uint8_t candidate[SHA256_SIZE];
        if (!read_element(cut_unquoted(&rest, ','), candidate))
            continue;
        memcpy(fingerprint, candidate, SHA256_SIZE);
        found++;
    }
    /* A proxy that appends (Envoy's APPEND_FORWARD) leaves what the client wrote in front of its own element:
     * with two that name a certificate we do not choose. */
    return found == 1 ? FORWARDED_CERTIFICATE : FORWARDED_ILLEGIBLE;
}
