/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kyma/metadata.h"

#include "api/held.h"
#include "base/json_compact.h"
#include "registry/details.h"

/*
 * GET's document (contract 1.10). All but the specifications is written at once: the frame, with holes where
 * they belong. The answer is then the frame's pieces and, between them, one specification after the other,
 * read from the store when its turn comes. What is small goes out whole; the rest is streamed, so that a few
 * of the largest documents at a time do not need the memory of their escaped forms.
 */

#define WHOLE_MAX (256u * 1024)
#define FRAME_MAX (4u * 1024 * 1024)
#define SHOWN_MAX                                                                                            \
    (32u * 1024 * 1024) /* twice the largest registry.specification_bytes: rewriting adds little */
#define FIND_ATTEMPTS 3

struct hole {
    size_t at; /* in the frame */
    enum specification_slot slot;
};

struct answer {
    struct registry *registry;
    struct registry_view view;
    struct buffer frame;
    struct hole holes[SPECIFICATION_SLOTS];
    unsigned hole_count, next_hole;
    size_t sent;           /* of the frame */
    bool inside;           /* a specification is going out */
    struct buffer content; /* of that one */
    struct json_compact json;
    struct json_escape text;
    struct held held; /* frame and content, once it is streamed */
};

static void answer_release(struct call *c)
{
    struct answer *a = c->reply.state;
    buffer_release(&a->frame);
    buffer_release(&a->content);
    held_give(&a->held);
}

/* ---- the frame ---- */

static void put_hole(struct answer *a, struct json_out *j, const char *name, enum specification_slot slot)
{
    if (!a->view.row.specifications[slot].present)
        return;
    json_raw(j, name, TEXT("0")); /* never sent: leave() steps over it */
    a->holes[a->hole_count++] = (struct hole){.at = buffer_size(&a->frame) - 1, .slot = slot};
}

static void put_nonempty(struct json_out *j, const char *name, struct text value)
{
    if (value.n > 0)
        json_text(j, name, value);
}

static void put_api(struct answer *a, struct json_out *j)
{
    const struct api_details *api = &a->view.details.api;
    if (!api->given)
        return;
    json_open_object(j, "api");
    json_text(j, "targetUrl", api->target_url);
    put_credentials(j, "credentials", &api->credentials);
    put_hole(a, j, "spec", SPECIFICATION_API);
    put_nonempty(j, "specificationUrl", api->specification_url);
    put_nonempty(j, "apiType", api->api_type);
    put_request_parameters(j, "requestParameters", &api->parameters);
    json_end(j);
}

static void put_events(struct answer *a, struct json_out *j)
{
    if (!a->view.row.specifications[SPECIFICATION_EVENTS].present)
        return;
    json_open_object(j, "events");
    put_hole(a, j, "spec", SPECIFICATION_EVENTS);
    json_end(j);
}

static struct status write_frame(struct answer *a)
{
    struct json_out j;
    buffer_clear(&a->frame);
    a->hole_count = 0;
    json_out_init(&j, &a->frame);
    json_open_object(&j, NULL);
    put_base_info(&j, &a->view.row);
    put_api(a, &j);
    put_events(a, &j);
    put_hole(a, &j, "documentation", SPECIFICATION_DOCUMENTATION);
    json_end(&j);
    buffer_byte(&a->frame, '\n');
    return buffer_status(&a->frame);
}

/* ---- the pieces ---- */

static struct status enter(struct call *c, const struct hole *h)
{
    struct answer *a = c->reply.state;
    const struct specification_ref *ref = &a->view.row.specifications[h->slot];
    buffer_clear(&a->content);
    TRY(registry_specification_shown(a->registry, &a->view, h->slot, &a->content, &c->err));
    const struct text content = buffer_as_text(&a->content);
    a->inside = true;
    a->json = (struct json_compact){0};
    a->text = (struct json_escape){0};
    if (ref->format == FORMAT_JSON) {
        a->json.rest = content;
        return DONE;
    }
    a->text.rest = content; /* what is no JSON is shown as one string */
    buffer_byte(&c->reply.body, '"');
    return DONE;
}

static void leave(struct call *c)
{
    struct answer *a = c->reply.state;
    if (a->view.row.specifications[a->holes[a->next_hole].slot].format != FORMAT_JSON)
        buffer_byte(&c->reply.body, '"');
    a->next_hole++;
    a->sent++;
    a->inside = false;
    buffer_clear(&a->content);
}

/* Up to `most` bytes more; `last` once all is there. */
static struct status put_some(struct call *c, size_t most)
{
    struct answer *a = c->reply.state;
    struct buffer *out = &c->reply.body;
    if (a->inside) {
        json_compact_some(&a->json, most, out);
        json_escape_some(&a->text, most, out);
        if (a->json.rest.n == 0 && a->text.rest.n == 0)
            leave(c);
        return DONE;
    }
    const bool final = a->next_hole == a->hole_count;
    const size_t end = final ? buffer_size(&a->frame) : a->holes[a->next_hole].at;
    if (a->sent < end) {
        const struct text piece = text_first(text_from(buffer_as_text(&a->frame), a->sent), end - a->sent);
        const struct text now = text_first(piece, most);
        buffer_text(out, now);
        a->sent += now.n;
        return DONE;
    }
    c->reply.last = final;
    return final ? DONE : enter(c, &a->holes[a->next_hole]);
}

static struct status fill(struct call *c, size_t most)
{
    const struct buffer *out = &c->reply.body;
    while (!c->reply.last && buffer_size(out) < most && status_ok(buffer_status(out)))
        TRY(put_some(c, most - buffer_size(out)));
    return buffer_status(out);
}

static struct status more(struct call *c)
{
    return fill(c, REPLY_PIECE);
}

/* ---- the answer ---- */

static struct status start(struct call *c, const struct registry_key *key)
{
    struct answer *a = c->reply.state;
    TRY(registry_find(a->registry, key, c->arena, &a->view, &c->err));
    TRY(write_frame(a));
    a->next_hole = 0;
    a->sent = 0;
    a->inside = false;
    reply_json(c, 200);
    return fill(c, WHOLE_MAX);
}

/* It is more than one piece: the frame and one specification at a time are kept meanwhile. */
static struct status stream(struct call *c)
{
    struct answer *a = c->reply.state;
    size_t most = 0;
    for (size_t i = 0; i < SPECIFICATION_SLOTS; i++) {
        const size_t size = (size_t)a->view.row.specifications[i].size;
        most = size > most ? size : most;
    }
    TRY(held_take(&a->held, buffer_size(&a->frame) + most));
    c->reply.more = more;
    return DONE;
}

struct status service_answer(struct call *c, const struct registry_key *key)
{
    struct answer *a = arena_alloc(c->arena, sizeof *a);
    if (!a)
        return STATUS(NOMEM);
    a->registry = c->domain->registry;
    buffer_init(&a->frame, FRAME_MAX);
    buffer_init(&a->content, SHOWN_MAX);
    c->reply.state = a;
    c->reply.done = answer_release;
    struct status s = start(c, key);
    /* Replaced between the reading of the row and that of its specification. */
    for (int i = 1; i < FIND_ATTEMPTS && s.code == E_NOT_FOUND && a->hole_count > 0; i++) {
        a->hole_count = 0;
        s = start(c, key);
    }
    return status_ok(s) && !c->reply.last ? stream(c) : s;
}
