/* SPDX-License-Identifier: Apache-2.0 */
#include "api/compass/bundles.h"

#include "base/json_out.h"
#include "base/limits.h"
#include "base/own.h"

/* Inputs of bundles, definitions and documents (contract 2.3) in the registry's words, which has the rules.
 */

#define VERSION_MAX (64u * 1024)
#define FETCHES_MAX LIMIT_GRAPHQL_ROOT_FIELDS /* each waits for somebody's server */

static struct text given(const struct graphql_given *in, const char *member)
{
    return graphql_given_text(graphql_given_member(in, member));
}

static struct text or_empty(struct text t)
{
    return t.p ? t : TEXT("");
}

/* As an object again, defaults and all: the registry keeps it whole. */
static struct status read_version(struct graphql_call *call, const struct graphql_given *in, struct text *out)
{
    if (!graphql_is_given(in))
        return DONE;
    OWNED(buffer_release) struct buffer b;
    struct json_out j;
    const struct text since = given(in, "deprecatedSince");
    buffer_init(&b, VERSION_MAX);
    json_out_init(&j, &b);
    json_open_object(&j, NULL);
    json_text(&j, "value", given(in, "value"));
    json_bool(&j, "deprecated", graphql_given_bool(graphql_given_member(in, "deprecated"), false));
    if (since.p)
        json_text(&j, "deprecatedSince", since);
    json_bool(&j, "forRemoval", graphql_given_bool(graphql_given_member(in, "forRemoval"), false));
    json_end(&j);
    if (buffer_status(&b).code == E_TOO_LARGE)
        return bundles_invalid(call, "version: it is too long");
    TRY(buffer_status(&b));
    *out = arena_text(call->arena, buffer_as_text(&b));
    return out->p ? DONE : STATUS(NOMEM);
}

static struct status read_fetch(struct graphql_call *call, const struct graphql_given *in,
                                struct fetch_request_input *out)
{
    struct director_context *who = call->context;
    *out = (struct fetch_request_input){.url = or_empty(given(in, "url")),
                                        .mode = or_empty(given(in, "mode")),
                                        .filter = or_empty(given(in, "filter"))};
    if (!graphql_is_given(in))
        return DONE;
    if (out->url.n == 0)
        return bundles_invalid(call, "fetchRequest: url cannot be blank");
    TRY(bundles_no_hidden_url(call, out->url));
    if (++who->fetches > FETCHES_MAX)
        return bundles_invalid(call, "more than 64 fetch requests at once");
    return bundles_read_auth(call, graphql_given_member(in, "auth"), false, &out->auth);
}

static struct status read_spec(struct graphql_call *call, const struct graphql_given *in,
                               struct member_input *out)
{
    out->specification_given = graphql_is_given(in);
    if (!out->specification_given)
        return DONE;
    out->specification_type = given(in, "type");
    out->specification_format =
        (enum specification_format)graphql_given_int(graphql_given_member(in, "format"), FORMAT_JSON);
    out->data = given(in, "data");
    return read_fetch(call, graphql_given_member(in, "fetchRequest"), &out->fetch);
}

static struct status read_document(struct graphql_call *call, const struct graphql_given *in,
                                   struct member_input *out)
{
    out->name = given(in, "title");
    out->display_name = given(in, "displayName");
    out->kind = or_empty(given(in, "kind"));
    out->specification_given = true; /* its content, which may be absent */
    out->specification_type = given(in, "format");
    out->specification_format = FORMAT_TEXT;
    out->data = given(in, "data");
    return read_fetch(call, graphql_given_member(in, "fetchRequest"), &out->fetch);
}

struct status bundles_read_member(struct graphql_call *call, const struct graphql_given *in,
                                  enum service_role role, struct member_input *out)
{
    *out = (struct member_input){.description = or_empty(given(in, "description"))};
    if (role == SERVICE_DOCUMENT)
        return read_document(call, in, out);
    out->name = given(in, "name");
    out->group = or_empty(given(in, "group"));
    out->target_url = role == SERVICE_API ? given(in, "targetURL") : TEXT("");
    TRY(bundles_no_hidden_url(call, out->target_url));
    TRY(read_version(call, graphql_given_member(in, "version"), &out->version));
    return read_spec(call, graphql_given_member(in, "spec"), out);
}

struct status bundles_read(struct graphql_call *call, const struct graphql_given *in, bool keeps,
                           struct bundle_input *out)
{
    const struct graphql_given *correlation = graphql_given_member(in, "correlationIDs");
    *out = (struct bundle_input){.name = given(in, "name"),
                                 .description = or_empty(given(in, "description")),
                                 .auth_schema = given(in, "instanceAuthRequestInputSchema")};
    if (graphql_is_given(correlation)) {
        struct text *ids = arena_array(call->arena, correlation->count + 1, sizeof *ids);
        if (!ids)
            return STATUS(NOMEM);
        for (size_t i = 0; i < correlation->count; i++)
            ids[i] = correlation->items[i].text;
        out->correlation_ids = ids;
        out->correlation_id_count = correlation->count;
    }
    return bundles_read_auth(call, graphql_given_member(in, "defaultInstanceAuth"), keeps, &out->auth);
}
