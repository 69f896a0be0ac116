/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/der.h"

#include "base/clock.h"

static const struct bytes nothing = {NULL, 0};

void der_refuse(struct der *d, const char *what, const char *reason)
{
    if (!der_failed(d))
        *d->fault = (struct der_fault){what, reason};
    d->rest = nothing;
}

/* The length octets at d->rest (X.690 10.1: the shortest form). Consumes them. */
static size_t read_length(struct der *d, const char *what)
{
    uint8_t first = d->rest.p[0];
    d->rest = (struct bytes){d->rest.p + 1, d->rest.n - 1};
    if (first < 0x80)
        return first;
    size_t octets = first & 0x7fu;
    if (octets == 0) {
        der_refuse(d, what, "has an indefinite length");
        return 0;
    }
    if (octets > 4) {
        der_refuse(d, what, "has a length of more than four octets");
        return 0;
    }
    if (octets > d->rest.n) {
        der_refuse(d, what, "is cut short");
        return 0;
    }
    size_t length = 0;
    for (size_t i = 0; i < octets; i++)
        length = length << 8 | d->rest.p[i];
    if (d->rest.p[0] == 0 || length < 0x80) {
        der_refuse(d, what, "has a length that is not minimal");
        return 0;
    }
    d->rest = (struct bytes){d->rest.p + octets, d->rest.n - octets};
    return length;
}

struct der_element der_any(struct der *d, const char *what)
{
    if (der_failed(d))
        return (struct der_element){0};
    if (d->rest.n == 0) {
        der_refuse(d, what, "is missing");
        return (struct der_element){0};
    }
    const uint8_t *start = d->rest.p;
    if ((start[0] & 0x1f) == 0x1f) {
        der_refuse(d, what, "has a tag number above 30");
        return (struct der_element){0};
    }
    if (d->rest.n < 2) {
        der_refuse(d, what, "is cut short");
        return (struct der_element){0};
    }
    d->rest = (struct bytes){start + 1, d->rest.n - 1};
    size_t length = read_length(d, what);
    if (der_failed(d))
        return (struct der_element){0};
    if (length > d->rest.n) {
        der_refuse(d, what, "is cut short");
        return (struct der_element){0};
    }
    struct der_element e = {start[0], {d->rest.p, length}, {start, (size_t)(d->rest.p - start) + length}};
    d->rest = (struct bytes){d->rest.p + length, d->rest.n - length};
    return e;
}

static const char *wrong_type(unsigned tag)
{
    switch (tag) {
    case DER_SEQUENCE:
        return "is not a SEQUENCE";
    case DER_SET:
        return "is not a SET";
    case DER_INTEGER:
        return "is not an INTEGER";
    case DER_BIT_STRING:
        return "is not a BIT STRING";
    case DER_OCTET_STRING:
        return "is not an OCTET STRING";
    case DER_OID:
        return "is not an OBJECT IDENTIFIER";
    default:
        return "has an unexpected type";
    }
}

static struct der_element expect(struct der *d, unsigned tag, const char *what)
{
    if (der_more(d) && d->rest.p[0] != tag) {
        der_refuse(d, what, wrong_type(tag));
        return (struct der_element){0};
    }
    struct der_element e = der_any(d, what);
    const char *reason = der_failed(d) ? NULL : der_content_fault(e.tag, e.content);
    if (reason)
        der_refuse(d, what, reason);
    return der_failed(d) ? (struct der_element){0} : e;
}

struct bytes der_take(struct der *d, unsigned tag, const char *what)
{
    return expect(d, tag, what).content;
}

struct bytes der_whole(struct der *d, unsigned tag, const char *what)
{
    return expect(d, tag, what).whole;
}

struct der der_enter(struct der *d, unsigned tag, const char *what)
{
    return der_of(expect(d, tag, what).content, d->fault);
}

void der_end(struct der *d, const char *what)
{
    if (der_more(d))
        der_refuse(d, what, "has trailing bytes");
}

struct bytes der_integer(struct der *d, const char *what)
{
    return der_take(d, DER_INTEGER, what);
}

struct bytes der_positive(struct der *d, const char *what)
{
    struct bytes v = der_integer(d, what);
    if (v.n == 0) /* failed: the type has at least one octet */
        return nothing;
    if ((v.p[0] & 0x80) || (v.n == 1 && v.p[0] == 0)) {
        der_refuse(d, what, "is not positive");
        return nothing;
    }
    return v.p[0] == 0 ? (struct bytes){v.p + 1, v.n - 1} : v;
}

uint64_t der_unsigned(struct der *d, uint64_t max, const char *what)
{
    struct bytes v = der_integer(d, what);
    if (v.n == 0) /* failed: the type has at least one octet */
        return 0;
    if (v.p[0] & 0x80) {
        der_refuse(d, what, "is negative");
        return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < v.n && v.n <= 9; i++)
        value = value << 8 | v.p[i];
    if (v.n > 9 || (v.n == 9 && v.p[0] != 0) || value > max) {
        der_refuse(d, what, "is too large");
        return 0;
    }
    return value;
}

struct bytes der_oid(struct der *d, const char *what)
{
    return der_take(d, DER_OID, what);
}

bool der_boolean(struct der *d, const char *what)
{
    struct bytes v = der_take(d, DER_BOOLEAN, what);
    return v.n == 1 && v.p[0] != 0;
}

void der_null(struct der *d, const char *what)
{
    (void)der_take(d, DER_NULL, what);
}

struct bytes der_octet_aligned_bits(struct der *d, const char *what)
{
    struct bytes v = der_take(d, DER_BIT_STRING, what);
    if (v.n == 0) /* failed: the type has at least one octet */
        return nothing;
    if (v.p[0] != 0) {
        der_refuse(d, what, "has unused bits");
        return nothing;
    }
    return (struct bytes){v.p + 1, v.n - 1};
}

static int two_digits(const uint8_t *p)
{
    return (p[0] - '0') * 10 + (p[1] - '0');
}

/* "YYMMDDHHMMSSZ" or "YYYYMMDDHHMMSSZ"; false when it is anything else or no moment of the calendar. */
static bool parse_time(struct bytes v, bool four_digit_year, int64_t *out)
{
    size_t digits = four_digit_year ? 14 : 12;
    if (v.n != digits + 1 || v.p[digits] != 'Z')
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (v.p[i] < '0' || v.p[i] > '9')
            return false;
    }
    int year = two_digits(v.p);
    if (four_digit_year)
        year = year * 100 + two_digits(v.p + 2);
    else
        year += year < 50 ? 2000 : 1900; /* RFC 5280 4.1.2.5.1 */
    const uint8_t *p = v.p + digits - 10;
    struct civil c = {
        year, two_digits(p), two_digits(p + 2), two_digits(p + 4), two_digits(p + 6), two_digits(p + 8)};
    if (c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31 || c.hour > 23 || c.minute > 59 ||
        c.second > 59)
        return false;
    int64_t seconds = clock_from_civil(c.year, c.month, c.day, c.hour, c.minute, c.second);
    struct civil back = clock_to_civil(seconds); /* the 31st of June comes back as the 1st of July */
    if (back.day != c.day || back.month != c.month)
        return false;
    *out = seconds;
    return true;
}

int64_t der_time(struct der *d, const char *what)
{
    bool general = der_next_is(d, DER_GENERALIZED_TIME);
    struct bytes v = der_take(d, general ? DER_GENERALIZED_TIME : DER_UTC_TIME, what);
    int64_t seconds = 0;
    if (!der_failed(d) && !parse_time(v, general, &seconds))
        der_refuse(d, what, "is not a time of the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ");
    return der_failed(d) ? 0 : seconds;
}

struct status der_status(const struct der_fault *fault, struct error *err)
{
    if (!fault->what)
        return DONE;
    return error_set(err, E_INVALID, "%s %s", fault->what, fault->reason);
}
