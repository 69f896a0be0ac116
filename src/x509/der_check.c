/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/der.h"

/* What holds for the content of each universal type, and a walk that applies it to a whole tree. */

#define CLASS_MASK  0xc0
#define CONSTRUCTED 0x20

static const char *integer_fault(struct bytes v)
{
    if (v.n == 0)
        return "holds an INTEGER without octets";
    if (v.n > 1 && ((v.p[0] == 0x00 && !(v.p[1] & 0x80)) || (v.p[0] == 0xff && (v.p[1] & 0x80))))
        return "holds an INTEGER that is not minimal"; /* X.690 8.3.2 */
    return NULL;
}

static const char *bit_string_fault(struct bytes v)
{
    if (v.n == 0 || v.p[0] > 7 || (v.n == 1 && v.p[0] != 0))
        return "holds a malformed BIT STRING";
    if (v.n > 1 && (v.p[v.n - 1] & ((1u << v.p[0]) - 1)))
        return "holds a BIT STRING with padding bits set"; /* X.690 11.2.1 */
    return NULL;
}

static const char *oid_fault(struct bytes v)
{
    if (v.n == 0 || (v.p[v.n - 1] & 0x80))
        return "holds a malformed OBJECT IDENTIFIER";
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] == 0x80 && (i == 0 || !(v.p[i - 1] & 0x80)))
            return "holds an OBJECT IDENTIFIER that is not minimal"; /* X.690 8.19.2 */
    }
    return NULL;
}

const char *der_content_fault(uint8_t tag, struct bytes content)
{
    switch (tag) {
    case DER_BOOLEAN:
        if (content.n != 1 || (content.p[0] != 0x00 && content.p[0] != 0xff))
            return "holds a BOOLEAN that is neither 00 nor FF"; /* X.690 11.1 */
        return NULL;
    case DER_INTEGER:
    case DER_ENUMERATED:
        return integer_fault(content);
    case DER_BIT_STRING:
        return bit_string_fault(content);
    case DER_NULL:
        return content.n ? "holds a NULL with content" : NULL;
    case DER_OID:
        return oid_fault(content);
    case DER_UNIVERSAL_STRING:
        return content.n % 4 ? "holds a UniversalString of odd length" : NULL;
    case DER_BMP_STRING:
        return content.n % 2 ? "holds a BMPString of odd length" : NULL;
    default:
        return NULL;
    }
}

/* Universal types that may stand in what we read. Strings are primitive in DER (X.690 10.2). */
static const char *universal_tag_fault(uint8_t tag)
{
    if ((tag & CLASS_MASK) != 0)
        return NULL;
    if (tag & CONSTRUCTED)
        return tag == DER_SEQUENCE || tag == DER_SET ? NULL : "holds a constructed string or an unknown type";
    bool known = (tag >= DER_BOOLEAN && tag <= DER_OID) || tag == DER_ENUMERATED || tag == DER_UTF8_STRING ||
                 (tag >= DER_NUMERIC_STRING && tag <= DER_BMP_STRING);
    return known ? NULL : "holds an unknown type";
}

void der_check_tree(struct bytes whole, struct der_fault *fault, const char *what)
{
    struct der level[DER_DEPTH_MAX];
    size_t depth = 0;
    level[0] = der_of(whole, fault);
    for (;;) {
        struct der *d = &level[depth];
        if (der_failed(d))
            return;
        if (d->rest.n == 0) {
            if (depth-- == 0)
                return;
            continue;
        }
        struct der_element e = der_any(d, what);
        if (der_failed(d))
            return;
        const char *reason = universal_tag_fault(e.tag);
        if (!reason)
            reason = der_content_fault(e.tag, e.content);
        if (!reason && (e.tag & CONSTRUCTED) && depth + 1 == DER_DEPTH_MAX)
            reason = "is nested too deeply";
        if (reason)
            der_refuse(d, what, reason);
        else if (e.tag & CONSTRUCTED)
            level[++depth] = der_of(e.content, fault);
    }
}
