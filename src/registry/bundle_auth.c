/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/bundle_internal.h"

#include "base/clock.h"
#include "registry/validate.h"
#include "x509/pem.h"

#define DETAILS_MAX (512 * 1024)
#define DER_MAX     (64 * 1024) /* of one PEM block */

/* ---- the certificate form: certificates and key in one text ---- */

static struct status bad_pair(struct error *err, const char *what)
{
    return error_set(err, E_INVALID, "credential.certificateOAuth.certificate %s", what);
}

/* Without what stands around it. */
static struct text block_alone(struct text block)
{
    while (block.n > 0 && !text_starts_with(block, TEXT("-----BEGIN ")))
        block = text_from(block, 1);
    while (block.n > 0 && (uint8_t)block.p[block.n - 1] <= ' ')
        block.n--;
    return block;
}

/* The block goes behind what is in `certificates`, or is the key. */
static struct status sort_block(struct text label, struct text block, struct buffer *certificates,
                                struct text *key, struct error *err)
{
    if (text_equal(label, TEXT("CERTIFICATE"))) {
        buffer_text(certificates, block);
        buffer_byte(certificates, '\n');
        return DONE;
    }
    if (!text_ends_with(label, TEXT("PRIVATE KEY")))
        return bad_pair(err, "holds something besides certificates and a private key");
    if (key->n > 0)
        return bad_pair(err, "holds two private keys");
    *key = block;
    return DONE;
}

/* The mask stands for both (secret_plan.c). */
static struct status split_pair(struct text pem, struct arena *a, struct credentials *c, struct error *err)
{
    if (text_equal(pem, TEXT(CREDENTIAL_MASK))) {
        c->oauth.key_pem = pem;
        return DONE;
    }
    OWNED(buffer_release) struct buffer der;
    OWNED(buffer_release) struct buffer certificates;
    buffer_init(&der, DER_MAX);
    buffer_init(&certificates, pem.n + PAIR_CERTIFICATES_MAX + 1);
    struct text rest = pem, label, key = {NULL, 0};
    while (true) {
        const char *start = rest.p;
        const struct status s = pem_next(&rest, &label, &der, NULL);
        buffer_wipe(&der);
        if (s.code == E_NOT_FOUND)
            break;
        if (s.code == E_INVALID || s.code == E_TOO_LARGE)
            return bad_pair(err, "is not PEM");
        TRY(s);
        TRY(sort_block(label, block_alone((struct text){start, (size_t)(rest.p - start)}), &certificates,
                       &key, err));
    }
    if (buffer_status(&certificates).code == E_TOO_LARGE)
        return bad_pair(err, "holds too many certificates");
    TRY(buffer_status(&certificates));
    if (buffer_size(&certificates) == 0 || key.n == 0)
        return bad_pair(err, "must hold the certificate and its private key, one behind the other in PEM: "
                             "without the key nobody can use it");
    c->oauth.certificate_pem = arena_text(a, buffer_as_text(&certificates));
    c->oauth.key_pem = key;
    return c->oauth.certificate_pem.p ? DONE : STATUS(NOMEM);
}

/* ---- from an Auth to a description ---- */

struct status auth_describe(const struct bundle_auth *auth, struct arena *a, struct service_details *out,
                            struct error *err)
{
    struct text message = {NULL, 0};
    if (!auth->given)
        return DONE;
    struct api_details api = {
        .given = true, .credentials = auth->credentials, .parameters = auth->parameters};
    struct credentials *c = &api.credentials;
    c->given = c->basic.given || c->oauth.given;
    if (c->certificate.given || c->oauth.common_name.n > 0)
        return error_set(err, E_INVALID, "a default auth brings its certificate");
    if (credential_kind_of(c) == CREDENTIAL_OAUTH_CERTIFICATE && c->oauth.key_pem.n == 0)
        TRY(split_pair(c->oauth.certificate_pem, a, c, err));
    const struct status s = credentials_validate(&api, a, &message);
    if (s.code == E_INVALID)
        return error_set(err, E_INVALID, "%.*s", TEXT_ARG(message));
    TRY(s);
    out->api = api;
    return DONE;
}

/* Certificates and key in one text, as they were sent. */
static struct status join_pair(struct arena *a, struct credentials *c)
{
    if (credential_kind_of(c) != CREDENTIAL_OAUTH_CERTIFICATE)
        return DONE;
    c->oauth.certificate_pem =
        arena_printf(a, "%.*s%.*s\n", TEXT_ARG(c->oauth.certificate_pem), TEXT_ARG(c->oauth.key_pem));
    c->oauth.key_pem = (struct text){NULL, 0};
    return c->oauth.certificate_pem.p ? DONE : STATUS(NOMEM);
}

struct status auth_from_details(const struct service_details *d, const struct bundle_details *more,
                                struct arena *a, struct bundle_auth *out)
{
    struct bundle_auth auth = {
        .given = true,
        .credentials = d->api.credentials,
        .parameters = d->api.parameters,
        .access_strategy = more->access_strategy,
        .certificate_common_name = more->certificate_common_name,
    };
    TRY(join_pair(a, &auth.credentials));
    *out = auth;
    return DONE;
}

bool has_default_auth(const struct service *bundle, const struct bundle_details *more)
{
    const enum credential_kind kind = (enum credential_kind)bundle->credential_kind;
    return bundle->role == SERVICE_BUNDLE ? more->auth
                                          : kind != CREDENTIAL_NONE && !credential_has_pair(kind);
}

/* ---- in one piece ---- */

/*
 * "kind" (a digit), "details" (JSON, as the row of a bundle has them), "credentials" and "parameters" (secret
 * data of their own).
 */
static struct status pack(char kind, struct text details, const struct secret_data *credentials,
                          const struct secret_data *parameters, struct secret_data *out)
{
    struct secret_item items[4] = {
        {TEXT("kind"), {(const uint8_t *)&kind, 1}},
        {TEXT("details"), text_bytes(details)},
    };
    size_t count = 2;
    if (credentials)
        items[count++] = (struct secret_item){TEXT("credentials"), secret_bytes(&credentials->bytes)};
    if (parameters)
        items[count++] = (struct secret_item){TEXT("parameters"), secret_bytes(&parameters->bytes)};
    OWNED(secret_release) struct secret encoded = {0};
    TRY(secret_data_encode(items, count, &encoded));
    return secret_data_decode(&encoded, out);
}

struct status auth_pack_row(const struct service *row, const struct secret_data *credentials,
                            const struct secret_data *parameters, struct secret_data *out)
{
    return pack((char)('0' + row->credential_kind), row->details, credentials, parameters, out);
}

static struct status check_pair(const struct credentials *c, struct error *err)
{
    struct error why = {0};
    if (credential_kind_of(c) != CREDENTIAL_OAUTH_CERTIFICATE)
        return DONE;
    const struct status s =
        pair_check(text_bytes(c->oauth.certificate_pem), text_bytes(c->oauth.key_pem), clock_now_s(), &why);
    return s.code == E_INVALID
               ? error_set(err, E_INVALID, "credential.certificateOAuth.certificate: %s", why.message)
               : s;
}

struct status auth_pack(const struct bundle_auth *auth, struct arena *a, struct secret_data *out,
                        struct error *err)
{
    struct service_details d = {.api = {.given = false}};
    const struct bundle_details more = {.auth = true,
                                        .access_strategy = auth->access_strategy,
                                        .certificate_common_name = auth->certificate_common_name};
    TRY(auth_describe(auth, a, &d, err));
    TRY(check_pair(&d.api.credentials, err));
    OWNED(secret_data_release) struct secret_data credentials = {0};
    OWNED(secret_data_release) struct secret_data parameters = {0};
    const struct status c = secret_data_of_credentials(&d.api.credentials, &credentials);
    const struct status p = secret_data_of_parameters(&d.api, &parameters);
    TRY(c.code == E_NOT_FOUND ? DONE : c);
    TRY(p.code == E_NOT_FOUND ? DONE : p);
    OWNED(buffer_release) struct buffer details;
    buffer_init(&details, DETAILS_MAX);
    TRY(details_write(&d, &more, &details));
    return pack((char)('0' + credential_kind_of(&d.api.credentials)), buffer_as_text(&details),
                status_ok(c) ? &credentials : NULL, status_ok(p) ? &parameters : NULL, out);
}

static struct status unpack_part(const struct secret_data *packed, const char *key, struct secret_data *out,
                                 bool *out_present)
{
    const struct bytes part = secret_data_get(packed, key);
    OWNED(secret_release) struct secret copy = {0};
    *out_present = part.p != NULL;
    if (!part.p)
        return DONE;
    TRY(secret_copy(&copy, part));
    return secret_data_decode(&copy, out);
}

struct status auth_unpack(const struct secret_data *packed, struct arena *a, struct bundle_auth *out)
{
    OWNED(secret_data_release) struct secret_data credentials = {0};
    OWNED(secret_data_release) struct secret_data parameters = {0};
    bool has_credentials, has_parameters;
    TRY(unpack_part(packed, "credentials", &credentials, &has_credentials));
    TRY(unpack_part(packed, "parameters", &parameters, &has_parameters));
    const struct bytes kind = secret_data_get(packed, "kind");
    if (kind.n != 1)
        return STATUS(BROKEN);
    const struct service row = {.role = SERVICE_BUNDLE,
                                .credential_kind = kind.p[0] - '0',
                                .details = arena_text(a, bytes_text(secret_data_get(packed, "details")))};
    struct service_details d;
    struct bundle_details more;
    TRY(row.details.p ? DONE : STATUS(NOMEM));
    TRY(details_read(&row, has_credentials ? &credentials : NULL, has_parameters ? &parameters : NULL, a,
                     &d));
    TRY(bundle_details_read(row.details, a, &more));
    return auth_from_details(&d, &more, a, out);
}
