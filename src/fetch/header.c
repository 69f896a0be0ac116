/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/download.h"

#include "base/buffer.h"
#include "base/encoding.h"
#include "fetch/answer.h"

#define HEADER_MAX (64u * 1024)

bool header_value_is_fine(struct text value)
{
    for (size_t i = 0; i < value.n; i++) {
        uint8_t c = (uint8_t)value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* RFC 9110 5.6.2 */
static bool is_token(struct text name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return name.n > 0;
}

bool header_add(struct curl_slist **list, struct text name, struct text value)
{
    OWNED(buffer_release) struct buffer line;
    buffer_init(&line, HEADER_MAX);
    if (!is_token(name) || !header_value_is_fine(value))
        return false;
    buffer_text(&line, name);
    /* libcurl's words: "Name:" would remove a header of its own, "Name;" sends one without a value */
    buffer_text(&line, text_trim(value).n > 0 ? TEXT(": ") : TEXT(";"));
    buffer_text(&line, text_trim(value));
    buffer_byte(&line, '\0');
    if (!status_ok(buffer_status(&line)))
        return false;
    struct curl_slist *longer = curl_slist_append(*list, (const char *)buffer_bytes(&line).p);
    if (longer)
        *list = longer;
    return longer != NULL;
}

void basic_authorization(struct buffer *out, struct text user, struct text password)
{
    struct buffer pair;
    buffer_init(&pair, HEADER_MAX);
    buffer_text(&pair, user);
    buffer_byte(&pair, ':');
    buffer_text(&pair, password);
    buffer_text(out, TEXT("Basic "));
    base64_encode(out, buffer_bytes(&pair));
    if (!status_ok(buffer_status(&pair)))
        out->failed = pair.failed;
    buffer_wipe(&pair);
    buffer_release(&pair);
}

bool header_authorization(struct download *d, const struct url *url, struct buffer *out)
{
    const struct fetch_request *r = d->request;
    if (r->authorization.n > 0)
        buffer_text(out, r->authorization);
    else if (r->authentication == FETCH_BASIC)
        basic_authorization(out, r->user, r->password);
    else if (url->user && r->job != FETCH_TOKEN) /* whose client is known without, perhaps by certificate */
        basic_authorization(out, text_of(url->user), text_of(url->password));
    if (status_ok(buffer_status(out)))
        return true;
    answer_fail(d->answer, FETCH_REFUSED, "the user name or password is too long to be sent");
    return false;
}

bool header_add_authorization(struct download *d, struct text value, struct curl_slist **list)
{
    if (value.n == 0 || header_add(list, TEXT("Authorization"), value))
        return true;
    answer_fail(d->answer, FETCH_REFUSED, "the user name or password cannot be sent in a header");
    return false;
}

/*
 * Never replaced by a registered header: what the connection stands on, and who we are (the original sends no
 * User-Agent when there are parameters, so one of theirs did not come through there either).
 */
static bool is_ours(struct text name)
{
    static const char *const ours[] = {
        "host",
        "user-agent",
        "accept-encoding",
        "connection",
        "content-length",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "keep-alive",
        "proxy-connection",
        "proxy-authorization",
    };
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (text_equal_nocase(name, text_of(ours[i])))
            return true;
    }
    return false;
}

/* Is it among the first `count`? */
static bool is_listed(const struct curl_slist *list, size_t count, struct text name)
{
    for (size_t i = 0; i < count; i++, list = list->next) {
        struct text line = text_of(list->data);
        if (text_equal_nocase(text_first(line, strcspn(list->data, ":;")), name))
            return true;
    }
    return false;
}

bool header_add_registered(struct download *d, struct curl_slist **list)
{
    const struct fetch_request *r = d->request;
    size_t ours = 0;
    for (const struct curl_slist *i = *list; i; i = i->next)
        ours++;
    for (size_t i = 0; i < r->header_count; i++) {
        const struct fetch_field *h = &r->headers[i];
        if (is_ours(h->name) || is_listed(*list, ours, h->name))
            continue;
        if (!header_add(list, h->name, h->value)) {
            answer_fail(d->answer, FETCH_REFUSED, "the header '%.*s' cannot be sent",
                        TEXT_ARG(text_first(h->name, 60)));
            return false;
        }
    }
    return true;
}
