/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/lint.h"

#include "base/digest.h"

static bool serial_is_positive(const struct lint_context *x, const struct certificate_fields *c)
{
    (void)x;
    return c->serial.n > 0 && !(c->serial.p[0] & 0x80) && !(c->serial.n == 1 && c->serial.p[0] == 0);
}

static bool serial_has_16_octets(const struct lint_context *x, const struct certificate_fields *c)
{
    (void)x;
    return c->serial.n == SERIAL_SIZE;
}

static bool version_is_3(const struct lint_context *x, const struct certificate_fields *c)
{
    (void)x;
    return c->version == 3;
}

static bool algorithm_is_the_signers(const struct lint_context *x, const struct certificate_fields *c)
{
    return bytes_equal(c->algorithm, x->algorithm);
}

static bool issuer_is_the_ca(const struct lint_context *x, const struct certificate_fields *c)
{
    return bytes_equal(c->issuer.der, x->issuer) && c->issuer.count > 0;
}

static bool validity_is_ordered(const struct lint_context *x, const struct certificate_fields *c)
{
    (void)x;
    return c->not_before < c->not_after;
}

/* RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 */
static bool validity_has_the_right_forms(const struct lint_context *x, const struct certificate_fields *c)
{
    (void)x;
    OWNED(buffer_release) struct buffer wanted;
    buffer_init(&wanted, 64);
    size_t sequence = der_begin(&wanted, DER_SEQUENCE);
    der_put_time(&wanted, c->not_before);
    der_put_time(&wanted, c->not_after);
    der_finish(&wanted, sequence);
    return bytes_equal(buffer_bytes(&wanted), c->validity);
}

static bool validity_is_inside_the_cas(const struct lint_context *x, const struct certificate_fields *c)
{
    return c->not_before >= x->issuer_not_before && c->not_after <= x->issuer_not_after;
}

static bool subject_is_not_empty(const struct lint_context *x, const struct certificate_fields *c)
{
    (void)x;
    return c->subject.count > 0;
}

static size_t characters(struct text utf8)
{
    size_t n = 0;
    for (size_t i = 0; i < utf8.n; i++)
        n += ((uint8_t)utf8.p[i] & 0xc0) != 0x80;
    return n;
}

/* RFC 5280 appendix A.1, ub-* */
static bool subject_values_are_in_bounds(const struct lint_context *x, const struct certificate_fields *c)
{
    (void)x;
    static const size_t longest[NAME_OTHER] = {
        [NAME_C] = 2,  [NAME_ST] = 128, [NAME_L] = 128, [NAME_STREET] = 128,       [NAME_POSTAL_CODE] = 40,
        [NAME_O] = 64, [NAME_OU] = 64,  [NAME_CN] = 64, [NAME_SERIAL_NUMBER] = 64,
    };
    for (size_t i = 0; i < c->subject.count; i++) {
        const struct name_part *part = &c->subject.parts[i];
        size_t n = characters(part->value);
        if (part->attribute > NAME_SERIAL_NUMBER || n == 0 || n > longest[part->attribute])
            return false;
    }
    return true;
}

static bool country_has_two_letters(const struct lint_context *x, const struct certificate_fields *c)
{
    (void)x;
    struct text country = name_first(&c->subject, NAME_C);
    for (size_t i = 0; i < country.n; i++) {
        if ((country.p[i] | 0x20) < 'a' || (country.p[i] | 0x20) > 'z')
            return false;
    }
    return !country.p || country.n == 2;
}

/* RFC 5280 4.1.2.4 and 4.1.2.6: PrintableString or UTF8String */
static bool subject_strings_are_printable_or_utf8(const struct lint_context *x,
                                                  const struct certificate_fields *c)
{
    (void)x;
    struct der_fault fault = {0};
    struct der top = der_of(c->subject.der, &fault);
    struct der rdns = der_enter(&top, DER_SEQUENCE, "the subject");
    while (der_more(&rdns)) {
        struct der rdn = der_enter(&rdns, DER_SET, "the subject");
        while (der_more(&rdn)) {
            struct der part = der_enter(&rdn, DER_SEQUENCE, "the subject");
            (void)der_oid(&part, "the subject");
            if (!der_next_is(&part, DER_UTF8_STRING) && !der_next_is(&part, DER_PRINTABLE_STRING))
                return false;
        }
    }
    return !der_failed(&rdns);
}

static bool key_is_acceptable(const struct lint_context *x, const struct certificate_fields *c)
{
    (void)x;
    return c->key_is_known;
}

static bool unique_ids_are_absent(const struct lint_context *x, const struct certificate_fields *c)
{
    (void)x;
    return !c->has_unique_ids;
}

static bool extension_is(const struct certificate_fields *c, enum oid oid, bool critical)
{
    const struct extension *e = certificate_extension(c, oid);
    return e && e->critical == critical;
}

static bool key_usage_is_critical(const struct lint_context *x, const struct certificate_fields *c)
{
    (void)x;
    return extension_is(c, OID_KEY_USAGE, true);
}

static bool key_usage_fits_the_profile(const struct lint_context *x, const struct certificate_fields *c)
{
    unsigned wanted =
        x->profile == PROFILE_CA ? KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN : KEY_USAGE_DIGITAL_SIGNATURE;
    return c->key_usage == wanted;
}

static bool purposes_fit_the_profile(const struct lint_context *x, const struct certificate_fields *c)
{
    if (x->profile == PROFILE_CA)
        return c->purpose_count == 0;
    return c->purpose_count == 1 &&
           certificate_has_purpose(c, x->profile == PROFILE_SERVER ? OID_EKU_SERVER : OID_EKU_CLIENT) &&
           extension_is(c, OID_EXT_KEY_USAGE, false);
}

static bool basic_constraints_fit_the_profile(const struct lint_context *x,
                                              const struct certificate_fields *c)
{
    if (x->profile != PROFILE_CA)
        return !c->has_basic_constraints;
    return c->is_ca && extension_is(c, OID_BASIC_CONSTRAINTS, true);
}

/* RFC 5280 4.2.1.2, method 1, over the very key in the certificate */
static bool key_id_is_the_keys(const struct lint_context *x, const struct certificate_fields *c)
{
    if (x->profile == PROFILE_LONE_CLIENT)
        return !certificate_extension(c, OID_SUBJECT_KEY_ID);
    uint8_t digest[SHA1_SIZE];
    sha1(c->key.public_key, digest);
    return extension_is(c, OID_SUBJECT_KEY_ID, false) && bytes_equal(c->subject_key_id, BYTES_OF(digest));
}

/* RFC 5280 4.2.1.1; a self-signed CA may leave it out */
static bool authority_key_id_is_the_cas(const struct lint_context *x, const struct certificate_fields *c)
{
    const struct extension *e = certificate_extension(c, OID_AUTHORITY_KEY_ID);
    if (x->profile == PROFILE_CA && !e)
        return true;
    return x->issuer_key_id.n ? e && !e->critical && bytes_equal(c->authority_key_id, x->issuer_key_id) : !e;
}

static bool alternative_is_well_formed(const struct alternative *alternative)
{
    if (alternative->kind == ALTERNATIVE_DNS || alternative->kind == ALTERNATIVE_IP)
        return template_name_is_valid(alternative->value);
    return false;
}

static bool alternatives_fit_the_profile(const struct lint_context *x, const struct certificate_fields *c)
{
    if (x->profile != PROFILE_SERVER)
        return c->alternative_count == 0;
    for (size_t i = 0; i < c->alternative_count; i++) {
        if (!alternative_is_well_formed(&c->alternatives[i]))
            return false;
    }
    return c->alternative_count > 0 && extension_is(c, OID_SUBJECT_ALT_NAME, false);
}

static bool critical_extensions_are_known(const struct lint_context *x, const struct certificate_fields *c)
{
    (void)x;
    for (size_t i = 0; i < c->extension_count; i++) {
        const struct extension *e = &c->extensions[i];
        if (e->critical && e->known != OID_KEY_USAGE && e->known != OID_BASIC_CONSTRAINTS)
            return false;
    }
    return true;
}

static bool url_is_http(struct text url)
{
    return !url.p || text_starts_with(url, TEXT("http://")) || text_starts_with(url, TEXT("https://"));
}

static bool urls_are_http(const struct lint_context *x, const struct certificate_fields *c)
{
    (void)x;
    return url_is_http(c->crl_url) && url_is_http(c->ocsp_url) && url_is_http(c->issuer_url);
}

/* clang-format off */
static const struct lint {
    const char *name;
    bool (*holds)(const struct lint_context *x, const struct certificate_fields *c);
    const char *complaint;
} lints[] = {
    {"version",              version_is_3,                          "the version is not 3 (RFC 5280 4.1.2.1)"},
    {"serial_positive",      serial_is_positive,                    "the serial number is not positive (RFC 5280 4.1.2.2)"},
    {"serial_size",          serial_has_16_octets,                  "the serial number does not have 16 octets"},
    {"algorithm",            algorithm_is_the_signers,              "the signature algorithm is not the signer's (RFC 5280 4.1.1.2)"},
    {"issuer",               issuer_is_the_ca,                      "the issuer is not the CA's subject (RFC 5280 4.1.2.4)"},
    {"validity_order",       validity_is_ordered,                   "the validity ends before it starts"},
    {"validity_form",        validity_has_the_right_forms,          "a time is not written as RFC 5280 4.1.2.5 wants"},
    {"validity_in_ca",       validity_is_inside_the_cas,            "the validity is not inside the CA's"},
    {"subject_present",      subject_is_not_empty,                  "the subject is empty (RFC 5280 4.1.2.6)"},
    {"subject_bounds",       subject_values_are_in_bounds,          "a subject value is empty, too long or of a foreign type (RFC 5280 A.1)"},
    {"country",              country_has_two_letters,               "the country does not have two letters (X.520 6.3.1)"},
    {"subject_strings",      subject_strings_are_printable_or_utf8, "a subject value is neither PrintableString nor UTF8String"},
    {"key",                  key_is_acceptable,                     "the public key is weak or malformed"},
    {"unique_ids",           unique_ids_are_absent,                 "unique identifiers are present (RFC 5280 4.1.2.8)"},
    {"key_usage_critical",   key_usage_is_critical,                 "the key usage is absent or not critical (RFC 5280 4.2.1.3)"},
    {"key_usage",            key_usage_fits_the_profile,            "the key usage is not the profile's"},
    {"purposes",             purposes_fit_the_profile,              "the extended key usage is not the profile's"},
    {"basic_constraints",    basic_constraints_fit_the_profile,     "the basic constraints are not the profile's (RFC 5280 4.2.1.9)"},
    {"subject_key_id",       key_id_is_the_keys,                    "the subject key identifier is not the key's (RFC 5280 4.2.1.2)"},
    {"authority_key_id",     authority_key_id_is_the_cas,           "the authority key identifier is not the CA's (RFC 5280 4.2.1.1)"},
    {"alternative_names",    alternatives_fit_the_profile,          "the alternative names are not the profile's or malformed"},
    {"critical_extensions",  critical_extensions_are_known,         "an unexpected extension is critical"},
    {"urls",                 urls_are_http,                         "a CRL, OCSP or issuer address is not http"},
};
/* clang-format on */

size_t lint_count(void)
{
    return sizeof(lints) / sizeof(lints[0]);
}

const char *lint_name(size_t index)
{
    must(index < lint_count());
    return lints[index].name;
}

struct status lint_fields(const struct lint_context *context, const struct certificate_fields *c,
                          struct error *err)
{
    for (size_t i = 0; i < lint_count(); i++) {
        if (!lints[i].holds(context, c))
            return error_set(err, E_BROKEN, "lint %s: %s", lints[i].name, lints[i].complaint);
    }
    return DONE;
}

struct status lint_tbs(const struct lint_context *context, struct bytes tbs, struct arena *a,
                       struct error *err)
{
    struct certificate_fields c;
    struct status s = certificate_tbs_parse(
        tbs, a, &c, err); /* DER, doubled extensions, time forms: the reader's refusals */
    if (s.code == E_INVALID)
        return error_wrap(err, STATUS(BROKEN), "lint der");
    TRY(s);
    return lint_fields(context, &c, err);
}
