/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/domain.h"

#include "base/json_out.h"

/* Of a name in an audit row: pages of them must fit a request's arena. */
#define AUDIT_NAME_MAX 256

/*
 * Where the user information of the URL ends ('@'), whose "://" ends at `from`; 0 without one. The last '@'
 * of the word counts, as it does for whoever connects. Behind a '/' and the like it still does when a ':'
 * came before: "http://me:pa/ss@host" is refused as a URL for its '/', but that is a password.
 */
static size_t user_information_end(struct text in, size_t from)
{
    size_t at = 0;
    bool authority = true;
    bool password = false;
    for (size_t i = from; i < in.n && in.p[i] != ' '; i++) {
        authority = authority && !text_contains(TEXT("/?#\"'"), in.p[i]);
        password = password || (authority && in.p[i] == ':');
        if (in.p[i] == '@' && (authority || password))
            at = i;
    }
    return at;
}

static size_t scheme_end(struct text in, size_t from)
{
    for (size_t i = from; i + 3 <= in.n; i++) {
        if (in.p[i] == ':' && in.p[i + 1] == '/' && in.p[i + 2] == '/')
            return i + 3;
    }
    return in.n;
}

struct text url_user_hidden(struct text url, struct arena *a)
{
    const size_t start = scheme_end(url, 0);
    size_t at = 0;
    for (size_t i = start; i < url.n && !text_contains(TEXT("/?#"), url.p[i]); i++)
        at = url.p[i] == '@' ? i : at;
    if (at == 0)
        return url;
    return arena_printf(a, "%.*s***:***%.*s", TEXT_ARG(text_first(url, start)), TEXT_ARG(text_from(url, at)));
}

struct text url_credentials_hidden(struct text in, struct arena *a)
{
    OWNED(buffer_release) struct buffer b;
    buffer_init(&b, in.n * 3 + 16);
    size_t copied = 0;
    for (size_t start = scheme_end(in, 0); start < in.n; start = scheme_end(in, start)) {
        const size_t at = user_information_end(in, start);
        if (at == 0)
            continue;
        buffer_text(&b, (struct text){in.p + copied, start - copied});
        buffer_text(&b, TEXT("***:***"));
        copied = at;
        start = at;
    }
    if (copied == 0)
        return in;
    buffer_text(&b, text_from(in, copied));
    return status_ok(buffer_status(&b)) ? arena_text(a, buffer_as_text(&b)) : (struct text){NULL, 0};
}

struct status description_refused(const struct registry_input *in, struct text message, struct error *err)
{
    if (!message.p)
        return STATUS(NOMEM);
    if (in->out_refusal)
        *in->out_refusal = message;
    return error_set(err, E_INVALID, "%.*s", TEXT_ARG(message));
}

struct status service_missing(struct registry *r, const struct registry_key *key, bool *out_no_application,
                              struct error *err)
{
    OWNED(arena_release) struct arena a;
    arena_init(&a, 4096, 256 * 1024);
    struct application app;
    const struct status found =
        store_application_get(r->parts.store, key->tenant, key->application, &a, &app);
    if (!status_ok(found) && found.code != E_NOT_FOUND)
        return found;
    if (out_no_application)
        *out_no_application = !status_ok(found);
    if (!status_ok(found))
        return error_set(err, E_NOT_FOUND, "Application %.*s not found",
                         TEXT_ARG(text_first(key->application, SHOWN_ID_MAX)));
    char id[SERVICE_ID_TEXT + 1];
    return error_set(err, E_NOT_FOUND, "Service with ID %.*s not found",
                     TEXT_ARG(service_id_text(key->id, id)));
}

struct status service_not_there(struct text id, struct error *err)
{
    return error_set(err, E_NOT_FOUND, "Reading service with ID %.*s failed, Service with ID %.*s not found",
                     TEXT_ARG(id), TEXT_ARG(id));
}

struct status service_unreadable(struct registry *r, const struct registry_key *key, struct error *err)
{
    struct error why = {0};
    const struct status s = service_missing(r, key, NULL, &why);
    if (s.code != E_NOT_FOUND)
        return s;
    char id[SERVICE_ID_TEXT + 1];
    return error_set(err, E_NOT_FOUND, "Reading service with ID %.*s failed, %s",
                     TEXT_ARG(service_id_text(key->id, id)), why.message);
}

void audit_detail_write(const struct service *row, struct buffer *out)
{
    struct json_out j;
    json_out_init(&j, out);
    json_open_object(&j, NULL);
    json_text(&j, "name", text_first(row->name, AUDIT_NAME_MAX));
    json_cstr(&j, "credentials", credential_kind_name((enum credential_kind)row->credential_kind));
    json_end(&j);
}

struct audit_entry service_audit(const struct audit_caller *caller, struct text action,
                                 const struct service *row, struct text id_text, struct text detail,
                                 int64_t now)
{
    return (struct audit_entry){
        .at = now,
        .last_at = now,
        .count = 1,
        .action = action,
        .actor = caller->actor,
        .tenant = row->tenant,
        .application = row->application,
        .subject = id_text,
        .detail = detail,
        .address = caller->address,
        .user_agent = caller->user_agent,
        .request_id = caller->request_id,
        .certificate = caller->certificate,
    };
}

struct status service_unwritten(struct status s, struct error *err)
{
    return s.code == E_DENIED ? error_set(err, E_DENIED, "Certificate has been revoked.") : s;
}

void service_announce_new(struct registry *r, const struct registry_key *key)
{
    page_bump(r->parts.page, page_index(PAGE_SERVICE, BYTES_OF(key->id)));
    page_bump(r->parts.page, page_application(key->tenant, key->application));
}

void service_announce(struct registry *r, const struct registry_key *key)
{
    service_announce_new(r, key);
    page_wake(r->parts.page); /* running calls to it are looked at (DESIGN 3.1, 2) */
}
