/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/first_contact.h"

#include <stdio.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/own.h"
#include "cli/table.h"
#include "x509/certificate.h"
#include "x509/pem.h"

#define CHAIN_PEM_MAX 262144

/* "AB:CD", "sha256:abcd...", "abcd..." */
static bool read_fingerprint(struct text typed, uint8_t out[static SHA256_SIZE])
{
    char digits[2 * SHA256_SIZE + 1];
    size_t n = 0;
    struct text prefix = TEXT("sha256:");
    if (typed.n > prefix.n && text_equal_nocase(text_first(typed, prefix.n), prefix))
        typed = text_from(typed, prefix.n);
    for (size_t i = 0; i < typed.n; i++) {
        if (typed.p[i] == ':')
            continue;
        if (n == 2 * SHA256_SIZE)
            return false;
        digits[n++] = typed.p[i];
    }
    return hex_decode(out, SHA256_SIZE, (struct text){digits, n});
}

/* The last certificate that the server sends: its CA, or itself when it is alone. */
static struct status last_certificate(struct text pem, struct arena *a, struct certificate_fields *out,
                                      struct error *err)
{
    struct bytes last = {NULL, 0};
    for (;;) {
        OWNED(buffer_release) struct buffer der;
        buffer_init(&der, CHAIN_PEM_MAX);
        struct status s = pem_next_labelled(&pem, TEXT("CERTIFICATE"), &der, err);
        if (s.code == E_NOT_FOUND)
            break;
        TRY(s);
        last = arena_bytes(a, buffer_bytes(&der));
        if (!last.p)
            return STATUS(NOMEM);
    }
    if (!last.p)
        return error_set(err, E_INVALID, "the server showed no certificate");
    return certificate_parse(last, a, out, err);
}

struct status first_contact_ask(struct cli *c, struct text url, struct https_trust *out, struct error *err)
{
    char hex[2 * SHA256_SIZE + 1];
    bool asked = false;
    struct certificate_fields ca;
    OWNED(buffer_release) struct buffer pem;
    buffer_init(&pem, CHAIN_PEM_MAX);
    TRY(https_show_chain(url, &pem, err));
    TRY(last_certificate(buffer_as_text(&pem), &c->arena, &ca, err));
    sha256(ca.der, out->pin);
    hex_encode(hex, BYTES_OF(out->pin));
    out->pinned = true;
    OWNED(buffer_release) struct buffer subject;
    buffer_init(&subject, 4096);
    text_printable(name_format(&ca.subject, &c->arena), &subject);
    if (isatty(STDERR_FILENO) || args_has(&c->args, "yes"))
        fprintf(stderr, "This host does not know the server's CA:\n  %.*s\n  SHA-256 %s\n",
                TEXT_ARG(buffer_as_text(&subject)), hex);
    if (args_has(&c->args, "yes") || cli_confirm("Is that what `fairlead token create` printed?", &asked))
        return DONE;
    if (asked)
        return error_set(err, E_DENIED, "not connected; the token has not been used");
    return error_set(
        err, E_UNAUTH,
        "this host does not know the server's CA (SHA-256 %s): add --ca-fingerprint %s if that is "
        "what `fairlead token create` printed",
        hex, hex);
}

struct status first_contact_trust(struct cli *c, struct https_trust *out, struct error *err)
{
    const char *typed = args_value(&c->args, "ca-fingerprint");
    *out = (struct https_trust){.pinned = typed != NULL};
    if (typed && !read_fingerprint(text_of(typed), out->pin))
        return cli_usage(c, err, "--ca-fingerprint takes a SHA-256: 64 hex digits, with or without colons");
    return DONE;
}
