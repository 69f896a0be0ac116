/* SPDX-License-Identifier: Apache-2.0 */
#include "http/router.h"

#include "base/alloc.h"

#define ROUTER_CHUNK 8192
#define ROUTER_MAX   (4UL * 1024 * 1024)

/* One row that ends at a node. */
struct leaf {
    const struct route *route;
    struct leaf *next;
};

/* One segment of the patterns. Literal children are few and told apart by length before their text. */
struct node {
    struct text segment;   /* literal nodes */
    struct node *literals; /* children */
    struct node *param;    /* child "{name}" */
    struct node *rest;     /* child "{name...}", has no children */
    struct node *next;     /* sibling among literals */
    struct leaf *leaves;
};

struct router {
    struct arena arena; /* of the nodes */
    struct node root;
};

enum segment_kind { SEGMENT_LITERAL, SEGMENT_PARAM, SEGMENT_REST, SEGMENT_MALFORMED };

static enum segment_kind kind_of(struct text segment)
{
    const bool opens = text_starts_with(segment, TEXT("{"));
    const bool closes = text_ends_with(segment, TEXT("}"));
    if (!opens && !closes && !text_contains(segment, '{') && !text_contains(segment, '}'))
        return SEGMENT_LITERAL;
    if (!opens || !closes || segment.n < 3)
        return SEGMENT_MALFORMED;
    const struct text name = text_first(text_from(segment, 1), segment.n - 2);
    if (text_contains(name, '{') || text_contains(name, '}'))
        return SEGMENT_MALFORMED;
    if (text_ends_with(name, TEXT("...")))
        return name.n > 3 ? SEGMENT_REST : SEGMENT_MALFORMED;
    return SEGMENT_PARAM;
}

static struct node *find_literal(struct node *list, struct text segment)
{
    for (struct node *n = list; n; n = n->next)
        if (n->segment.n == segment.n && memcmp(n->segment.p, segment.p, segment.n) == 0)
            return n;
    return NULL;
}

/* The child of `at` for one segment of a pattern, made when it is new. NULL when out of memory. */
static struct node *descend(struct router *r, struct node *at, struct text segment, enum segment_kind kind)
{
    struct node **slot = kind == SEGMENT_PARAM ? &at->param : &at->rest;
    struct node *found = kind == SEGMENT_LITERAL ? find_literal(at->literals, segment) : *slot;
    if (found)
        return found;
    struct node *made = arena_alloc(&r->arena, sizeof(*made));
    if (!made)
        return NULL;
    made->segment = segment;
    if (kind == SEGMENT_LITERAL) {
        made->next = at->literals;
        at->literals = made;
    } else {
        *slot = made;
    }
    return made;
}

static struct status add_leaf(struct router *r, struct node *at, const struct route *route, struct error *err)
{
    for (const struct leaf *l = at->leaves; l; l = l->next)
        if (l->route->method == route->method && (l->route->listeners & route->listeners))
            return error_set(err, E_INVALID, "routes '%s' and '%s' collide for %s", l->route->pattern,
                             route->pattern, http_method_name(route->method));
    struct leaf *leaf = arena_alloc(&r->arena, sizeof(*leaf));
    if (!leaf)
        return error_set(err, E_NOMEM, "out of memory for the route table");
    *leaf = (struct leaf){route, at->leaves};
    at->leaves = leaf;
    return DONE;
}

static struct status add_route(struct router *r, const struct route *route, struct error *err)
{
    struct text rest = text_of(route->pattern);
    if (!text_starts_with(rest, TEXT("/")) || route->method >= HTTP_METHOD_COUNT)
        return error_set(err, E_INVALID, "route '%s' does not begin with '/'", route->pattern);
    rest = text_from(rest, 1);
    struct node *at = &r->root;
    size_t params = 0;
    while (rest.p) {
        const struct text segment = text_cut(&rest, '/');
        const enum segment_kind kind = kind_of(segment);
        params += kind != SEGMENT_LITERAL ? 1 : 0;
        if (kind == SEGMENT_MALFORMED || (kind == SEGMENT_REST && rest.p) || (segment.n == 0 && rest.p))
            return error_set(err, E_INVALID, "route '%s': segment '%.*s' is malformed", route->pattern,
                             TEXT_ARG(segment));
        if (params > ROUTE_PARAMS_MAX)
            return error_set(err, E_INVALID, "route '%s' has more than %d parameters", route->pattern,
                             ROUTE_PARAMS_MAX);
        at = descend(r, at, segment, kind);
        if (!at)
            return error_set(err, E_NOMEM, "out of memory for the route table");
    }
    return add_leaf(r, at, route, err);
}

void router_free(struct router *r)
{
    if (!r)
        return;
    arena_release(&r->arena);
    mem_free(r);
}

OWNABLE(struct router, router_free);

struct status router_new(const struct route *table, size_t count, struct router **out, struct error *err)
{
    OWNED(router_free) struct router *r = mem_alloc(sizeof(*r));
    if (!r)
        return error_set(err, E_NOMEM, "out of memory for the route table");
    arena_init(&r->arena, ROUTER_CHUNK, ROUTER_MAX);
    for (size_t i = 0; i < count; i++)
        TRY(add_route(r, &table[i], err));
    *out = TAKE(r);
    return DONE;
}

/* A search in progress. Parameters are raw until a row is found. */
struct search {
    unsigned listener;
    enum http_method method;
    unsigned allowed; /* methods of rows that match but for the method */
    struct text raw[ROUTE_PARAMS_MAX];
    size_t count;
    bool last_is_rest;
    const struct route *found;
};

static bool accept_leaf(struct search *s, const struct node *at)
{
    const struct route *get = NULL;
    for (const struct leaf *l = at->leaves; l; l = l->next) {
        if (!(l->route->listeners & s->listener))
            continue;
        s->allowed |= 1U << l->route->method;
        if (l->route->method == s->method) {
            s->found = l->route;
            return true;
        }
        if (l->route->method == HTTP_GET)
            get = l->route;
    }
    /* Whoever serves GET serves HEAD (RFC 9110 9.3.2); the session leaves the body out. */
    if (get)
        s->allowed |= 1U << HTTP_HEAD;
    if (get && s->method == HTTP_HEAD)
        s->found = get;
    return s->found != NULL;
}

/* Depth is bounded by the deepest pattern, not by the path. */
static bool match(struct search *s, const struct node *at, struct text rest)
{
    if (!rest.p && accept_leaf(s, at))
        return true;
    if (rest.p) {
        struct text tail = rest;
        const struct text segment = text_cut(&tail, '/');
        const struct node *literal = find_literal(at->literals, segment);
        if (literal && match(s, literal, tail))
            return true;
        if (at->param && segment.n > 0) {
            s->raw[s->count++] = segment;
            if (match(s, at->param, tail))
                return true;
            s->count--;
        }
    }
    if (!at->rest)
        return false;
    s->raw[s->count++] = rest.p ? rest : TEXT("");
    s->last_is_rest = accept_leaf(s, at->rest);
    s->count -= s->last_is_rest ? 0 : 1;
    return s->last_is_rest;
}

static bool is_dots(struct text t)
{
    return text_equal(t, TEXT(".")) || text_equal(t, TEXT(".."));
}

/* "{rest...}" stays raw: decoding it would make slashes of "%2f". */
static bool decode_params(const struct search *s, struct arena *a, struct route_match *out)
{
    out->param_count = s->count;
    for (size_t i = 0; i < s->count; i++) {
        if (s->last_is_rest && i == s->count - 1) {
            out->params[i] = s->raw[i];
            continue;
        }
        out->params[i] = path_segment_decode(s->raw[i], a);
        /* An encoded ".." is no name: whoever builds a path from it would climb. */
        if (!out->params[i].p || is_dots(out->params[i]))
            return false;
    }
    return true;
}

/* "//", "/./" or "/../" anywhere, or the last two at the end; the path begins with '/'. */
static bool is_unclean(struct text path)
{
    struct text rest = text_from(path, 1);
    while (rest.p) {
        const struct text segment = text_cut(&rest, '/');
        if (is_dots(segment) || (segment.n == 0 && rest.p))
            return true;
    }
    return false;
}

/* The path as RFC 3986 5.2.4 would have it, with empty segments removed too; a final slash stays. */
static struct text cleaned(struct text path, struct arena *a)
{
    char *out = arena_alloc(a, path.n + 1);
    if (!out)
        return (struct text){NULL, 0};
    size_t n = 0;
    bool directory = false;
    struct text rest = text_from(path, 1);
    while (rest.p) {
        const struct text segment = text_cut(&rest, '/');
        directory = segment.n == 0 || is_dots(segment);
        if (text_equal(segment, TEXT(".."))) {
            while (n > 0 && out[--n] != '/')
                ;
        } else if (!directory) {
            out[n++] = '/';
            memcpy(out + n, segment.p, segment.n);
            n += segment.n;
        }
    }
    if (directory)
        out[n++] = '/';
    return (struct text){out, n};
}

enum route_verdict router_find(const struct router *r, unsigned listener, enum http_method method,
                               struct text path, struct arena *a, struct route_match *out)
{
    *out = (struct route_match){0};
    if (path.n == 0 || path.p[0] != '/')
        return ROUTE_NOT_FOUND;
    if (is_unclean(path)) {
        out->clean_path = cleaned(path, a);
        return out->clean_path.p ? ROUTE_UNCLEAN : ROUTE_NOT_FOUND;
    }
    struct search s = {.listener = listener, .method = method};
    if (match(&s, &r->root, text_from(path, 1))) {
        out->route = s.found;
        return decode_params(&s, a, out) ? ROUTE_FOUND : ROUTE_NOT_FOUND;
    }
    out->allowed = s.allowed;
    return s.allowed ? ROUTE_WRONG_METHOD : ROUTE_NOT_FOUND;
}
