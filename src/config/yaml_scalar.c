/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml_scalar.h"

static bool is_one_of(struct text t, const char *const *words)
{
    for (; *words; words++) {
        if (text_equal(t, text_of(*words)))
            return true;
    }
    return false;
}

static bool write_word(struct text t, struct buffer *out)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    const char *json = is_one_of(t, nulls)    ? "null"
                       : is_one_of(t, trues)  ? "true"
                       : is_one_of(t, falses) ? "false"
                                              : NULL;
    if (json)
        buffer_cstr(out, json);
    return json != NULL;
}

static bool is_no_number(struct text t)
{
    static const char *const words[] = {".inf",  ".Inf",  ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
                                        "-.Inf", "-.INF", ".nan", ".NaN",  ".NAN",  NULL};
    return is_one_of(t, words);
}

/* The digit's value, or -1. */
static int digit_of(char c, int base)
{
    int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (c >= 'A' && c <= 'F')
        value = c - 'A' + 10;
    return value < base ? value : -1;
}

/* 0x1F and 0o17. */
static bool write_based(struct text t, struct buffer *out)
{
    int base = text_starts_with(t, TEXT("0x")) ? 16 : text_starts_with(t, TEXT("0o")) ? 8 : 0;
    if (base == 0 || t.n == 2)
        return false;
    uint64_t value = 0;
    for (size_t i = 2; i < t.n; i++) {
        int digit = digit_of(t.p[i], base);
        if (digit < 0 || value > (UINT64_MAX - (uint64_t)digit) / (uint64_t)base)
            return false;
        value = value * (uint64_t)base + (uint64_t)digit;
    }
    buffer_printf(out, "%llu", (unsigned long long)value);
    return true;
}

/* Takes the digits in front of *rest. */
static struct text take_digits(struct text *rest)
{
    size_t n = 0;
    while (n < rest->n && digit_of(rest->p[n], 10) >= 0)
        n++;
    struct text digits = text_first(*rest, n);
    *rest = text_from(*rest, n);
    return digits;
}

static bool take(struct text *rest, char c)
{
    if (rest->n == 0 || rest->p[0] != c)
        return false;
    *rest = text_from(*rest, 1);
    return true;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool write_decimal(struct text t, struct buffer *out)
{
    struct text rest = t;
    bool minus = take(&rest, '-');
    if (!minus)
        (void)take(&rest, '+');
    struct text whole = take_digits(&rest), fraction = TEXT("");
    bool point = take(&rest, '.');
    if (point)
        fraction = take_digits(&rest);
    if ((whole.n == 0 && fraction.n == 0) || (whole.n > 1 && whole.p[0] == '0'))
        return false;
    struct text exponent = rest;
    if (take(&rest, 'e') || take(&rest, 'E')) {
        if (!take(&rest, '-'))
            (void)take(&rest, '+');
        if (take_digits(&rest).n == 0)
            return false;
    }
    if (rest.n > 0)
        return false;
    buffer_text(out, minus ? TEXT("-") : TEXT(""));
    buffer_text(out, whole.n > 0 ? whole : TEXT("0"));
    buffer_text(out, point ? TEXT(".") : TEXT(""));
    buffer_text(out, point && fraction.n == 0 ? TEXT("0") : fraction);
    buffer_text(out, exponent);
    return true;
}

enum yaml_plain yaml_plain_to_json(struct text t, struct buffer *out)
{
    if (is_no_number(t))
        return YAML_PLAIN_REFUSED;
    if (write_word(t, out) || write_based(t, out) || write_decimal(t, out))
        return YAML_PLAIN_VALUE;
    return YAML_PLAIN_STRING;
}
