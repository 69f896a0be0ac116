/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log_line.h"

#include "base/encoding.h"

#define NAME_MAX_DECODED 64

/*
 * Parameters whose value is a secret. All but the plainest words also count as the last part of a longer
 * name, so that access_token, client-secret and api_key are covered without a list of everybody's spellings.
 */
static const struct {
    struct text name;
    bool as_suffix;
} secrets[] = {
    {TEXT_INIT("token"), true},     {TEXT_INIT("password"), true},  {TEXT_INIT("secret"), true},
    {TEXT_INIT("key"), true},       {TEXT_INIT("assertion"), true}, {TEXT_INIT("code"), false},
    {TEXT_INIT("signature"), true}, {TEXT_INIT("apikey"), false},
};

static bool is_secret_name(struct text name)
{
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        struct text secret = secrets[i].name;
        if (name.n < secret.n || !text_equal_nocase(text_from(name, name.n - secret.n), secret))
            continue;
        if (name.n == secret.n)
            return true;
        char before = name.p[name.n - secret.n - 1];
        if (secrets[i].as_suffix && (before == '_' || before == '-' || before == '.'))
            return true;
    }
    return false;
}

/* "%74oken" is a token to every server behind us. A name too long to look at is taken for a secret. */
static bool is_secret_parameter(struct text raw)
{
    char decoded[NAME_MAX_DECODED];
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        uint8_t c = (uint8_t)raw.p[i];
        if (c == '%' && hex_decode(&c, 1, text_first(text_from(raw, i + 1), 2)))
            i += 2;
        if (n == sizeof(decoded))
            return true;
        decoded[n++] = (char)c;
    }
    return is_secret_name((struct text){decoded, n});
}

/* "http://user:password@host/": absolute-form targets and URLs. Returns how much of the target was handled.
 */
static size_t redact_userinfo(struct buffer *out, struct text target,
                              void (*emit)(struct buffer *out, struct text piece))
{
    size_t colon = text_find(target, ':');
    if (!text_starts_with(text_from(target, colon), TEXT("://")))
        return 0;
    size_t start = colon + 3;
    size_t at = 0;
    for (size_t i = start; i < target.n && target.p[i] != '/' && target.p[i] != '?' && target.p[i] != '#';
         i++) {
        if (target.p[i] == '@')
            at = i;
    }
    if (at == 0)
        return 0;
    emit(out, text_first(target, start));
    emit(out, TEXT("***"));
    return at;
}

static bool starts_parameter(char c)
{
    return c == '?' || c == '&' || c == ';' || c == '#';
}

void log_redact(struct buffer *out, struct text target, void (*emit)(struct buffer *out, struct text piece))
{
    struct text rest = text_from(target, redact_userinfo(out, target, emit));
    size_t start = 0; /* of the run that was not emitted yet */
    for (size_t i = 0; i < rest.n; i++) {
        if (!starts_parameter(rest.p[i]))
            continue;
        size_t name_end = i + 1;
        while (name_end < rest.n && rest.p[name_end] != '=' && !starts_parameter(rest.p[name_end]))
            name_end++;
        if (name_end == rest.n || rest.p[name_end] != '=')
            continue;
        if (!is_secret_parameter((struct text){rest.p + i + 1, name_end - i - 1}))
            continue;
        emit(out, (struct text){rest.p + start, name_end + 1 - start});
        emit(out, TEXT("***"));
        /* Up to '&' and nothing else: ';', '?' and '#' may belong to the value. */
        start = name_end + 1 + text_find(text_from(rest, name_end + 1), '&');
        i = start - 1;
    }
    emit(out, text_from(rest, start));
}

void log_redact_target(struct buffer *out, struct text target)
{
    log_redact(out, target, buffer_text);
}
