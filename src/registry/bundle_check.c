/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/bundle_internal.h"

#include "base/json_cursor.h"
#include "base/limits.h"
#include "registry/validate.h"

/* Contract of Compass, 2.3. */
#define NAME_CHARACTERS 100
#define URL_CHARACTERS  256
#define TEXT_CHARACTERS 2000

struct status check_characters(const char *what, struct text value, size_t least, size_t most,
                               struct error *err)
{
    size_t points = 0;
    for (size_t i = 0; i < value.n; i++)
        points += ((uint8_t)value.p[i] & 0xc0) != 0x80;
    if (!text_is_utf8(value) || points < least || points > most)
        return error_set(err, E_INVALID, "%s: the length must be between %zu and %zu", what, least, most);
    return DONE;
}

struct status check_name(struct text name, struct error *err)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] < ' ' || name.p[i] > '~')
            return error_set(err, E_INVALID, "name: must contain printable ASCII characters only");
    }
    return check_characters("name", name, 1, NAME_CHARACTERS, err);
}

struct status check_json(const char *what, struct text json, struct error *err)
{
    struct json_position where;
    char words[JSON_POSITION_TEXT];
    if (!json.p)
        return DONE;
    if (json.n > LIMIT_SERVICE_TEXT)
        return error_set(err, E_INVALID, "%s: longer than %d bytes", what, LIMIT_SERVICE_TEXT);
    if (!status_ok(json_scan(json, &where)))
        return error_set(err, E_INVALID, "%s: %.*s", what, TEXT_ARG(json_position_text(&where, words)));
    return DONE;
}

struct status check_object(const char *what, struct text json, struct error *err)
{
    const struct json_cursor c = json_cursor_at(json);
    TRY(check_json(what, json, err));
    return !json.p || json_cursor_type(&c) == JSON_TYPE_OBJECT
               ? DONE
               : error_set(err, E_INVALID, "%s: no JSON object", what);
}

static struct status check_url(const char *what, struct text url, struct error *err)
{
    TRY(check_characters(what, url, 1, URL_CHARACTERS, err));
    const bool known = text_starts_with(url, TEXT("http://")) || text_starts_with(url, TEXT("https://"));
    if (!known || !registry_url_is_valid(url))
        return error_set(err, E_INVALID, "%s: must be a valid http or https URL", what);
    return DONE;
}

/* ---- SemVer 2.0.0 ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_identifier(struct text t, bool zeros_may_lead)
{
    bool number = true;
    for (size_t i = 0; i < t.n; i++) {
        const char c = t.p[i];
        const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!is_digit(c) && !letter && c != '-')
            return false;
        number = number && is_digit(c);
    }
    return t.n > 0 && (zeros_may_lead || !number || t.n == 1 || t.p[0] != '0');
}

/* Identifiers with dots between them. */
static bool are_identifiers(struct text t, bool zeros_may_lead)
{
    bool fine = true;
    bool more = true;
    while (fine && more) {
        more = text_contains(t, '.');
        fine = is_identifier(text_cut(&t, '.'), zeros_may_lead);
    }
    return fine;
}

static bool is_core(struct text t)
{
    unsigned dots = 0;
    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] != '.' && !is_digit(t.p[i]))
            return false;
        dots += t.p[i] == '.';
    }
    return dots == 2 && are_identifiers(t, false);
}

static bool is_semantic_version(struct text t)
{
    const bool has_build = text_contains(t, '+');
    struct text front = text_cut(&t, '+');
    if (has_build && !are_identifiers(t, true))
        return false;
    const bool has_release = text_contains(front, '-');
    const struct text core = text_cut(&front, '-');
    return is_core(core) && (!has_release || are_identifiers(front, false));
}

static struct status check_version(struct text version, struct error *err)
{
    struct text raw;
    enum json_type type;
    if (!version.p)
        return DONE;
    TRY(check_object("version", version, err));
    if (!json_member(version, TEXT("value"), &raw, &type) || type != JSON_TYPE_STRING ||
        !is_semantic_version((struct text){raw.p + 1, raw.n - 2}))
        return error_set(err, E_INVALID, "version: value: must be a semantic version (SemVer 2)");
    return DONE;
}

/* ---- what is in a bundle ---- */

static struct status check_format(enum service_role role, const struct member_input *in, struct error *err)
{
    static const struct {
        struct text type;
        enum service_role role;
        bool json, yaml, xml, text;
    } rows[] = {
        {TEXT_INIT("ODATA"), SERVICE_API, true, false, true, false},
        {TEXT_INIT("OPEN_API"), SERVICE_API, true, true, false, false},
        {TEXT_INIT("ASYNC_API"), SERVICE_EVENTS, true, true, false, false},
        {TEXT_INIT("MARKDOWN"), SERVICE_DOCUMENT, false, false, false, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const bool may[] = {[FORMAT_JSON] = rows[i].json,
                            [FORMAT_YAML] = rows[i].yaml,
                            [FORMAT_XML] = rows[i].xml,
                            [FORMAT_TEXT] = rows[i].text};
        if (rows[i].role == role && text_equal(rows[i].type, in->specification_type) &&
            may[in->specification_format])
            return DONE;
    }
    return error_set(err, E_INVALID, "spec: format: is not valid for the type %.*s",
                     TEXT_ARG(text_first(in->specification_type, NAME_CHARACTERS)));
}

static struct status check_fetch(const struct fetch_request_input *f, struct error *err)
{
    if (f->url.n == 0)
        return DONE;
    TRY(check_url("fetchRequest: url", f->url, err));
    return check_characters("fetchRequest: filter", f->filter, 0, URL_CHARACTERS, err);
}

static struct status check_specification(enum service_role role, const struct member_input *in,
                                         struct error *err)
{
    if (!in->specification_given)
        return DONE;
    const bool both = in->data.p && in->fetch.url.n > 0, none = !in->data.p && in->fetch.url.n == 0;
    if (both || (none && role != SERVICE_DOCUMENT))
        return error_set(err, E_INVALID, "only one of data or fetchRequest must be provided");
    TRY(check_format(role, in, err));
    if (!text_is_utf8(in->data))
        return error_set(err, E_INVALID, "data: no UTF-8");
    return check_fetch(&in->fetch, err);
}

static struct status check_document(const struct member_input *in, struct error *err)
{
    TRY(check_characters("title", in->name, 1, 128, err));
    TRY(check_characters("displayName", in->display_name, 1, 128, err));
    TRY(check_characters("description", in->description, 1, TEXT_CHARACTERS, err));
    TRY(check_characters("kind", in->kind, 0, URL_CHARACTERS, err));
    return check_specification(SERVICE_DOCUMENT, in, err);
}

struct status member_check(enum service_role role, const struct member_input *in, struct error *err)
{
    if (role == SERVICE_DOCUMENT)
        return check_document(in, err);
    TRY(check_name(in->name, err));
    TRY(check_characters("description", in->description, 0, TEXT_CHARACTERS, err));
    TRY(check_characters("group", in->group, 0, NAME_CHARACTERS, err));
    if (role == SERVICE_API)
        TRY(check_url("targetURL", in->target_url, err));
    TRY(check_version(in->version, err));
    return check_specification(role, in, err);
}
