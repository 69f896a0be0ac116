/* SPDX-License-Identifier: Apache-2.0 */
#include "core/core_internal.h"
#include "os/files.h"
#include "tls/policy.h"
#include "tls/tls.h"

/*
 * What the listeners are configured to show, tried before anybody depends on it: a start ends here, a reload
 * is refused here, with the names of the setting and the file. The fronts then read the same files through
 * front_listeners(). So it is with the trust anchors for targets.
 */

#define FILE_SIZE_MAX    (256u * 1024)
#define ANCHORS_SIZE_MAX (1024u * 1024)

static struct status try_pair(struct text chain, struct text key, struct error *err)
{
    const struct tls_key_pair pair = {chain, key};
    const struct tls_server_settings settings = {
        .pairs = &pair, .pair_count = 1, .session_context = TEXT("trial")};
    struct tls_context *context = NULL;
    TRY(tls_server_context_new(&settings, &context, err));
    tls_context_unref(context);
    return DONE;
}

static struct status check_files(const char *listener, const struct settings_tls *files, struct error *err)
{
    OWNED(buffer_release) struct buffer chain;
    OWNED(secret_release) struct secret key = {0};
    buffer_init(&chain, FILE_SIZE_MAX);
    struct status st = file_read(files->certificate_file, FILE_SIZE_MAX, &chain, err);
    if (!status_ok(st))
        return error_wrap(err, st, "tls.%s.certificate_file", listener);
    st = file_read_key(files->key_file, FILE_SIZE_MAX, &key, err);
    if (!status_ok(st))
        return error_wrap(err, st, "tls.%s.key_file", listener);
    st = try_pair(buffer_as_text(&chain), bytes_text(secret_bytes(&key)), err);
    if (!status_ok(st))
        return error_wrap(err, st, "tls.%s: certificate_file '%s' with key_file '%s'", listener,
                          files->certificate_file, files->key_file);
    return DONE;
}

static struct status try_anchors(const char *file, struct error *err)
{
    OWNED(buffer_release) struct buffer pem;
    struct tls_trust *trust = NULL;
    buffer_init(&pem, ANCHORS_SIZE_MAX);
    TRY(file_read(file, ANCHORS_SIZE_MAX, &pem, err));
    TRY(tls_trust_new(NULL, buffer_as_text(&pem), &trust, err));
    tls_trust_free(trust);
    return DONE;
}

static struct status check_anchors(const char *key, const char *file, struct error *err)
{
    if (!file[0])
        return DONE;
    struct status st = try_anchors(file, err);
    return status_ok(st) ? DONE : error_wrap(err, st, "%s", key);
}

struct status core_check_tls(const struct settings *settings, struct error *err)
{
    if (!tls_policy_find(text_of(settings->tls_policy)))
        return error_set(err, E_INVALID, "tls.policy: there is no policy '%s'; the newest is %s",
                         settings->tls_policy, tls_policy_at(0)->name);
    for (int l = 0; l < LISTENER_COUNT; l++)
        if (settings->listen[l][0] && settings->tls[l].certificate_file[0])
            TRY(check_files(listener_name((enum listener)l), &settings->tls[l], err));
    TRY(check_anchors("tls.proxy.client_ca_file", settings->tls_proxy_client_ca_file, err));
    TRY(check_anchors("tls.gateway.client_ca_file", settings->tls_gateway_client_ca_file, err));
    return check_anchors("outbound.ca_file", settings->outbound_ca_file, err);
}
