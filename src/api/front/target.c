/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

#include "api/front/series.h"
#include "credentials/credentials.h"

/* Of the parts of an answer that are no text of it. */
#define NUMBERS_MAX (4u * 1024)

static struct credentials_question question_of(struct call *c)
{
    return (struct credentials_question){
        .tenant = query_text(c, "tenant"),
        .label = query_text(c, "label"),
        .application = query_text(c, "application"),
        .service = query_text(c, "service"),
        .secret = query_text(c, "secret"),
        .entry = query_text(c, "entry"),
    };
}

static struct credentials_parts parts_of(const struct call *c)
{
    return (struct credentials_parts){.registry = c->domain->registry, .fetcher = c->domain->fetcher};
}

static size_t fields_size(const struct hop_field *fields, unsigned count)
{
    size_t n = 0;
    for (unsigned i = 0; i < count; i++)
        n += 8 + fields[i].name.n + fields[i].value.n;
    return n;
}

/* The answer holds secrets: all of its memory at once, since growing would leave copies. Whoever sends it
 * wipes it afterwards. */
static struct status answer(struct call *c, const struct hop_target *t)
{
    const struct text texts[] = {
        t->message,     t->application, t->service,  t->host,          t->service_name,
        t->path,        t->query,       t->proxy_to, t->proxy,         t->proxy_authorization,
        t->anchors_pem, t->chain_pem,   t->key_pem,  t->authorization, t->csrf_token,
        t->csrf_cookies};
    size_t size =
        NUMBERS_MAX + fields_size(t->headers, t->header_count) + fields_size(t->query_fields, t->query_count);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        size += texts[i].n;
    if (size > HOP_TARGET_MAX)
        return error_set(&c->err, E_TOO_LARGE, "the service's credentials are larger than %u bytes",
                         HOP_TARGET_MAX);
    if (buffer_reserve(&c->reply.body, size))
        hop_target_encode(t, &c->reply.body);
    c->reply.status = 200;
    c->reply.content_type = TEXT("application/octet-stream");
    return buffer_status(&c->reply.body);
}

/* "How do I call this service?" (net/hop.h). */
struct status front_target(struct call *c)
{
    struct hop_target *t = arena_alloc(c->arena, sizeof *t);
    const struct credentials_question q = question_of(c);
    const struct credentials_parts parts = parts_of(c);
    if (!t)
        return STATUS(NOMEM);
    TRY(credentials_answer(c->domain->credentials, &parts, &q, c->arena, t, &c->err));
    if (!t->bundle) /* nobody calls one */
        t->series = series_number(c->domain->series, q.tenant, t->application, t->service_name);
    return answer(c, t);
}

/* "A target refused what you said" (net/hop.h). */
struct status front_refused(struct call *c)
{
    uint64_t version = 0;
    bool again = false;
    const struct credentials_question q = question_of(c);
    const struct credentials_parts parts = parts_of(c);
    if (!text_to_u64(query_text(c, "version"), UINT64_MAX, &version))
        return error_set(&c->err, E_INVALID, "version must be a number");
    TRY(credentials_refused(c->domain->credentials, &parts, &q, version, &again));
    buffer_byte(&c->reply.body, again ? 1 : 0);
    c->reply.status = 200;
    c->reply.content_type = TEXT("application/octet-stream");
    return DONE;
}
