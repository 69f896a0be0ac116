/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Distinguished names (RFC 5280 4.1.2.4): read from DER, written as DER, shown as text. Attribute types that
 * we do not know are kept by their dotted OID for display and otherwise ignored.
 */

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

enum name_attribute {
    NAME_C,
    NAME_ST,
    NAME_L,
    NAME_STREET,
    NAME_POSTAL_CODE,
    NAME_O,
    NAME_OU,
    NAME_CN,
    NAME_SERIAL_NUMBER,
    NAME_EMAIL,
    NAME_DC,
    NAME_UID,
    NAME_OTHER
};

struct name_part {
    enum name_attribute attribute;
    struct text
        value; /* UTF-8; converted from Printable, IA5, T61 (as Latin-1), BMP, Universal and UTF8String */
    struct text oid; /* dotted, for NAME_OTHER */
    unsigned rdn;    /* which RelativeDistinguishedName it stands in, from 0 */
    bool is_hex;     /* not a string type (NAME_OTHER only): value is '#' and the hex of its DER */
};

struct name {
    struct bytes der; /* the Name SEQUENCE as read; empty when built */
    struct name_part *parts;
    size_t count;
};

/* `der` is the whole Name. Strict DER; at most 64 parts; values at most 1024 bytes; no NUL in values. */
struct status name_parse(struct bytes der, struct arena *a, struct name *out, struct error *err);
struct text name_first(const struct name *n, enum name_attribute attribute); /* {NULL,0} when absent */
struct text name_last(const struct name *n, enum name_attribute attribute);
/* RFC 4514 string, most specific first ("CN=app,OU=OrgUnit,O=Organization,L=Waldorf,ST=Waldorf,C=DE"), values
 * escaped. */
struct text name_format(const struct name *n, struct arena *a);
const char *name_label(enum name_attribute attribute); /* "CN"; not of NAME_OTHER */
/* One value as name_format() writes it, appended. */
void name_escape(struct text value, struct buffer *out);
/*
 * What name_format() writes and people copy: "CN=a\\, b,OU=x+OU=y,O=X,C=DE" (RFC 4514), with blanks around
 * separators and "quoted values" as RFC 2253 and openssl's -subject have them. Types are those of
 * name_label(), in either case; no dotted ones, no values of '#' and hex. Parts stand in the order given.
 */
struct status name_from_rfc4514(struct text t, struct arena *a, struct name *out, struct error *err);
/* Parses "C=DE,O=X,CN=Y" or "/C=DE/O=X/CN=Y" (configuration: ca.subject) in the order given. */
struct status name_from_text(struct text t, struct arena *a, struct name *out, struct error *err);
/*
 * Writes a Name in the canonical order of the contract (5.3): C, ST, L, street, postalCode, O, OU, CN,
 * serialNumber; PrintableString where the value allows it, else UTF8String; other attributes are dropped;
 * several values of one type form one multi-valued RDN, in DER SET order.
 */
void name_encode(const struct name *n, struct buffer *out);
