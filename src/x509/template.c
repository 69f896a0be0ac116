/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/template.h"

#include <arpa/inet.h>

#include "base/random.h"
#include "x509/der.h"
#include "x509/oid.h"

#define PART_SIZE_MAX (16 * 1024)
#define URL_SIZE_MAX  1024

/* Extension with its value begun: close with end_extension. */
struct open_extension {
    size_t sequence, value;
};

static struct open_extension begin_extension(struct buffer *out, enum oid oid, bool critical)
{
    struct open_extension e = {.sequence = der_begin(out, DER_SEQUENCE)};
    der_put_oid(out, oid_bytes(oid));
    if (critical)
        der_put_boolean_true(out);
    e.value = der_begin(out, DER_OCTET_STRING);
    return e;
}

static void end_extension(struct buffer *out, struct open_extension e)
{
    der_finish(out, e.value);
    der_finish(out, e.sequence);
}

static void put_basic_constraints(struct buffer *out)
{
    struct open_extension e = begin_extension(out, OID_BASIC_CONSTRAINTS, true);
    size_t sequence = der_begin(out, DER_SEQUENCE);
    der_put_boolean_true(out);
    der_finish(out, sequence);
    end_extension(out, e);
}

/* RFC 5280 4.2.1.3: digitalSignature is bit 0, keyCertSign 5, cRLSign 6. */
static void put_key_usage(struct buffer *out, bool is_ca)
{
    struct open_extension e = begin_extension(out, OID_KEY_USAGE, true);
    buffer_text(out, is_ca ? TEXT("\x03\x02\x01\x06") : TEXT("\x03\x02\x07\x80"));
    end_extension(out, e);
}

static void put_purpose(struct buffer *out, enum oid purpose)
{
    struct open_extension e = begin_extension(out, OID_EXT_KEY_USAGE, false);
    size_t sequence = der_begin(out, DER_SEQUENCE);
    der_put_oid(out, oid_bytes(purpose));
    der_finish(out, sequence);
    end_extension(out, e);
}

static void put_authority_key_id(struct buffer *out, struct bytes id)
{
    struct open_extension e = begin_extension(out, OID_AUTHORITY_KEY_ID, false);
    size_t sequence = der_begin(out, DER_SEQUENCE);
    der_put(out, DER_CONTEXT(0), id);
    der_finish(out, sequence);
    end_extension(out, e);
}

static void put_crl_point(struct buffer *out, struct text url)
{
    struct open_extension e = begin_extension(out, OID_CRL_POINTS, false);
    size_t points = der_begin(out, DER_SEQUENCE), point = der_begin(out, DER_SEQUENCE);
    size_t name = der_begin(out, DER_CONTEXT_CONSTRUCTED(0)),
           full = der_begin(out, DER_CONTEXT_CONSTRUCTED(0));
    der_put(out, DER_CONTEXT(6), text_bytes(url));
    der_finish(out, full);
    der_finish(out, name);
    der_finish(out, point);
    der_finish(out, points);
    end_extension(out, e);
}

static void put_access(struct buffer *out, enum oid method, struct text url)
{
    if (url.n == 0)
        return;
    size_t description = der_begin(out, DER_SEQUENCE);
    der_put_oid(out, oid_bytes(method));
    der_put(out, DER_CONTEXT(6), text_bytes(url));
    der_finish(out, description);
}

static void put_authority_info(struct buffer *out, struct text ocsp_url, struct text issuer_url)
{
    struct open_extension e = begin_extension(out, OID_AUTHORITY_INFO, false);
    size_t sequence = der_begin(out, DER_SEQUENCE);
    put_access(out, OID_AD_OCSP, ocsp_url);
    put_access(out, OID_AD_CA_ISSUERS, issuer_url);
    der_finish(out, sequence);
    end_extension(out, e);
}

static struct status check_url(struct text url, const char *what, struct error *err)
{
    if (url.n == 0)
        return DONE;
    bool good = url.n <= URL_SIZE_MAX &&
                (text_starts_with(url, TEXT("http://")) || text_starts_with(url, TEXT("https://")));
    for (size_t i = 0; i < url.n && good; i++)
        good = url.p[i] > ' ' && url.p[i] < 0x7f;
    return good ? DONE
                : error_set(err, E_INVALID,
                            "%s is not an http:// or https:// address of at most %d characters", what,
                            URL_SIZE_MAX);
}

static void put_fixed_extensions(struct buffer *out, const struct template_settings *s)
{
    bool is_ca = s->profile == PROFILE_CA;
    if (is_ca)
        put_basic_constraints(out);
    put_key_usage(out, is_ca);
    if (!is_ca)
        put_purpose(out, s->profile == PROFILE_SERVER ? OID_EKU_SERVER : OID_EKU_CLIENT);
    if (s->authority_key_id.n)
        put_authority_key_id(out, s->authority_key_id);
    if (s->crl_url.n)
        put_crl_point(out, s->crl_url);
    if (s->ocsp_url.n || s->issuer_url.n)
        put_authority_info(out, s->ocsp_url, s->issuer_url);
}

struct status template_init(struct template *t, const struct template_settings *settings, struct error *err)
{
    *t = (struct template){.profile = settings->profile};
    buffer_init(&t->algorithm, PART_SIZE_MAX);
    buffer_init(&t->issuer, PART_SIZE_MAX);
    buffer_init(&t->extensions, PART_SIZE_MAX);
    TRY(check_url(settings->crl_url, "ca.crl_url", err));
    TRY(check_url(settings->ocsp_url, "ca.ocsp_url", err));
    TRY(check_url(settings->issuer_url, "ca.issuer_url", err));
    signature_algorithm_encode(settings->algorithm, &t->algorithm);
    buffer_append(&t->issuer, settings->issuer);
    put_fixed_extensions(&t->extensions, settings);
    TRY(buffer_status(&t->algorithm));
    TRY(buffer_status(&t->issuer));
    return buffer_status(&t->extensions);
}

void template_release(struct template *t)
{
    buffer_release(&t->algorithm);
    buffer_release(&t->issuer);
    buffer_release(&t->extensions);
}

/* 4 or 16 octets; 0 when it is no IP literal. */
static size_t parse_address(struct text name, uint8_t out[static 16])
{
    char text[INET6_ADDRSTRLEN];
    if (!text_to_cstr(name, text, sizeof(text)))
        return 0;
    if (inet_pton(AF_INET, text, out) == 1)
        return 4;
    return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

static bool label_is_valid(struct text label)
{
    if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
        return false;
    for (size_t i = 0; i < label.n; i++) {
        char c = label.p[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                    c == '_';
        if (!good)
            return false;
    }
    return true;
}

bool template_name_is_valid(struct text name)
{
    uint8_t address[16];
    if (parse_address(name, address))
        return true;
    if (name.n == 0 || name.n > 253)
        return false;
    struct text rest = text_starts_with(name, TEXT("*.")) ? text_from(name, 2) : name;
    while (rest.p) {
        if (!label_is_valid(text_cut(&rest, '.')))
            return false;
    }
    return true;
}

static void put_alternatives(struct buffer *out, const struct text *names, size_t count)
{
    struct open_extension e = begin_extension(out, OID_SUBJECT_ALT_NAME, false);
    size_t sequence = der_begin(out, DER_SEQUENCE);
    for (size_t i = 0; i < count; i++) {
        uint8_t address[16];
        size_t n = parse_address(names[i], address);
        if (n)
            der_put(out, DER_CONTEXT(7), (struct bytes){address, n});
        else
            der_put(out, DER_CONTEXT(2), text_bytes(names[i]));
    }
    der_finish(out, sequence);
    end_extension(out, e);
}

static void put_subject_key_id(struct buffer *out, const uint8_t *key_id)
{
    struct open_extension e = begin_extension(out, OID_SUBJECT_KEY_ID, false);
    der_put(out, DER_OCTET_STRING, (struct bytes){key_id, SHA1_SIZE});
    end_extension(out, e);
}

void serial_random(uint8_t out[static SERIAL_SIZE])
{
    do {
        random_bytes(out, SERIAL_SIZE);
        out[0] &= 0x7f;
    } while (out[0] == 0);
}

/* RFC 5280 4.1: TBSCertificate */
void template_write(const struct template *t, const struct template_fields *f, struct buffer *out)
{
    size_t tbs = der_begin(out, DER_SEQUENCE);
    buffer_text(out, TEXT("\xa0\x03\x02\x01\x02")); /* [0] version v3 */
    der_put(out, DER_INTEGER, (struct bytes){f->serial, SERIAL_SIZE});
    buffer_append(out, buffer_bytes(&t->algorithm));
    buffer_append(out, buffer_bytes(&t->issuer));
    size_t validity = der_begin(out, DER_SEQUENCE);
    der_put_time(out, f->not_before);
    der_put_time(out, f->not_after);
    der_finish(out, validity);
    buffer_append(out, f->subject);
    buffer_append(out, f->spki);
    size_t tagged = der_begin(out, DER_CONTEXT_CONSTRUCTED(3)), extensions = der_begin(out, DER_SEQUENCE);
    buffer_append(out, buffer_bytes(&t->extensions));
    if (t->profile != PROFILE_LONE_CLIENT)
        put_subject_key_id(out, f->key_id);
    if (f->name_count)
        put_alternatives(out, f->names, f->name_count);
    der_finish(out, extensions);
    der_finish(out, tagged);
    der_finish(out, tbs);
}

void template_assemble(const struct template *t, struct bytes tbs, struct bytes signature, struct buffer *out)
{
    size_t certificate = der_begin(out, DER_SEQUENCE);
    buffer_append(out, tbs);
    buffer_append(out, buffer_bytes(&t->algorithm));
    der_put_bits(out, signature);
    der_finish(out, certificate);
}
