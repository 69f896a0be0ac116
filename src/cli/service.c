/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/service.h"

#include "cli/json_list.h"

#define ID_TEXT      36 /* a UUID */
#define REVISION_MAX 999999999999999999

/* Lower case, as every list prints them: 8-4-4-4-12 hex digits. */
static bool is_id(struct text t)
{
    for (size_t i = 0; i < t.n && t.n == ID_TEXT; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = (t.p[i] >= '0' && t.p[i] <= '9') || (t.p[i] >= 'a' && t.p[i] <= 'f');
        if (dash ? t.p[i] != '-' : !hex)
            return false;
    }
    return t.n == ID_TEXT;
}

struct status service_target(struct cli *c, bool with_id, const char *tail, struct buffer *out,
                             struct error *err)
{
    const char *const *words = c->args.positional;
    buffer_init(out, SERVICE_TARGET_MAX);
    buffer_cstr(out, "/api/v1/applications/");
    cli_segment(out, words[SERVICE_APPLICATION]);
    buffer_cstr(out, "/services");
    if (with_id && !is_id(text_of(words[SERVICE_ID])))
        return cli_usage(c, err,
                         "an ID is 36 characters, such as 3bb33152-1bdb-4d68-b267-3fd239633d7b: "
                         "`fairlead service list APP` shows them");
    if (with_id) {
        buffer_byte(out, '/');
        cli_segment(out, words[SERVICE_ID]);
    }
    buffer_cstr(out, tail);
    cli_query(out, "tenant", args_value(&c->args, "tenant"));
    return buffer_status(out);
}

struct status service_hint(struct cli *c, struct status s, struct error *err)
{
    const char *application = c->args.positional[SERVICE_APPLICATION];
    struct text words = arena_text(&c->arena, text_of(err ? err->message : NULL));
    if (s.code != E_NOT_FOUND || !text_starts_with(words, TEXT("The application ")) ||
        text_contains(words, '`'))
        return s;
    return error_set(err, E_NOT_FOUND, "%.*s: `fairlead service list %s` shows those there are",
                     TEXT_ARG(words), application);
}

struct status service_condition(struct cli *c, struct text *out, struct error *err)
{
    uint64_t revision;
    const char *value = args_value(&c->args, "if-revision");
    *out = (struct text){NULL, 0};
    if (!value)
        return DONE;
    if (!text_to_u64(text_of(value), REVISION_MAX, &revision) || revision == 0)
        return cli_usage(c, err, "--if-revision takes the number that `fairlead service show` prints");
    *out = arena_printf(&c->arena, "\"%s\"", value);
    return out->p ? DONE : STATUS(NOMEM);
}

void service_fact(struct service_facts *f, const char *name, struct text value)
{
    must(f->count < SERVICE_FACTS_MAX);
    if (value.n > 0)
        f->list[f->count++] = (struct fact){name, value};
}

void service_certificate_facts(struct service_facts *f, struct text certificate)
{
    struct arena *a = f->arena;
    struct text before = json_string(certificate, "notBefore", a);
    struct text after = json_string(certificate, "notAfter", a);
    if (after.n == 0)
        return;
    struct text left = cli_cell(COLUMN_LEFT, after, a);
    service_fact(f, "Certificate", json_string(certificate, "subject", a));
    service_fact(f, "SHA-256", json_string(certificate, "fingerprint", a));
    service_fact(f, "Valid",
                 arena_printf(a, "%.*s to %.*s (%.*s%s)", TEXT_ARG(before), TEXT_ARG(after), TEXT_ARG(left),
                              text_equal(left, TEXT("over")) ? "" : " left"));
}

const char *service_credential_kind(struct text credentials)
{
    static const char *const kinds[] = {"basic", "oauth", "certificateGen"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (json_raw_member(credentials, kinds[i]).p)
            return kinds[i];
    return "none";
}

struct text service_specification_words(struct text spec, struct text url, struct arena *a)
{
    if (!spec.p)
        return (struct text){NULL, 0};
    struct text fetched = json_string(spec, "fetchedAt", a);
    struct text origin = TEXT("sent with the registration");
    if (fetched.n > 0)
        origin =
            arena_printf(a, "fetched %.*s%s%.*s", TEXT_ARG(fetched), url.n ? " from " : "", TEXT_ARG(url));
    return arena_printf(a, "%.*s, %.*s bytes, %.*s, SHA-256 %.*s", TEXT_ARG(json_string(spec, "format", a)),
                        TEXT_ARG(json_shown(spec, "bytes", a)), TEXT_ARG(origin),
                        TEXT_ARG(json_string(spec, "sha256", a)));
}
