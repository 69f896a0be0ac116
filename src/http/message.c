/* SPDX-License-Identifier: Apache-2.0 */
#include "http/message.h"

static const struct text method_names[HTTP_METHOD_COUNT] = {
    [HTTP_GET] = TEXT_INIT("GET"),       [HTTP_HEAD] = TEXT_INIT("HEAD"),
    [HTTP_POST] = TEXT_INIT("POST"),     [HTTP_PUT] = TEXT_INIT("PUT"),
    [HTTP_DELETE] = TEXT_INIT("DELETE"), [HTTP_OPTIONS] = TEXT_INIT("OPTIONS"),
    [HTTP_PATCH] = TEXT_INIT("PATCH"),   [HTTP_CONNECT] = TEXT_INIT("CONNECT"),
    [HTTP_TRACE] = TEXT_INIT("TRACE"),
};

const char *http_method_name(enum http_method m)
{
    must(m < HTTP_METHOD_COUNT);
    return method_names[m].p;
}

bool http_method_parse(struct text t, enum http_method *out)
{
    for (unsigned m = 0; m < HTTP_METHOD_COUNT; m++) {
        if (text_equal(t, method_names[m])) {
            *out = (enum http_method)m;
            return true;
        }
    }
    return false;
}

/* The IANA registry of status codes, without those that only WebDAV uses. */
static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
    {511, "Network Authentication Required"},
};

const char *http_reason(int status)
{
    size_t low = 0;
    size_t high = sizeof(reasons) / sizeof(reasons[0]);
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (reasons[middle].status == status)
            return reasons[middle].reason;
        if (reasons[middle].status < status)
            low = middle + 1;
        else
            high = middle;
    }
    return "";
}
