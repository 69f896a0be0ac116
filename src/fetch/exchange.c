/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/exchange.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "fetch/answer.h"
#include "fetch/download.h"
#include "http/message.h"

#define TRUST_MAX      (4u * 1024 * 1024)
#define CONNECT_MAX_MS 10000
#define SILENCE_S      30 /* with fewer than SILENCE_RATE bytes a second nothing comes any more */
#define SILENCE_RATE   64

static inline void easy_free(CURL *c)
{
    curl_easy_cleanup(c);
}
OWNABLE(void, easy_free);

/* ---- what libcurl calls ---- */
static void note_refusal(struct exchange *x, const struct sockaddr *address, const char *why)
{
    char text[INET6_ADDRSTRLEN] = "?";
    if (address->sa_family == AF_INET) {
        struct sockaddr_in a;
        memcpy(&a, address, sizeof a);
        (void)inet_ntop(AF_INET, &a.sin_addr, text, sizeof text);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 a;
        memcpy(&a, address, sizeof a);
        (void)inet_ntop(AF_INET6, &a.sin6_addr, text, sizeof text);
    }
    (void)snprintf(x->refused, sizeof x->refused, "the address %s is %s", text, why);
}

/* The address is the one that connect(2) gets next: no name is resolved a second time after this look. */
static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct exchange *x = ctx;
    const char *why = NULL;
    if (purpose != CURLSOCKTYPE_IPCXN)
        why = "not for a connection";
    else if (!x->way.by_proxy) /* the proxy is the operator's word; what it is asked for was looked at */
        why = guard_check(x->guard, &address->addr, address->addrlen);
    if (why) {
        note_refusal(x, &address->addr, why);
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void take_location(struct exchange *x, struct text line)
{
    struct text value = line;
    struct text name = text_cut(&value, ':');
    if (value.p && text_equal_nocase(name, TEXT("location")) && x->location[0] == '\0')
        (void)text_to_cstr(text_trim(value), x->location, sizeof x->location);
}

static void forget_interim(struct exchange *x)
{
    x->location[0] = '\0';
    if (x->head) {
        buffer_wipe(x->head);
        buffer_clear(x->head);
    }
}

static size_t on_header(char *p, size_t size, size_t count, void *ctx)
{
    struct exchange *x = ctx;
    struct text line = {p, size * count};
    x->header_bytes += line.n;
    if (x->header_bytes > EXCHANGE_HEAD_MAX) {
        x->too_large = true;
        return 0;
    }
    while (line.n > 0 && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n'))
        line.n--;
    if (text_starts_with(line, TEXT("HTTP/")))
        forget_interim(x);
    take_location(x, line);
    if (x->head) {
        buffer_text(x->head, line);
        buffer_byte(x->head, '\n');
    }
    return size * count;
}

static size_t on_body(char *p, size_t size, size_t count, void *ctx)
{
    struct exchange *x = ctx;
    long status = 0;
    (void)curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 || !x->body)
        return 0; /* nobody reads it: the header has been seen */
    buffer_append(x->body, (struct bytes){(const uint8_t *)p, size * count});
    x->too_large = !status_ok(buffer_status(x->body));
    return x->too_large ? 0 : size * count;
}

/* ---- set-up ---- */
#define SET(option, value) ok = ok && curl_easy_setopt(curl, (option), (value)) == CURLE_OK

static bool set_connection(CURL *curl, struct exchange *x)
{
    bool ok = true;
    int64_t left = x->deadline_ms - clock_monotonic_ms();
    SET(CURLOPT_URL, x->url->text);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1); /* one parser of strangers' bytes less */
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    SET(CURLOPT_OPENSOCKETDATA, x);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* do not wait for a resolver that does not answer */
    SET(CURLOPT_TIMEOUT_MS, (long)(left > 1 ? left : 1));
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MAX_MS);
    SET(CURLOPT_LOW_SPEED_LIMIT, (long)SILENCE_RATE);
    SET(CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
    return ok;
}

/* A blob takes the place of the system's bundle, not of its directory. libcurl keeps the pointer. */
static bool set_trust(CURL *curl, const struct exchange *x, struct buffer *trust)
{
    bool ok = true;
    struct bytes configured = buffer_bytes(&x->policy->trusted);
    buffer_append(trust, configured);
    if (x->tls && x->tls->anchors_pem.n > 0) {
        buffer_byte(trust, '\n');
        buffer_text(trust, x->tls->anchors_pem);
    }
    if (buffer_size(trust) == 0)
        return status_ok(buffer_status(trust));
    struct curl_blob blob = {.data = trust->data + trust->start, .len = buffer_size(trust)};
    SET(CURLOPT_CAINFO_BLOB, &blob);
    SET(CURLOPT_CAPATH, x->policy->trust_path);
    return ok && status_ok(buffer_status(trust));
}

static bool set_tls(CURL *curl, const struct exchange *x, struct buffer *trust)
{
    const bool verify = x->tls ? !x->tls->insecure : x->policy->verify_tls;
    bool ok = true;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
    SET(CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
    if (x->tls && x->tls->client_chain_pem.n > 0) {
        struct curl_blob chain = {.data = (void *)(uintptr_t)x->tls->client_chain_pem.p,
                                  .len = x->tls->client_chain_pem.n};
        struct curl_blob key = {.data = (void *)(uintptr_t)x->tls->client_key_pem.p,
                                .len = x->tls->client_key_pem.n};
        SET(CURLOPT_SSLCERT_BLOB, &chain);
        SET(CURLOPT_SSLKEY_BLOB, &key);
    }
    return ok && (!verify || set_trust(curl, x, trust));
}

static bool set_message(CURL *curl, struct exchange *x)
{
    bool ok = true;
    SET(CURLOPT_USERAGENT, "fairlead/" FAIRLEAD_VERSION);
    SET(CURLOPT_ACCEPT_ENCODING, x->body ? "gzip, deflate" : NULL);
    SET(CURLOPT_HTTPHEADER, x->headers);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    if (x->post) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->form.n);
        SET(CURLOPT_POSTFIELDS, x->form.n > 0 ? x->form.p : "");
    } else {
        SET(CURLOPT_HTTPGET, 1L);
    }
    return ok;
}

/* ---- what went wrong ---- */
static bool fail_too_large(struct exchange *x)
{
    size_t max = x->body ? x->body->max : 0;
    if (x->header_bytes > EXCHANGE_HEAD_MAX)
        answer_fail(x->answer, FETCH_TOO_LARGE, "the header of the answer is larger than %u KiB",
                    EXCHANGE_HEAD_MAX / 1024);
    else if (!x->body || x->body->failed == E_NOMEM)
        answer_fail(x->answer, FETCH_TOO_LARGE, "it needs more memory than a download may have");
    else if (max % (1024 * 1024) == 0)
        answer_fail(x->answer, FETCH_TOO_LARGE, "larger than %zu MiB%s", max / 1024 / 1024, x->limit_name);
    else
        answer_fail(x->answer, FETCH_TOO_LARGE, "larger than %zu bytes%s", max, x->limit_name);
    return false;
}

static bool fail_connect(struct exchange *x, CURL *curl)
{
    long error = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
    if (x->refused[0])
        answer_fail(x->answer, FETCH_REFUSED, "%s", x->refused);
    else
        answer_fail(x->answer, FETCH_UNREACHABLE, "cannot connect to %s%s%s", x->url->host, error ? ": " : "",
                    error ? strerror((int)error) : "");
    return false;
}

static void fail_timeout(struct exchange *x, CURL *curl)
{
    curl_off_t connected = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connected);
    if (clock_monotonic_ms() + 50 >= x->deadline_ms)
        answer_timeout(x->answer, x->timeout_ms);
    else if (connected == 0)
        answer_fail(x->answer, FETCH_TIMEOUT, "cannot connect to %s within %d s", x->url->host,
                    CONNECT_MAX_MS / 1000);
    else
        answer_fail(x->answer, FETCH_TIMEOUT, "next to nothing came for %d s", SILENCE_S);
}

/* The proxy's doing; false: the target's, behind it. */
static bool fail_at_proxy(struct exchange *x, CURL *curl, CURLcode code)
{
    long answered = 0, error = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_HTTP_CONNECTCODE, &answered);
    (void)curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
    if (answered >= 200 && answered < 300)
        return false;
    const bool known = answered >= 100 && answered <= 599;
    const char *reason = known ? http_reason((int)answered) : "";
    if (known)
        answer_fail(x->answer, FETCH_UNREACHABLE, "the proxy answered %d%s%s (outbound.proxy)", (int)answered,
                    *reason ? " " : "", reason);
    else if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_PROXY)
        answer_fail(x->answer, FETCH_UNREACHABLE, "cannot connect to outbound.proxy%s%s", error ? ": " : "",
                    error ? strerror((int)error) : "");
    else if (code == CURLE_OPERATION_TIMEDOUT)
        answer_fail(x->answer, FETCH_TIMEOUT, "outbound.proxy does not answer");
    else
        answer_fail(x->answer, FETCH_UNREACHABLE, "outbound.proxy did not answer as a proxy does");
    return true;
}

static bool fail(struct exchange *x, CURL *curl, CURLcode code, const char *words)
{
    const char *detail = words[0] ? words : curl_easy_strerror(code);
    if (x->too_large || code == CURLE_FILESIZE_EXCEEDED)
        return fail_too_large(x);
    if (x->way.by_proxy && fail_at_proxy(x, curl, code))
        return false;
    if (code == CURLE_COULDNT_CONNECT)
        return fail_connect(x, curl);
    if (code == CURLE_OPERATION_TIMEDOUT)
        fail_timeout(x, curl);
    else if (code == CURLE_COULDNT_RESOLVE_HOST)
        answer_fail(x->answer, FETCH_UNREACHABLE, "the host name %s cannot be resolved", x->url->host);
    else if (code == CURLE_SSL_CERTPROBLEM)
        answer_fail(x->answer, FETCH_UNREACHABLE, "the client certificate or its key cannot be used");
    else if (code == CURLE_SSL_CACERT_BADFILE)
        answer_fail(x->answer, FETCH_UNREACHABLE, "the certificates to trust cannot be read");
    else if (code == CURLE_PEER_FAILED_VERIFICATION)
        answer_fail(x->answer, FETCH_UNREACHABLE,
                    "the server's certificate is not trusted (outbound.ca_file): %s", detail);
    else if (code == CURLE_SSL_CONNECT_ERROR)
        answer_fail(x->answer, FETCH_UNREACHABLE, "TLS with %s failed: %s", x->url->host, detail);
    else if (code == CURLE_OUT_OF_MEMORY)
        answer_fail(x->answer, FETCH_TOO_LARGE, "it needs more memory than a download may have");
    else if (code == CURLE_BAD_CONTENT_ENCODING)
        answer_fail(x->answer, FETCH_UNREACHABLE, "the compression of the answer is damaged");
    else if (x->url->https && (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR))
        answer_fail(x->answer, FETCH_UNREACHABLE, "TLS with %s ended%s: %s", x->url->host,
                    x->tls ? ", as when another client certificate is wanted" : "", detail);
    else
        answer_fail(x->answer, FETCH_UNREACHABLE, "the download from %s failed: %s", x->url->host,
                    curl_easy_strerror(code));
    return false;
}

bool exchange_redirects(const struct exchange *x)
{
    bool status =
        x->status == 301 || x->status == 302 || x->status == 303 || x->status == 307 || x->status == 308;
    return status && x->location[0] != '\0';
}

static bool set_all(CURL *curl, struct exchange *x, char *words, struct buffer *trust,
                    struct curl_slist **connect_to)
{
    bool ok = curl != NULL && exchange_set_way(x, curl, connect_to);
    SET(CURLOPT_ERRORBUFFER, words);
    if (x->body)
        SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)x->body->max);
    return ok && set_connection(curl, x) && set_tls(curl, x, trust) && set_message(curl, x);
}

bool fetch_exchange_run(struct exchange *x)
{
    char words[CURL_ERROR_SIZE] = "";
    OWNED(buffer_release) struct buffer trust; /* outlives the handle that points into it */
    buffer_init(&trust, TRUST_MAX);
    OWNED(curl_slist_free_all) struct curl_slist *connect_to = NULL; /* likewise */
    OWNED(easy_free) void *curl = curl_easy_init();
    x->curl = curl;
    x->status = 0;
    x->location[0] = '\0';
    if (!exchange_find_way(x))
        return false;
    if (!set_all(curl, x, words, &trust, &connect_to)) {
        answer_fail(x->answer, FETCH_TOO_LARGE, "it needs more memory than a download may have");
        return false;
    }
    CURLcode code = curl_easy_perform(curl);
    long status = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    long at_proxy = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_HTTP_CONNECTCODE, &at_proxy);
    if (x->way.by_proxy && (at_proxy < 200 || at_proxy > 299))
        status = 0; /* a proxy's 403 says nothing about the credentials of the service */
    x->status = status >= 100 && status <= 999 ? (int)status : 0;
    x->answer->http_status = x->status;
    bool unwanted = status != 200 || !x->body;
    bool unread = status != 0 && unwanted && (code == CURLE_WRITE_ERROR || code == CURLE_FILESIZE_EXCEEDED);
    if (code != CURLE_OK && !(unread && !x->too_large))
        return fail(x, curl, code, words);
    return true;
}
