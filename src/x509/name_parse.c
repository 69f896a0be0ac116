/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/name.h"

#include "base/utf8.h"
#include "x509/der.h"
#include "x509/name_internal.h"

const struct name_type name_types[NAME_OTHER] = {
    [NAME_C] = {OID_COUNTRY, "C"},
    [NAME_ST] = {OID_STATE, "ST"},
    [NAME_L] = {OID_LOCALITY, "L"},
    [NAME_STREET] = {OID_STREET, "STREET"},
    [NAME_POSTAL_CODE] = {OID_POSTAL_CODE, "postalCode"},
    [NAME_O] = {OID_ORGANIZATION, "O"},
    [NAME_OU] = {OID_ORGANIZATIONAL_UNIT, "OU"},
    [NAME_CN] = {OID_COMMON_NAME, "CN"},
    [NAME_SERIAL_NUMBER] = {OID_SERIAL_NUMBER, "serialNumber"},
    [NAME_EMAIL] = {OID_EMAIL, "emailAddress"},
    [NAME_DC] = {OID_DOMAIN_COMPONENT, "DC"},
    [NAME_UID] = {OID_USER_ID, "UID"},
};

static enum name_attribute attribute_of(struct bytes oid)
{
    enum oid known = oid_find(oid);
    for (unsigned i = 0; known != OID_UNKNOWN && i < NAME_OTHER; i++) {
        if (name_types[i].oid == known)
            return (enum name_attribute)i;
    }
    return NAME_OTHER;
}

/* The character at the front of a string of fixed width (1 for T61 read as Latin-1, 2 for BMP, 4 for
 * Universal). */
static uint32_t wide_character(const uint8_t *p, unsigned width)
{
    uint32_t c = 0;
    for (unsigned i = 0; i < width; i++)
        c = c << 8 | p[i];
    return c;
}

static struct status decode_wide(struct bytes content, unsigned width, struct arena *a, struct der *d,
                                 struct text *out)
{
    size_t characters = content.n / width;
    char *text = arena_alloc(a, characters * UTF8_MAX);
    if (!text)
        return STATUS(NOMEM);
    size_t used = 0;
    for (size_t i = 0; i < characters; i++) {
        uint32_t c = wide_character(content.p + i * width, width);
        if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
            der_refuse(d, "the name", "holds a character that is not allowed");
            return DONE;
        }
        used += utf8_encode(c, text + used);
    }
    *out = (struct text){text, used};
    return DONE;
}

static void check_narrow(struct bytes content, bool ascii, struct der *d, struct text *out)
{
    *out = bytes_text(content);
    for (size_t i = 0; i < content.n; i++) {
        if (content.p[i] == 0 || (ascii && content.p[i] >= 0x80)) {
            der_refuse(d, "the name", "holds a character that is not allowed");
            return;
        }
    }
    if (!ascii && !text_is_utf8(*out))
        der_refuse(d, "the name", "holds a UTF8String that is not UTF-8");
}

/* A BIT STRING or SEQUENCE (x500UniqueIdentifier and the like): shown as RFC 4514 2.4 does, '#' and the hex
 * of its DER. */
static struct status show_as_hex(const struct der_element *e, struct arena *a, struct text *out)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(a, 1 + 2 * e->whole.n);
    if (!text)
        return STATUS(NOMEM);
    text[0] = '#';
    for (size_t i = 0; i < e->whole.n; i++) {
        text[1 + 2 * i] = digits[e->whole.p[i] >> 4];
        text[2 + 2 * i] = digits[e->whole.p[i] & 15];
    }
    *out = (struct text){text, 1 + 2 * e->whole.n};
    return DONE;
}

/* The types of OpenSSL's X509_NAME_ENTRY: DirectoryString, IA5String, NumericString, and two that are no
 * strings. */
static struct status read_value(struct der *d, struct arena *a, struct name_part *part)
{
    struct der_element e = der_any(d, "a value in the name");
    if (der_failed(d))
        return DONE;
    if (e.content.n > NAME_VALUE_MAX) {
        der_refuse(d, "the name", "holds a value of more than 1024 bytes");
        return DONE;
    }
    switch (e.tag) {
    case DER_UTF8_STRING:
        check_narrow(e.content, false, d, &part->value);
        return DONE;
    case DER_PRINTABLE_STRING:
    case DER_IA5_STRING:
    case DER_NUMERIC_STRING:
        check_narrow(e.content, true, d, &part->value);
        return DONE;
    case DER_T61_STRING:
        return decode_wide(e.content, 1, a, d, &part->value);
    case DER_BMP_STRING:
        return decode_wide(e.content, 2, a, d, &part->value);
    case DER_UNIVERSAL_STRING:
        return decode_wide(e.content, 4, a, d, &part->value);
    case DER_BIT_STRING:
    case DER_SEQUENCE:
        if (part->attribute != NAME_OTHER)
            break;
        part->is_hex = true;
        return show_as_hex(&e, a, &part->value);
    default:
        break;
    }
    der_refuse(d, "the name", "holds a value that is not a string");
    return DONE;
}

/* AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY } */
static struct status read_part(struct der *rdn, struct arena *a, struct name_part *part)
{
    struct der d = der_enter(rdn, DER_SEQUENCE, "an attribute of the name");
    struct bytes oid = der_oid(&d, "an attribute type of the name");
    if (der_failed(&d))
        return DONE;
    part->attribute = attribute_of(oid);
    if (part->attribute == NAME_OTHER) {
        char dotted[OID_TEXT_MAX];
        part->oid = arena_text(a, text_of(oid_format(oid, dotted)));
        if (!part->oid.p)
            return STATUS(NOMEM);
    }
    TRY(read_value(&d, a, part));
    der_end(&d, "an attribute of the name");
    return DONE;
}

static size_t count_parts(struct bytes content)
{
    struct der_fault ignored = {0};
    struct der rdns = der_of(content, &ignored);
    size_t count = 0;
    while (der_more(&rdns)) {
        struct der rdn = der_enter(&rdns, DER_SET, "");
        while (der_more(&rdn)) {
            (void)der_any(&rdn, "");
            count++;
        }
    }
    return count;
}

static struct status read_parts(struct der *rdns, struct arena *a, struct name *n)
{
    for (unsigned rdn_index = 0; der_more(rdns); rdn_index++) {
        struct der rdn = der_enter(rdns, DER_SET, "a part of the name");
        if (!der_failed(&rdn) && rdn.rest.n == 0)
            der_refuse(&rdn, "the name", "holds an empty part");
        while (der_more(&rdn)) {
            struct name_part *part = &n->parts[n->count++];
            part->rdn = rdn_index;
            TRY(read_part(&rdn, a, part));
        }
    }
    return DONE;
}

struct status name_parse(struct bytes der, struct arena *a, struct name *out, struct error *err)
{
    struct der_fault fault = {0};
    der_check_tree(der, &fault, "the name");
    struct der top = der_of(der, &fault);
    struct der rdns = der_enter(&top, DER_SEQUENCE, "the name");
    der_end(&top, "the name");
    size_t count = count_parts(rdns.rest);
    if (count > NAME_PARTS_MAX)
        der_refuse(&rdns, "the name", "has more than 64 attributes");
    TRY(der_status(&fault, err));
    struct name n = {.der = der, .parts = arena_array(a, count, sizeof(struct name_part))};
    if (!n.parts)
        return error_set(err, E_NOMEM, "out of memory");
    struct status s = read_parts(&rdns, a, &n);
    if (!status_ok(s))
        return error_set(err, s.code, "out of memory");
    TRY(der_status(&fault, err));
    *out = n;
    return DONE;
}

struct text name_first(const struct name *n, enum name_attribute attribute)
{
    for (size_t i = 0; i < n->count; i++) {
        if (n->parts[i].attribute == attribute)
            return n->parts[i].value;
    }
    return (struct text){NULL, 0};
}

struct text name_last(const struct name *n, enum name_attribute attribute)
{
    for (size_t i = n->count; i > 0; i--) {
        if (n->parts[i - 1].attribute == attribute)
            return n->parts[i - 1].value;
    }
    return (struct text){NULL, 0};
}
