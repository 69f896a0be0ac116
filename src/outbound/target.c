/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/target.h"

#include "base/alloc.h"
#include "base/secret.h"
#include "outbound/rewrite_internal.h"
#include "outbound/tls_contexts.h"

static void target_free(struct outbound_target *t)
{
    if (t->bytes)
        secret_wipe(t->bytes, t->size);
    mem_free(t->bytes);
    mem_free(t->fields);
    tls_context_unref(t->endpoint.tls);
    mem_free(t);
}
OWNABLE(struct outbound_target, target_free);

/* Connections are shared by host name, not by address, by the proxy they lead through and by TLS settings:
 * what Authorization says belongs to each request, a client certificate to the connection. */
static void share_digest(const struct hop_target *t, uint8_t out[static SHA256_SIZE])
{
    uint8_t parts[1 + 2 + 4 * SHA256_SIZE] = {t->tls, (uint8_t)(t->port >> 8), (uint8_t)t->port};
    sha256(text_bytes(t->host), parts + 3);
    if (t->tls)
        tls_contexts_digest(t, parts + 3 + SHA256_SIZE);
    sha256(text_bytes(t->proxy), parts + 3 + 2 * SHA256_SIZE);
    sha256(text_bytes(t->proxy_authorization), parts + 3 + 3 * SHA256_SIZE);
    sha256(BYTES_OF(parts), out);
}

/* SNI and certificates name hosts without brackets and without the root's dot (RFC 6066 3). */
static bool write_server_name(struct outbound_target *t)
{
    struct text name = t->answer.host;
    if (text_starts_with(name, TEXT("[")))
        name = (struct text){name.p + 1, name.n - 2};
    else if (text_ends_with(name, TEXT(".")))
        name.n--;
    return name.n > 0 && text_to_cstr(name, t->server_name, sizeof t->server_name);
}

/* What stands in the request line of a CONNECT comes from the core, which has checked it; once more here. */
static bool use_proxy(struct outbound_target *t)
{
    const struct text to = t->answer.proxy_to;
    for (size_t i = 0; i < to.n; i++)
        if ((uint8_t)to.p[i] <= ' ' || (uint8_t)to.p[i] >= 127)
            return false;
    t->endpoint.proxy_to = t->proxy_to;
    t->endpoint.proxy_authorization = t->answer.proxy_authorization;
    return text_to_cstr(to, t->proxy_to, sizeof t->proxy_to);
}

static struct status prepare_endpoint(struct outbound_target *t, struct tls_contexts *contexts,
                                      struct error *err)
{
    const struct hop_target *answer = &t->answer;
    if (!target_host_is_valid(answer->host) || answer->port == 0 || !write_server_name(t))
        return error_set(err, E_INVALID, "the target's host or port cannot be used");
    for (unsigned i = 0; i < answer->address_count; i++) {
        memcpy(t->addresses[i].address, answer->addresses[i], sizeof t->addresses[i].address);
        t->addresses[i].port = answer->proxy_to.n > 0 ? answer->proxy_port : answer->port;
    }
    if (answer->proxy_to.n > 0 && !use_proxy(t))
        return error_set(err, E_INVALID, "what the proxy is to connect to cannot be used");
    t->endpoint.addresses = t->addresses;
    t->endpoint.address_count = answer->address_count;
    t->endpoint.server_name = t->server_name;
    share_digest(answer, t->endpoint.share);
    return answer->tls ? tls_contexts_get(contexts, answer, &t->endpoint.tls, err) : DONE;
}

static struct status read_answer(struct outbound_target *t, struct error *err)
{
    struct hop_field_room room;
    struct hop_target *answer = &t->answer;
    if (!status_ok(hop_target_decode((struct bytes){t->bytes, t->size}, &room, answer)))
        return error_set(err, E_INVALID, "the core's answer about a service cannot be read");
    t->fields = mem_array(answer->header_count + answer->query_count, sizeof *t->fields);
    if (!t->fields)
        return error_set(err, E_NOMEM, "out of memory");
    memcpy(t->fields, room.headers, answer->header_count * sizeof *t->fields);
    memcpy(t->fields + answer->header_count, room.query_fields, answer->query_count * sizeof *t->fields);
    answer->headers = t->fields;
    answer->query_fields = t->fields + answer->header_count;
    return DONE;
}

struct status outbound_target_new(uint8_t *bytes, size_t size, struct tls_contexts *contexts,
                                  struct outbound_target **out, struct error *err)
{
    static_assert(UPSTREAM_ADDRESSES_MAX >= HOP_ADDRESSES_MAX, "every address of an answer has its place");
    OWNED(target_free) struct outbound_target *t = mem_alloc(sizeof *t);
    if (!t) {
        secret_wipe(bytes, size);
        mem_free(bytes);
        return error_set(err, E_NOMEM, "out of memory");
    }
    t->references = 1;
    t->bytes = bytes;
    t->size = size;
    TRY(read_answer(t, err));
    if (t->answer.status == 0 && !t->answer.bundle)
        TRY(prepare_endpoint(t, contexts, err));
    *out = TAKE(t);
    return DONE;
}

void outbound_target_unref(struct outbound_target *t)
{
    if (!t)
        return;
    must(t->references > 0);
    if (--t->references == 0)
        target_free(t);
}

bool outbound_target_usable(const struct outbound_target *t, const struct page *page, int64_t now_ms)
{
    return now_ms / 1000 < t->answer.until && page_pairs_current(&t->answer.pairs, page);
}
