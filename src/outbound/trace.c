/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"
#include "base/random.h"
#include "outbound/rewrite_internal.h"

#define TRACE_ID_AT   3 /* "00-" */
#define TRACE_ID_SIZE 32
#define PARENT_AT     36
#define PARENT_SIZE   16

/* Lower-case hexadecimal digits, and not all of them zero. */
static bool is_id(struct text t)
{
    bool some = false;
    for (size_t i = 0; i < t.n; i++) {
        const char c = t.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        some = some || c != '0';
    }
    return some;
}

static bool is_hex_pair(struct text t)
{
    return is_id(t) || text_equal(t, TEXT("00"));
}

static struct text part(struct text t, size_t from, size_t n)
{
    return text_first(text_from(t, from), n);
}

bool trace_parent_is_valid(struct text v)
{
    if (v.n < TRACE_PARENT_SIZE || v.p[2] != '-' || v.p[PARENT_AT - 1] != '-' ||
        v.p[PARENT_AT + PARENT_SIZE] != '-')
        return false;
    const struct text version = text_first(v, 2);
    /* 255 is forbidden; a later version may only add behind another hyphen. */
    if (!is_hex_pair(version) || text_equal(version, TEXT("ff")))
        return false;
    if (v.n > TRACE_PARENT_SIZE && (text_equal(version, TEXT("00")) || v.p[TRACE_PARENT_SIZE] != '-'))
        return false;
    return is_id(part(v, TRACE_ID_AT, TRACE_ID_SIZE)) && is_id(part(v, PARENT_AT, PARENT_SIZE)) &&
           is_hex_pair(part(v, PARENT_AT + PARENT_SIZE + 1, 2));
}

#define REQUEST_ID_MAX 128

static bool is_id_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           text_contains(TEXT("-_.:/+=@"), c);
}

struct text rewrite_request_id(const struct request *r)
{
    static const struct text none = {NULL, 0};
    const struct text name = TEXT("X-Request-Id");
    const struct text id = headers_get(&r->headers, name);
    if (id.n == 0 || id.n > REQUEST_ID_MAX || headers_count(&r->headers, name) != 1)
        return none;
    for (size_t i = 0; i < id.n; i++)
        if (!is_id_character(id.p[i]))
            return none;
    return id;
}

/*
 * A counter under a keyed hash instead of a call of the CSPRNG for each request: as unlike and as hard to
 * guess, at a tenth of the price.
 */
static uint64_t next_random(void)
{
    static _Thread_local uint8_t key[16];
    static _Thread_local uint64_t counter;
    if (counter == 0)
        random_bytes(key, sizeof key);
    counter++;
    return siphash((struct bytes){(const uint8_t *)&counter, sizeof counter}, key);
}

static void hex64(char *out, uint64_t v)
{
    for (size_t i = 0; i < 16; i++)
        out[i] = "0123456789abcdef"[v >> (60 - 4 * i) & 15];
}

/* Sampled: a trace whose beginning says "not recorded" is recorded by nobody behind it either. */
struct text trace_parent_new(char out[static TRACE_PARENT_SIZE])
{
    static const char version[] = {'0', '0', '-'}, sampled[] = {'-', '0', '1'};
    memcpy(out, version, sizeof version);
    hex64(out + TRACE_ID_AT, next_random() | 1); /* never all zero */
    hex64(out + TRACE_ID_AT + 16, next_random());
    out[PARENT_AT - 1] = '-';
    hex64(out + PARENT_AT, next_random() | 1);
    memcpy(out + PARENT_AT + PARENT_SIZE, sampled, sizeof sampled);
    return (struct text){out, TRACE_PARENT_SIZE};
}
