/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Covers socket_address_parse and socket_address_format (os/sockets.h). What is accepted prints as something
 * that is accepted again and is the same address.
 */

#include "os/sockets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct socket_address first, again;
    struct error err = {0};
    char text[SOCKET_TEXT_MAX];
    if (!status_ok(socket_address_parse((struct text){(const char *)data, size}, &first, &err))) {
        must(err.message[0] != '\0');
        return 0;
    }
    must(status_ok(socket_address_parse(text_of(socket_address_format(&first, text)), &again, NULL)));
    must(socket_address_port(&first) == socket_address_port(&again));
    must(socket_address_is_loopback(&first) == socket_address_is_loopback(&again));
    /* IPv4-mapped IPv6 prints, and comes back, as IPv4. */
    bool mapped = first.any.sa_family != again.any.sa_family;
    must(mapped ? IN6_IS_ADDR_V4MAPPED(&first.v6.sin6_addr) : socket_address_equal(&first, &again));
    return 0;
}
