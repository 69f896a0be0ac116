/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/claims.h"

#include "base/buffer.h"
#include "base/json_cursor.h"
#include "base/utf8.h"

#define SUBJECT_MAX 255 /* OpenID Connect Core 2 */
#define EMAIL_MAX   254
#define WORDS_MAX   (16u * 1024)
#define SECONDS_MAX INT64_C(253402300799) /* the end of the year 9999 */

enum { ISS, SUB, AUD, EXP, NBF, IAT, EVENTS, EMAIL, VERIFIED, GROUPS, TENANTS, SCOPES, CLAIM_COUNT };

/* Without width, or turning the text around it: two names could look the same. */
static bool is_invisible(uint32_t c)
{
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) ||
           c == 0x061c || c == 0xfeff;
}

static bool is_printable(struct text t)
{
    for (size_t i = 0; i < t.n;) {
        uint32_t c;
        const size_t n = utf8_decode(t.p + i, t.n - i, &c);
        if (n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0) || is_invisible(c))
            return false;
        i += n;
    }
    return true;
}

/* ---- for whom ---- */

static struct status is_string(struct text raw, struct text wanted, struct arena *a, bool *out)
{
    struct text value;
    TRY(member_string(raw, a, &value));
    *out = *out || text_equal(value, wanted);
    return DONE;
}

/* One string, or an array of them (RFC 7519 4.1.3). */
static struct status has_string(const struct member *m, struct text wanted, struct arena *a, bool *out)
{
    *out = false;
    if (!m->raw.p)
        return DONE;
    if (m->type == JSON_TYPE_STRING)
        return is_string(m->raw, wanted, a, out);
    struct json_cursor at = json_cursor_at(m->raw);
    for (bool more = m->type == JSON_TYPE_ARRAY && json_cursor_enter(&at); more;
         more = json_cursor_next(&at)) {
        const bool string = json_cursor_type(&at) == JSON_TYPE_STRING;
        const struct text raw = json_cursor_skip(&at);
        if (string)
            TRY(is_string(raw, wanted, a, out));
    }
    return DONE;
}

static struct status check_parties(const struct member m[static CLAIM_COUNT],
                                   const struct claims_wanted *wanted, struct arena *a, struct error *err)
{
    bool ours = false;
    if (m[ISS].type == JSON_TYPE_STRING)
        TRY(has_string(&m[ISS], wanted->issuer, a, &ours));
    if (!ours)
        return error_set(err, E_INVALID, "is by another issuer");
    TRY(has_string(&m[AUD], wanted->audience, a, &ours));
    if (!ours)
        return error_set(err, E_INVALID, "is for another audience");
    /* RFC 8417 2.2: it tells of something, a logout perhaps. Its type may not say so. */
    if (m[EVENTS].raw.p)
        return error_set(err, E_INVALID, "is for another purpose: it tells of events");
    return DONE;
}

/* ---- when ---- */

/* NumericDate: seconds, perhaps with a fraction (RFC 7519 2); no exponents, nothing before 1970. */
static bool read_seconds(const struct member *m, int64_t *out)
{
    struct text fraction = m->raw;
    uint64_t whole;
    if (m->type != JSON_TYPE_NUMBER || !text_to_u64(text_cut(&fraction, '.'), SECONDS_MAX, &whole))
        return false;
    for (size_t i = 0; i < fraction.n; i++)
        if (fraction.p[i] < '0' || fraction.p[i] > '9')
            return false;
    *out = (int64_t)whole;
    return true;
}

static struct status check_begin(const struct member *m, int64_t latest, struct error *err)
{
    int64_t at;
    if (!m->raw.p)
        return DONE;
    if (!read_seconds(m, &at))
        return error_set(err, E_INVALID, "has a time that cannot be read");
    return at <= latest ? DONE : error_set(err, E_INVALID, "is not valid yet");
}

static struct status check_times(const struct member m[static CLAIM_COUNT], int64_t skew_s, int64_t now_s,
                                 struct error *err)
{
    int64_t end;
    if (!m[EXP].raw.p || !read_seconds(&m[EXP], &end))
        return error_set(err, E_INVALID, "does not say when it ends");
    if (now_s >= end + skew_s)
        return error_set(err, E_INVALID, "has expired");
    TRY(check_begin(&m[NBF], now_s + skew_s, err));
    return check_begin(&m[IAT], now_s + skew_s, err);
}

/* ---- what ---- */

/* A "*" that somebody may have put into a field of theirs gives nothing; nor does what would be two words. */
static void add_word(struct buffer *out, struct text word)
{
    if (word.n == 0 || text_equal(word, TEXT("*")) || text_contains(word, ' ') || !is_printable(word))
        return;
    buffer_cstr(out, buffer_size(out) > 0 ? " " : "");
    buffer_text(out, word);
}

/* Text with blanks between the words, or an array of strings. */
static struct status read_words(const struct member *m, struct arena *a, struct text *out)
{
    OWNED(buffer_release) struct buffer words;
    struct text value;
    buffer_init(&words, WORDS_MAX);
    *out = TEXT("");
    if (!m->raw.p)
        return DONE;
    if (m->type == JSON_TYPE_STRING) {
        TRY(member_string(m->raw, a, &value));
        while (value.p)
            add_word(&words, text_cut(&value, ' '));
    }
    struct json_cursor at = json_cursor_at(m->raw);
    for (bool more = m->type == JSON_TYPE_ARRAY && json_cursor_enter(&at); more;
         more = json_cursor_next(&at)) {
        const bool string = json_cursor_type(&at) == JSON_TYPE_STRING;
        const struct text raw = json_cursor_skip(&at);
        if (!string)
            continue;
        TRY(member_string(raw, a, &value));
        add_word(&words, value);
    }
    TRY(buffer_status(&words));
    *out = arena_text(a, buffer_as_text(&words));
    return out->p || buffer_size(&words) == 0 ? DONE : STATUS(NOMEM);
}

/* Some issuers write the boolean as text. Nothing else is a confirmation, silence neither. */
static bool is_verified(const struct member *m)
{
    return text_equal(m->raw, TEXT("true")) || text_equal(m->raw, TEXT("\"true\""));
}

static struct status read_person(const struct member m[static CLAIM_COUNT], struct arena *a,
                                 struct claims *out, struct error *err)
{
    struct status s = member_text(&m[SUB], a, &out->subject, NULL);
    if (s.code == E_INVALID || out->subject.n == 0 || out->subject.n > SUBJECT_MAX ||
        !is_printable(out->subject))
        return error_set(err, E_INVALID, "does not say whose it is");
    TRY(s);
    s = member_text(&m[EMAIL], a, &out->email, NULL);
    if (s.code == E_NOMEM)
        return s;
    if (!status_ok(s) || !is_verified(&m[VERIFIED]) || out->email.n > EMAIL_MAX || !is_printable(out->email))
        out->email = TEXT("");
    return DONE;
}

static struct status read_groups(const struct member *m, struct arena *a, struct claims *out)
{
    size_t count = 0;
    struct json_cursor at = json_cursor_at(m->raw);
    if (!m->raw.p || m->type != JSON_TYPE_ARRAY)
        return DONE;
    for (bool more = json_cursor_enter(&at); more; more = json_cursor_next(&at)) {
        (void)json_cursor_skip(&at);
        count++;
    }
    out->groups = arena_array(a, count + 1, sizeof *out->groups);
    if (!out->groups)
        return STATUS(NOMEM);
    at = json_cursor_at(m->raw);
    for (bool more = json_cursor_enter(&at); more; more = json_cursor_next(&at)) {
        const bool string = json_cursor_type(&at) == JSON_TYPE_STRING;
        const struct text raw = json_cursor_skip(&at);
        if (string)
            TRY(member_string(raw, a, &out->groups[out->group_count++]));
    }
    return DONE;
}

static struct status read_rights(const struct member m[static CLAIM_COUNT], struct arena *a,
                                 struct claims *out, struct error *err)
{
    struct status s = read_words(&m[TENANTS], a, &out->tenants);
    if (status_ok(s))
        s = read_words(&m[SCOPES], a, &out->scopes);
    return s.code == E_TOO_LARGE ? error_set(err, E_INVALID, "has more tenants or scopes than are read") : s;
}

struct status claims_read(struct text json, const struct claims_wanted *wanted, int64_t now_s,
                          struct arena *a, struct claims *out, struct error *err)
{
    struct member m[CLAIM_COUNT] = {
        [ISS] = {.name = "iss"},
        [SUB] = {.name = "sub"},
        [AUD] = {.name = "aud"},
        [EXP] = {.name = "exp"},
        [NBF] = {.name = "nbf"},
        [IAT] = {.name = "iat"},
        [EVENTS] = {.name = "events"},
        [EMAIL] = {.name = "email"},
        [VERIFIED] = {.name = "email_verified"},
        [GROUPS] = {.name = "groups"},
        [TENANTS] = {.name = arena_cstr(a, wanted->tenant_claim)},
        [SCOPES] = {.name = arena_cstr(a, wanted->scope_claim)},
    };
    *out = (struct claims){.subject = TEXT("")};
    if (!m[TENANTS].name || !m[SCOPES].name)
        return STATUS(NOMEM);
    const size_t count = wanted->tenant_claim.n > 0 ? CLAIM_COUNT : TENANTS; /* both are set, or none */
    const struct status s = members_read(json, a, m, count, NULL);
    if (s.code == E_INVALID)
        return error_set(err, E_INVALID, "has a payload that cannot be understood");
    TRY(s);
    TRY(check_parties(m, wanted, a, err));
    TRY(check_times(m, wanted->skew_s, now_s, err));
    TRY(read_person(m, a, out, err));
    TRY(read_groups(&m[GROUPS], a, out));
    return read_rights(m, a, out, err);
}
