/* SPDX-License-Identifier: Apache-2.0 */
#include "config/value.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "config/check.h"
#include "config/grant.h"

/* How a type is kept in struct settings. */
enum kept { KEPT_TEXT, KEPT_BOOL, KEPT_INTEGER, KEPT_LEVEL, KEPT_FORMAT, KEPT_LIST };

static enum kept kept_as(const struct setting *row)
{
    switch (row->type) {
    case SETTING_BOOL:
        return KEPT_BOOL;
    case SETTING_INTEGER:
    case SETTING_FRONTS:
    case SETTING_SIZE:
    case SETTING_DURATION:
        return KEPT_INTEGER;
    case SETTING_LOG_LEVEL:
        return KEPT_LEVEL;
    case SETTING_LOG_FORMAT:
        return KEPT_FORMAT;
    case SETTING_HOSTS:
    case SETTING_ORIGINS:
    case SETTING_NETWORKS:
    case SETTING_PLACES:
    case SETTING_GRANTS:
        return KEPT_LIST;
    case SETTING_TEXT:
    case SETTING_RDN:
    case SETTING_COUNTRY:
    case SETTING_DIRECTORY:
    case SETTING_FILE:
    case SETTING_KEY_FILE:
    case SETTING_OWN_KEY_FILE:
    case SETTING_SECRET_FILE:
    case SETTING_ADDRESS:
    case SETTING_DOMAIN:
    case SETTING_LABEL:
    case SETTING_BASE_URL:
    case SETTING_URL:
    case SETTING_ISSUER_URL:
    case SETTING_PROXY_URL:
    case SETTING_STORE_URL:
    case SETTING_CHOICE:
    case SETTING_TYPE_COUNT:
        return KEPT_TEXT;
    }
    return KEPT_TEXT;
}

bool setting_is_text(const struct setting *row)
{
    return kept_as(row) == KEPT_TEXT;
}

bool setting_is_list(const struct setting *row)
{
    return kept_as(row) == KEPT_LIST;
}

static void *member_of(const struct setting *row, struct settings *s)
{
    return (char *)s + row->offset;
}

static const void *const_member_of(const struct setting *row, const struct settings *s)
{
    return (const char *)s + row->offset;
}

char **setting_text_member(const struct setting *row, struct settings *s)
{
    must(setting_is_text(row));
    return member_of(row, s);
}

/* "must be <type>, not '<value>'"; the value is left out when it is long, or may hold a password. */
static struct status refuse(const struct setting *row, struct text value, struct error *err)
{
    char what[SETTING_RANGE_MAX];
    setting_describe_type(row, what);
    if (value.n == 0 || value.n > 64 || row->type == SETTING_STORE_URL || !check_printable(value))
        return error_set(err, E_INVALID, "must be %s", what);
    return error_set(err, E_INVALID, "must be %s, not '%.*s'", what, TEXT_ARG(value));
}

static struct status set_text(const struct setting *row, struct settings *s, struct text value)
{
    char *copy = mem_strndup(value.p ? value.p : "", value.n);
    if (!copy)
        return STATUS(NOMEM);
    char **member = member_of(row, s);
    mem_free(*member);
    *member = copy;
    return DONE;
}

static bool find_choice(const struct setting *row, struct text value, size_t *out)
{
    for (size_t i = 0; row->choices[i]; i++)
        if (text_equal(value, text_of(row->choices[i]))) {
            *out = i;
            return true;
        }
    return false;
}

static bool check_rdn(struct text t)
{
    for (size_t i = 0; i < t.n; i++)
        if (text_contains(TEXT(",=+/"), t.p[i]))
            return false;
    return t.n > 0;
}

static bool check_country(struct text t)
{
    return t.n == 2 && t.p[0] >= 'A' && t.p[0] <= 'Z' && t.p[1] >= 'A' && t.p[1] <= 'Z';
}

static bool check_store_url(struct text t)
{
    return text_equal(t, TEXT("memory:")) || (text_starts_with(t, TEXT("sqlite:")) && t.n > 7);
}

static bool check_text_type(const struct setting *row, struct text value)
{
    bool loopback;
    size_t choice;
    switch (row->type) {
    case SETTING_RDN:
        return check_rdn(value);
    case SETTING_COUNTRY:
        return check_country(value);
    case SETTING_CHOICE:
        return find_choice(row, value, &choice);
    case SETTING_ADDRESS:
        return value.n == 0 || check_address(value, &loopback);
    case SETTING_DOMAIN:
        return value.n == 0 || check_host_name(value);
    case SETTING_LABEL:
        return check_label(value);
    case SETTING_BASE_URL:
        return value.n == 0 || check_url(value, false);
    case SETTING_URL:
        return value.n == 0 || check_url(value, true);
    case SETTING_ISSUER_URL:
        return value.n == 0 || check_issuer_url(value);
    case SETTING_PROXY_URL:
        return value.n == 0 || check_proxy_url(value);
    case SETTING_STORE_URL:
        return value.n == 0 || check_store_url(value);
    case SETTING_TEXT:
    case SETTING_DIRECTORY:
    case SETTING_FILE:
    case SETTING_KEY_FILE:
    case SETTING_OWN_KEY_FILE:
    case SETTING_SECRET_FILE:
    case SETTING_LOG_LEVEL:
    case SETTING_LOG_FORMAT:
    case SETTING_BOOL:
    case SETTING_INTEGER:
    case SETTING_FRONTS:
    case SETTING_SIZE:
    case SETTING_DURATION:
    case SETTING_HOSTS:
    case SETTING_ORIGINS:
    case SETTING_NETWORKS:
    case SETTING_PLACES:
    case SETTING_GRANTS:
    case SETTING_TYPE_COUNT:
        return true;
    }
    return true;
}

static struct status parse_text(const struct setting *row, struct settings *s, struct text value,
                                struct error *err)
{
    if (row->type == SETTING_ADDRESS && text_equal(value, TEXT("off")))
        value = TEXT("");
    if ((int64_t)value.n > row->max)
        return error_set(err, E_INVALID, "is too long: at most %" PRId64 " bytes", row->max);
    if (!check_text_type(row, value))
        return refuse(row, value, err);
    return set_text(row, s, value);
}

static bool parse_size(struct text value, int64_t *out)
{
    uint64_t unit = 1;
    if (text_ends_with(value, TEXT("KiB")))
        unit = 1024;
    else if (text_ends_with(value, TEXT("MiB")))
        unit = 1024 * 1024;
    struct text digits = text_first(value, unit > 1 ? value.n - 3 : value.n);
    uint64_t count;
    if (!text_to_u64(digits, INT64_MAX / unit, &count))
        return false;
    *out = (int64_t)(count * unit);
    return true;
}

static struct status parse_number(const struct setting *row, struct settings *s, struct text value,
                                  struct error *err)
{
    int64_t number = 0;
    uint64_t plain;
    bool ok;
    if (row->type == SETTING_FRONTS && text_equal(value, TEXT("auto"))) {
        *(int64_t *)member_of(row, s) = -1;
        return DONE;
    }
    if (row->type == SETTING_DURATION)
        ok = duration_parse(value, &number);
    else if (row->type == SETTING_SIZE)
        ok = parse_size(value, &number);
    else {
        ok = text_to_u64(value, INT64_MAX, &plain);
        number = ok ? (int64_t)plain : 0;
    }
    if (!ok || number < row->min || number > row->max)
        return refuse(row, value, err);
    *(int64_t *)member_of(row, s) = number;
    return DONE;
}

static void list_release(struct settings_list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        mem_free(list->item[i]);
    *list = (struct settings_list){.count = 0};
}
OWNABLE_VALUE(struct settings_list, list_release);

static bool check_item(const struct setting *row, struct text item)
{
    struct grant_line line;
    if (row->type == SETTING_GRANTS)
        return grant_read(item, &line);
    if (row->type == SETTING_NETWORKS)
        return check_network(item);
    if (row->type == SETTING_ORIGINS)
        return check_origin(item);
    if (row->type == SETTING_PLACES && text_starts_with(item, TEXT(".")))
        return check_host_name(text_from(item, 1));
    if (row->type == SETTING_PLACES && check_network(item))
        return true;
    return check_host_name(item) || check_ip(item);
}

static struct status parse_list(const struct setting *row, struct settings *s, struct text value,
                                struct error *err)
{
    OWNED(list_release) struct settings_list list = {.count = 0};
    struct text rest = value.n > 0 ? value : (struct text){NULL, 0};
    while (rest.p) {
        struct text item = text_trim(text_cut(&rest, ','));
        if (list.count == SETTINGS_LIST_MAX)
            return error_set(err, E_INVALID, "has too many items: at most %d", SETTINGS_LIST_MAX);
        if ((int64_t)item.n > row->max || !check_item(row, item))
            return refuse(row, item, err);
        char *copy = mem_strndup(item.p, item.n);
        if (!copy)
            return STATUS(NOMEM);
        list.item[list.count++] = copy;
    }
    struct settings_list *member = member_of(row, s);
    list_release(member);
    *member = list;
    list = (struct settings_list){.count = 0};
    return DONE;
}

static struct status parse_choice(const struct setting *row, struct settings *s, struct text value,
                                  struct error *err)
{
    size_t choice;
    if (!find_choice(row, value, &choice))
        return refuse(row, value, err);
    if (row->type == SETTING_LOG_LEVEL)
        *(enum log_level *)member_of(row, s) = (enum log_level)choice;
    else
        *(enum log_format *)member_of(row, s) = (enum log_format)choice;
    return DONE;
}

static struct status parse_bool(const struct setting *row, struct settings *s, struct text value,
                                struct error *err)
{
    bool yes = text_equal(value, TEXT("true"));
    if (!yes && !text_equal(value, TEXT("false")))
        return refuse(row, value, err);
    *(bool *)member_of(row, s) = yes;
    return DONE;
}

struct status setting_parse(const struct setting *row, struct settings *s, struct text value,
                            struct error *err)
{
    if (!check_printable(value))
        return error_set(err, E_INVALID, "holds control characters or is not UTF-8");
    switch (kept_as(row)) {
    case KEPT_TEXT:
        return parse_text(row, s, value, err);
    case KEPT_BOOL:
        return parse_bool(row, s, value, err);
    case KEPT_INTEGER:
        return parse_number(row, s, value, err);
    case KEPT_LEVEL:
    case KEPT_FORMAT:
        return parse_choice(row, s, value, err);
    case KEPT_LIST:
        return parse_list(row, s, value, err);
    }
    return STATUS(BROKEN);
}

static void format_duration(int64_t ms, struct buffer *out)
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;
    while (ms % units[i].ms != 0)
        i++;
    if (ms == 0)
        i = 3;
    buffer_printf(out, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
}

static void format_number(const struct setting *row, int64_t number, struct buffer *out)
{
    if (row->type == SETTING_FRONTS && number < 0)
        buffer_cstr(out, "auto");
    else if (row->type == SETTING_DURATION)
        format_duration(number, out);
    else
        buffer_printf(out, "%" PRId64, number);
}

void setting_format(const struct setting *row, const struct settings *s, struct buffer *out)
{
    const void *member = const_member_of(row, s);
    const struct settings_list *list = member;
    switch (kept_as(row)) {
    case KEPT_TEXT: {
        const char *text = *(const char *const *)member;
        buffer_cstr(out, row->type == SETTING_ADDRESS && !text[0] ? "off" : text);
        break;
    }
    case KEPT_BOOL:
        buffer_cstr(out, *(const bool *)member ? "true" : "false");
        break;
    case KEPT_INTEGER:
        format_number(row, *(const int64_t *)member, out);
        break;
    case KEPT_LEVEL:
        buffer_cstr(out, row->choices[*(const enum log_level *)member]);
        break;
    case KEPT_FORMAT:
        buffer_cstr(out, row->choices[*(const enum log_format *)member]);
        break;
    case KEPT_LIST:
        for (unsigned i = 0; i < list->count; i++) {
            buffer_cstr(out, i ? "," : "");
            buffer_cstr(out, list->item[i]);
        }
        break;
    }
}

static bool list_equal(const struct settings_list *a, const struct settings_list *b)
{
    if (a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (!text_equal(text_of(a->item[i]), text_of(b->item[i])))
            return false;
    return true;
}

bool setting_equal(const struct setting *row, const struct settings *a, const struct settings *b)
{
    const void *x = const_member_of(row, a);
    const void *y = const_member_of(row, b);
    switch (kept_as(row)) {
    case KEPT_TEXT:
        return text_equal(text_of(*(const char *const *)x), text_of(*(const char *const *)y));
    case KEPT_BOOL:
        return *(const bool *)x == *(const bool *)y;
    case KEPT_INTEGER:
        return *(const int64_t *)x == *(const int64_t *)y;
    case KEPT_LEVEL:
        return *(const enum log_level *)x == *(const enum log_level *)y;
    case KEPT_FORMAT:
        return *(const enum log_format *)x == *(const enum log_format *)y;
    case KEPT_LIST:
        return list_equal(x, y);
    }
    return false;
}

void setting_release(const struct setting *row, struct settings *s)
{
    if (setting_is_text(row)) {
        char **member = member_of(row, s);
        mem_free(*member);
        *member = NULL;
    } else if (setting_is_list(row)) {
        list_release(member_of(row, s));
    }
}
