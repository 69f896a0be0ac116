/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Strict DER (X.690 clause 10 and 11): definite and minimal lengths, one-octet tags, minimal INTEGERs,
 * BOOLEAN 00 or FF, zero padding bits, no constructed strings, nothing left over.
 *
 * Reading: a `struct der` is a cursor over the inside of one element. All cursors of one parse share a
 * `struct der_fault`: the first fault is kept and every later read, by any of them, gives nothing. Read
 * everything, then ask der_status() once:
 *
 *     struct der_fault fault = {0};
 *     struct der top = der_of(input, &fault);
 *     struct der seq = der_enter(&top, DER_SEQUENCE, "the request");
 *     der_end(&top, "the request");
 *     struct bytes serial = der_integer(&seq, "the serial number");
 *     der_end(&seq, "the request");
 *     TRY(der_status(&fault, err)); -> "the serial number is not minimal"
 *
 * `what` is a constant text that names the element to a person. Values are borrowed from the input.
 *
 * Writing: into a buffer (whose failure is sticky). der_begin/der_finish nest; the length is put in place at
 * the end. Pure functions; any thread.
 */

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/error.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_NUMERIC_STRING = 0x12,
    DER_PRINTABLE_STRING = 0x13,
    DER_T61_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_VISIBLE_STRING = 0x1a,
    DER_UNIVERSAL_STRING = 0x1c,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};
#define DER_CONTEXT(n)             (0x80u | (n)) /* [n] IMPLICIT, primitive */
#define DER_CONTEXT_CONSTRUCTED(n) (0xa0u | (n)) /* [n], constructed */

struct der_fault {
    const char *what; /* NULL while all is well */
    const char *reason;
};

struct der {
    struct bytes rest;
    struct der_fault *fault;
};

struct der_element {
    uint8_t tag;
    struct bytes content;
    struct bytes whole; /* with tag and length */
};

static inline struct der der_of(struct bytes b, struct der_fault *fault)
{
    return (struct der){b, fault};
}
static inline bool der_failed(const struct der *d)
{
    return d->fault->what != NULL;
}
/* Something is left and nothing failed: the condition of a loop. */
static inline bool der_more(const struct der *d)
{
    return !der_failed(d) && d->rest.n > 0;
}
static inline bool der_next_is(const struct der *d, unsigned tag)
{
    return der_more(d) && d->rest.p[0] == tag;
}

void der_refuse(struct der *d, const char *what,
                const char *reason); /* records a fault of the caller's own finding */
struct der_element der_any(struct der *d, const char *what);
struct bytes der_take(struct der *d, unsigned tag, const char *what);  /* content */
struct bytes der_whole(struct der *d, unsigned tag, const char *what); /* with tag and length */
struct der der_enter(struct der *d, unsigned tag, const char *what);
void der_end(struct der *d, const char *what);             /* nothing is left over */
struct bytes der_integer(struct der *d, const char *what); /* content octets, minimal, any sign */
uint64_t der_unsigned(struct der *d, uint64_t max, const char *what);
struct bytes der_positive(struct der *d, const char *what); /* > 0; magnitude without the sign octet */
struct bytes der_oid(struct der *d, const char *what);
bool der_boolean(struct der *d, const char *what);
void der_null(struct der *d, const char *what);
struct bytes
der_octet_aligned_bits(struct der *d,
                       const char *what); /* BIT STRING of whole octets, without the first octet */
/* UTCTime or GeneralizedTime in the form of RFC 5280 4.1.2.5: to the second, in Z. Seconds since the epoch.
 */
int64_t der_time(struct der *d, const char *what);
/* E_INVALID with "<what> <reason>", or DONE. */
struct status der_status(const struct der_fault *fault, struct error *err);
/*
 * Walks one whole element and everything in it, whether a caller will look at it or not, and checks the rules
 * that hold for each universal type. At most DER_DEPTH_MAX levels.
 */
#define DER_DEPTH_MAX 24
void der_check_tree(struct bytes whole, struct der_fault *fault, const char *what);
/* NULL, or what is wrong with the content of a primitive element of this universal tag. */
const char *der_content_fault(uint8_t tag, struct bytes content);

size_t der_begin(struct buffer *out, unsigned tag); /* the mark that der_finish wants */
void der_finish(struct buffer *out, size_t mark);
void der_put(struct buffer *out, unsigned tag, struct bytes content);
void der_put_oid(struct buffer *out, struct bytes content);
void der_put_unsigned(struct buffer *out, uint64_t v);
void der_put_positive(struct buffer *out,
                      struct bytes magnitude); /* leading zeros dropped, sign octet added */
void der_put_boolean_true(struct buffer *out);
void der_put_null(struct buffer *out);
void der_put_bits(struct buffer *out, struct bytes octets); /* no unused bits */
/* RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime after; 9999-12-31 at most. */
void der_put_time(struct buffer *out, int64_t seconds);
