/* SPDX-License-Identifier: Apache-2.0 */

/*
 * "authority path" -> outbound_address_read and the question it becomes: the pieces of the path put together
 * again are the path, and the core reads from the question what the caller wrote.
 */

#include "base/buffer.h"
#include "outbound/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_parameter(struct text query, struct text name, struct text value, struct arena *a)
{
    must(text_equal(query_get(query, name, a), value));
}

static void check_question(const struct outbound_address *address)
{
    OWNED(buffer_release) struct buffer b;
    OWNED(arena_release) struct arena a;
    buffer_init(&b, 1u << 20);
    arena_init(&a, 4096, 1u << 20);
    const struct text tenant = text_first(address->prefix, 5);
    outbound_address_question(address, tenant, &b);
    must(status_ok(buffer_status(&b)));
    struct text query = buffer_as_text(&b);
    must(text_equal(text_cut(&query, '?'), TEXT("/front/target")));
    if (tenant.n > 0)
        check_parameter(query, TEXT("tenant"), tenant, &a);
    if (address->kind == ADDRESS_HOST) {
        check_parameter(query, TEXT("label"), address->label, &a);
        return;
    }
    if (address->kind == ADDRESS_SECRET) {
        check_parameter(query, TEXT("secret"), address->service, &a);
        check_parameter(query, TEXT("entry"), address->entry, &a);
        return;
    }
    check_parameter(query, TEXT("application"), address->application, &a);
    check_parameter(query, TEXT("service"), address->service, &a);
    check_parameter(query, TEXT("entry"), address->entry, &a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request r = {.method = HTTP_GET};
    r.path = (struct text){(const char *)data, size};
    r.authority = text_cut(&r.path, ' ');
    struct outbound_address address;
    if (size > 16384 || !status_ok(outbound_address_read(&r, &address)))
        return 0;
    must(address.prefix.n + address.rest.n == r.path.n);
    must(address.rest.n == 0 || address.rest.p[0] == '/');
    if (address.kind == ADDRESS_HOST)
        must(address.label.n >= 36 && text_starts_with(r.authority, address.label));
    else if (address.kind == ADDRESS_SECRET)
        must(address.prefix.n == address.service.n + address.entry.n + sizeof "/secret//api/" - 1);
    else
        must(address.prefix.n == address.application.n + address.service.n + 2);
    check_question(&address);
    if (status_ok(outbound_address_enter(&address))) {
        must(address.kind == ADDRESS_PATH && address.entry.n > 0);
        must(address.prefix.n + address.rest.n == r.path.n);
        must(address.prefix.n == address.application.n + address.service.n + address.entry.n + 3);
        must(address.rest.n == 0 || address.rest.p[0] == '/');
        check_question(&address);
    }
    return 0;
}
