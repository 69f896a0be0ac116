/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/certificate_extensions.h"

#include <arpa/inet.h>

/* 4.2.1.3: BIT STRING whose last bit is set (X.690 11.2.2), bit 0 first. */
static void read_key_usage(struct der *d, struct certificate_fields *c)
{
    struct bytes bits = der_take(d, DER_BIT_STRING, "the key usage");
    if (der_failed(d))
        return;
    if (bits.n < 2 || bits.n > 3) {
        der_refuse(d, "the key usage", "has no or too many bits");
        return;
    }
    if (!(bits.p[bits.n - 1] >> bits.p[0] & 1)) {
        der_refuse(d, "the key usage", "has trailing zero bits");
        return;
    }
    c->has_key_usage = true;
    for (unsigned bit = 0; bit < 9 && 1 + bit / 8 < bits.n; bit++) {
        if (bits.p[1 + bit / 8] & (0x80u >> bit % 8))
            c->key_usage |= 1u << bit;
    }
}

/* 4.2.1.9: SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
static void read_basic_constraints(struct der *d, struct certificate_fields *c)
{
    struct der constraints = der_enter(d, DER_SEQUENCE, "the basicConstraints extension");
    c->has_basic_constraints = true;
    if (der_next_is(&constraints, DER_BOOLEAN)) {
        c->is_ca = der_boolean(&constraints, "the basicConstraints extension");
        if (!der_failed(d) && !c->is_ca)
            der_refuse(&constraints, "the basicConstraints extension", "holds a default value");
    }
    if (der_more(&constraints))
        c->path_length = (int64_t)der_unsigned(&constraints, INT32_MAX, "the path length");
    der_end(&constraints, "the basicConstraints extension");
}

/* Elements directly inside d. */
static size_t count_elements(struct der d)
{
    struct der_fault ignored = {0};
    d.fault = &ignored;
    size_t count = 0;
    for (; der_more(&d); count++)
        (void)der_any(&d, "");
    return count;
}

/* 4.2.1.12 */
static struct status read_purposes(struct der *d, struct arena *a, struct certificate_fields *c)
{
    struct der purposes = der_enter(d, DER_SEQUENCE, "the extended key usage");
    size_t count = count_elements(purposes);
    if (!der_failed(d) && (count == 0 || count > CERTIFICATE_EXTENSIONS_MAX))
        der_refuse(d, "the extended key usage", "holds no or too many purposes");
    if (der_failed(d))
        return DONE;
    c->purposes = arena_array(a, count, sizeof(struct bytes));
    if (!c->purposes)
        return STATUS(NOMEM);
    while (der_more(&purposes))
        c->purposes[c->purpose_count++] = der_oid(&purposes, "a purpose of the extended key usage");
    return DONE;
}

static struct status as_hex(struct bytes b, struct arena *a, struct text *out)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(a, 2 * b.n);
    if (!text)
        return STATUS(NOMEM);
    for (size_t i = 0; i < b.n; i++) {
        text[2 * i] = digits[b.p[i] >> 4];
        text[2 * i + 1] = digits[b.p[i] & 15];
    }
    *out = (struct text){text, 2 * b.n};
    return DONE;
}

static struct status address_text(struct bytes address, struct arena *a, struct text *out)
{
    char text[INET6_ADDRSTRLEN];
    int family = address.n == 4 ? AF_INET : address.n == 16 ? AF_INET6 : AF_UNSPEC;
    if (family == AF_UNSPEC || !inet_ntop(family, address.p, text, sizeof(text)))
        return as_hex(address, a, out);
    *out = arena_text(a, text_of(text));
    return out->p ? DONE : STATUS(NOMEM);
}

/* 4.2.1.6: GeneralName */
static struct status read_alternative(struct der *names, struct arena *a, struct alternative *out)
{
    struct der_element e = der_any(names, "an alternative name");
    switch (e.tag) {
    case DER_CONTEXT(1):
        out->kind = ALTERNATIVE_EMAIL;
        break;
    case DER_CONTEXT(2):
        out->kind = ALTERNATIVE_DNS;
        break;
    case DER_CONTEXT(6):
        out->kind = ALTERNATIVE_URI;
        break;
    case DER_CONTEXT(7):
        out->kind = ALTERNATIVE_IP;
        return address_text(e.content, a, &out->value);
    default:
        out->kind = ALTERNATIVE_OTHER;
        return as_hex(e.whole, a, &out->value);
    }
    for (size_t i = 0; i < e.content.n;
         i++) { /* IA5String; control characters would forge lines where it is shown */
        if (e.content.p[i] < 0x20 || e.content.p[i] >= 0x7f) {
            der_refuse(names, "an alternative name", "holds a character that is not allowed");
            return DONE;
        }
    }
    out->value = bytes_text(e.content);
    return DONE;
}

static struct status read_alternatives(struct der *d, struct arena *a, struct certificate_fields *c)
{
    struct der names = der_enter(d, DER_SEQUENCE, "the alternative name list");
    size_t count = count_elements(names);
    if (!der_failed(d) && (count == 0 || count > CERTIFICATE_ALTERNATIVES_MAX))
        der_refuse(d, "the alternative name list", "holds no or too many names");
    if (der_failed(d))
        return DONE;
    c->alternatives = arena_array(a, count, sizeof(struct alternative));
    if (!c->alternatives)
        return STATUS(NOMEM);
    while (der_more(&names))
        TRY(read_alternative(&names, a, &c->alternatives[c->alternative_count++]));
    return DONE;
}

/* 4.2.1.1: SEQUENCE { [0] keyIdentifier, [1] authorityCertIssuer, [2] serial }, all optional */
static void read_authority_key_id(struct der *d, struct certificate_fields *c)
{
    struct der id = der_enter(d, DER_SEQUENCE, "the authority key identifier");
    if (der_next_is(&id, DER_CONTEXT(0)))
        c->authority_key_id = der_take(&id, DER_CONTEXT(0), "the authority key identifier");
}

static void keep_first(struct text *slot, struct bytes url)
{
    if (!slot->p)
        *slot = bytes_text(url);
}

/* 4.2.1.13: the first URI among the full names of the distribution points */
static void read_crl_points(struct der *d, struct certificate_fields *c)
{
    struct der points = der_enter(d, DER_SEQUENCE, "the list of CRL distribution points");
    while (der_more(&points)) {
        struct der point = der_enter(&points, DER_SEQUENCE, "a CRL distribution point");
        if (!der_next_is(&point, DER_CONTEXT_CONSTRUCTED(0)))
            continue;
        struct der name = der_enter(&point, DER_CONTEXT_CONSTRUCTED(0), "a CRL distribution point");
        if (!der_next_is(&name, DER_CONTEXT_CONSTRUCTED(0)))
            continue;
        struct der full = der_enter(&name, DER_CONTEXT_CONSTRUCTED(0), "a CRL distribution point");
        while (der_more(&full)) {
            struct der_element e = der_any(&full, "a CRL distribution point");
            if (e.tag == DER_CONTEXT(6))
                keep_first(&c->crl_url, e.content);
        }
    }
}

/* 4.2.2.1 */
static void read_authority_info(struct der *d, struct certificate_fields *c)
{
    struct der descriptions = der_enter(d, DER_SEQUENCE, "the authority information access");
    while (der_more(&descriptions)) {
        struct der one = der_enter(&descriptions, DER_SEQUENCE, "an access description");
        enum oid method = oid_find(der_oid(&one, "an access method"));
        struct der_element location = der_any(&one, "an access location");
        der_end(&one, "an access description");
        if (der_failed(d) || location.tag != DER_CONTEXT(6))
            continue;
        if (method == OID_AD_OCSP)
            keep_first(&c->ocsp_url, location.content);
        else if (method == OID_AD_CA_ISSUERS)
            keep_first(&c->issuer_url, location.content);
    }
}

static struct status read_value(const struct extension *e, struct der_fault *fault, struct arena *a,
                                struct certificate_fields *c)
{
    struct der d = der_of(e->value, fault);
    if (e->known != OID_UNKNOWN)
        der_check_tree(e->value, fault, oid_name(e->known));
    switch ((int)e->known) { /* a handful of all identifiers; the cast says that this is meant */
    case OID_KEY_USAGE:
        read_key_usage(&d, c);
        break;
    case OID_BASIC_CONSTRAINTS:
        read_basic_constraints(&d, c);
        break;
    case OID_EXT_KEY_USAGE:
        TRY(read_purposes(&d, a, c));
        break;
    case OID_SUBJECT_ALT_NAME:
        TRY(read_alternatives(&d, a, c));
        break;
    case OID_SUBJECT_KEY_ID:
        c->subject_key_id = der_take(&d, DER_OCTET_STRING, "the subject key identifier");
        break;
    case OID_AUTHORITY_KEY_ID:
        read_authority_key_id(&d, c);
        break;
    case OID_CRL_POINTS:
        read_crl_points(&d, c);
        break;
    case OID_AUTHORITY_INFO:
        read_authority_info(&d, c);
        break;
    default:
        return DONE;
    }
    der_end(&d, "the content of an extension");
    return DONE;
}

/* Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static void read_extension(struct der *list, struct extension *out)
{
    struct der d = der_enter(list, DER_SEQUENCE, "an extension");
    out->oid = der_oid(&d, "the type of an extension");
    if (der_next_is(&d, DER_BOOLEAN)) {
        out->critical = der_boolean(&d, "the criticality of an extension");
        if (!der_failed(&d) && !out->critical)
            der_refuse(&d, "the criticality of an extension", "is written although it is the default");
    }
    out->value = der_take(&d, DER_OCTET_STRING, "the value of an extension");
    der_end(&d, "an extension");
    out->known = der_failed(list) ? OID_UNKNOWN : oid_find(out->oid);
}

/* RFC 5280 4.2: "A certificate MUST NOT include more than one instance of a particular extension." */
static void refuse_repetition(struct der *list, const struct certificate_fields *c)
{
    const struct extension *last = &c->extensions[c->extension_count - 1];
    for (const struct extension *e = c->extensions; e < last && !der_failed(list); e++) {
        if (bytes_equal(e->oid, last->oid))
            der_refuse(list, "an extension", "stands there twice");
    }
}

struct status certificate_read_extensions(struct bytes der, struct arena *a, struct certificate_fields *c,
                                          struct error *err)
{
    struct der_fault fault = {0};
    struct der top = der_of(der, &fault);
    struct der list = der_enter(&top, DER_SEQUENCE, "the extension list");
    der_end(&top, "the extension list");
    size_t count = count_elements(list);
    if (count == 0 || count > CERTIFICATE_EXTENSIONS_MAX)
        der_refuse(&list, "the list of extensions", "is empty or too long");
    TRY(der_status(&fault, err));
    c->extensions = arena_array(a, count, sizeof(struct extension));
    if (!c->extensions)
        return error_set(err, E_NOMEM, "out of memory");
    while (der_more(&list)) {
        struct extension *e = &c->extensions[c->extension_count++];
        read_extension(&list, e);
        refuse_repetition(&list, c);
        if (der_failed(&list))
            break;
        struct status s = read_value(e, &fault, a, c);
        if (!status_ok(s))
            return error_set(err, s.code, "out of memory");
    }
    return der_status(&fault, err);
}
