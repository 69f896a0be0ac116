/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/own.h"
#include "config/check.h"
#include "config/suggest.h"
#include "config/value.h"

OWNABLE(struct settings, settings_free);

const char *loader_place(const struct loader *l, const struct setting *row, char out[static PLACE_MAX])
{
    char variable[SETTING_VARIABLE_MAX];
    struct origin o = l->origins[row - settings_schema];
    switch (o.source) {
    case SOURCE_FILE:
        snprintf(out, PLACE_MAX, "%s:%zu: %s", l->file, o.line, row->key);
        break;
    case SOURCE_ENVIRONMENT:
        snprintf(out, PLACE_MAX, "environment %s", setting_variable(row, variable));
        break;
    case SOURCE_OPTION:
        snprintf(out, PLACE_MAX, "--set %s", row->key);
        break;
    case SOURCE_DATA_OPTION:
        snprintf(out, PLACE_MAX, "--data");
        break;
    case SOURCE_DEFAULT:
        snprintf(out, PLACE_MAX, "%s", row->key);
        break;
    }
    return out;
}

struct status loader_refuse(const struct loader *l, const struct setting *row, struct status cause,
                            struct error *err)
{
    char place[PLACE_MAX];
    return error_wrap(err, cause, "%s", loader_place(l, row, place));
}

struct status loader_set(struct loader *l, const struct setting *row, struct origin origin, struct text value,
                         struct error *err)
{
    struct origin before = l->origins[row - settings_schema];
    l->origins[row - settings_schema] = origin;
    struct status s = setting_parse(row, l->settings, value, err);
    if (status_ok(s) || s.code == E_NOMEM)
        return s;
    s = loader_refuse(l, row, s, err);
    l->origins[row - settings_schema] = before;
    return s;
}

struct status loader_unknown(struct text key, struct error *err)
{
    struct suggestion s;
    suggest_start(&s, key);
    for (size_t i = 0; i < settings_schema_count; i++) {
        struct text candidate = text_of(settings_schema[i].key);
        suggest_offer(&s, candidate);
        for (size_t dot = 0; dot < candidate.n; dot++) /* its sections */
            if (candidate.p[dot] == '.')
                suggest_offer(&s, text_first(candidate, dot));
    }
    if (s.best.p)
        return error_set(err, E_INVALID, "unknown key (did you mean %.*s?)", TEXT_ARG(s.best));
    return error_set(err, E_INVALID, "unknown key (`fairlead config reference` lists them)");
}

/* ---- --set ---- */

static struct status read_option(struct loader *l, const char *option, struct error *err)
{
    struct text value = text_of(option);
    struct text key = text_trim(text_cut(&value, '='));
    if (!check_printable(text_of(option)))
        return error_set(err, E_INVALID, "--set: holds control characters or is not UTF-8");
    if (!value.p)
        return error_set(err, E_INVALID, "--set %.*s: must be key=value", TEXT_ARG(key));
    const struct setting *row = setting_find(key);
    if (row)
        return loader_set(l, row, (struct origin){.source = SOURCE_OPTION}, value, err);
    struct status s = loader_unknown(key, err);
    return error_wrap(err, s, "--set %.*s", TEXT_ARG(key));
}

/* ---- rules over several settings ---- */

static struct status check_pair(const struct loader *l, const char *a, const char *b, struct error *err)
{
    const struct setting *first = setting_find(text_of(a));
    const struct setting *second = setting_find(text_of(b));
    bool has_first = **setting_text_member(first, l->settings);
    bool has_second = **setting_text_member(second, l->settings);
    if (has_first == has_second)
        return DONE;
    struct status s = error_set(err, E_INVALID, "needs %s as well", has_first ? b : a);
    return loader_refuse(l, has_first ? first : second, s, err);
}

/* DESIGN 3: neither may start on a non-loopback address without authentication. */
static struct status check_loopback(const struct loader *l, const char *key, const char *instead,
                                    struct error *err)
{
    const struct setting *row = setting_find(text_of(key));
    struct text address = text_of(*setting_text_member(row, l->settings));
    bool loopback = true;
    if (address.n == 0 || (check_address(address, &loopback) && loopback))
        return DONE;
    struct status s =
        error_set(err, E_INVALID,
                  "'%.*s' is reachable from other hosts and nobody is asked who they are there: "
                  "use 127.0.0.1 or [::1]%s",
                  TEXT_ARG(address), instead);
    return loader_refuse(l, row, s, err);
}

/* What is set for mutual TLS and then not used would look like protection. */
static struct status check_proxy(const struct loader *l, struct error *err)
{
    const struct settings *s = l->settings;
    const bool mutual = settings_proxy_is_mutual(s);
    static const char *const keys[] = {"tls.proxy.client_ca_file", "tls.proxy.certificate_file"};
    for (size_t i = 0; !mutual && i < sizeof keys / sizeof keys[0]; i++) {
        const struct setting *row = setting_find(text_of(keys[i]));
        if (**setting_text_member(row, l->settings))
            return loader_refuse(l, row,
                                 error_set(err, E_INVALID, "is used with tls.proxy.mode: mutual only"), err);
    }
    if (mutual && !s->central && !s->tls_proxy_client_ca_file[0])
        return loader_refuse(
            l, setting_find(TEXT("tls.proxy.mode")),
            error_set(err, E_INVALID,
                      "'mutual' would admit nobody: there are runtimes in central mode only "
                      "(mode.central), so tls.proxy.client_ca_file must name the workloads' CA"),
            err);
    return mutual ? DONE : check_loopback(l, "listen.proxy", ", or set tls.proxy.mode: mutual", err);
}

/* Half of it would refuse everybody, or let in who holds a token for something else. */
static struct status check_operators(const struct loader *l, struct error *err)
{
    const struct settings *s = l->settings;
    const struct setting *issuer = setting_find(TEXT("auth.oidc.issuer"));
    if (s->auth_oidc_issuer[0] && !s->auth_oidc_audience[0])
        return loader_refuse(l, issuer, error_set(err, E_INVALID, "needs auth.oidc.audience as well"), err);
    static const char *const keys[] = {"auth.oidc.audience", "auth.oidc.jwks_url", "auth.oidc.ca_file",
                                       "auth.oidc.tenant_claim"};
    for (size_t i = 0; !s->auth_oidc_issuer[0] && i < sizeof keys / sizeof keys[0]; i++) {
        const struct setting *row = setting_find(text_of(keys[i]));
        if (**setting_text_member(row, l->settings))
            return loader_refuse(l, row, error_set(err, E_INVALID, "needs auth.oidc.issuer as well"), err);
    }
    TRY(check_pair(l, "auth.oidc.tenant_claim", "auth.oidc.scope_claim", err));
    return settings_operators_prove_themselves(s)
               ? DONE
               : check_loopback(l, "listen.internal", ", or set auth.required or auth.oidc.issuer", err);
}

/* A mapping could never match. */
static struct status check_mappings(const struct loader *l, struct error *err)
{
    const struct settings *s = l->settings;
    if (!s->auth_subject_mappings_file[0] || s->tls_gateway_client_ca_file[0])
        return DONE;
    return loader_refuse(
        l, setting_find(TEXT("auth.subject_mappings_file")),
        error_set(err, E_INVALID,
                  "is about certificates of external CAs: needs tls.gateway.client_ca_file as well"),
        err);
}

/* What the registry promises about the certificates it generates, as far as the settings alone can tell;
 * registry/generated.h knows the CA as well. */
static struct status check_generated(const struct loader *l, struct error *err)
{
    const struct settings *s = l->settings;
    struct text algorithm = text_of(s->registry_generated_key_algorithm);
    if (s->registry_require_sha256_with_rsa && !text_starts_with(algorithm, TEXT("rsa:")))
        return loader_refuse(
            l, setting_find(TEXT("registry.generated_key_algorithm")),
            error_set(err, E_INVALID,
                      "'%.*s' is not what the tutorials promise, an RSA key and SHA256withRSA; set "
                      "registry.require_sha256_with_rsa: false to give that up",
                      TEXT_ARG(algorithm)),
            err);
    if (s->ca_accept_unrecorded && text_equal(text_of(s->registry_generated_issuer), TEXT("ca")))
        return loader_refuse(
            l, setting_find(TEXT("registry.generated_issuer")),
            error_set(err, E_INVALID,
                      "'ca' would make a service's certificate an identity on the gateway listener, as "
                      "ca.accept_unrecorded is true; set one of them to its default"),
            err);
    return DONE;
}

static struct status check_together(const struct loader *l, struct error *err)
{
    static const char *const pairs[][2] = {
        {"tls.connector.certificate_file", "tls.connector.key_file"},
        {"tls.gateway.certificate_file", "tls.gateway.key_file"},
        {"tls.proxy.certificate_file", "tls.proxy.key_file"},
        {"tls.cluster.certificate_file", "tls.cluster.key_file"},
        {"ca.certificate_file", "ca.key_file"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        TRY(check_pair(l, pairs[i][0], pairs[i][1], err));
    const struct setting *root = setting_find(TEXT("ca.root_file"));
    if (l->settings->ca_root_file[0] && !l->settings->ca_certificate_file[0])
        return loader_refuse(l, root, error_set(err, E_INVALID, "needs ca.certificate_file as well"), err);
    TRY(check_generated(l, err));
    TRY(check_operators(l, err));
    TRY(check_mappings(l, err));
    return check_proxy(l, err);
}

/* ---- the whole ---- */

struct settings *settings_new(void)
{
    OWNED(settings_free) struct settings *s = mem_alloc(sizeof *s);
    if (!s)
        return NULL;
    /* Plain HTTP: no rows, but no member is ever NULL. */
    struct settings_tls *internal = &s->tls[LISTENER_INTERNAL];
    internal->certificate_file = mem_strndup("", 0);
    internal->key_file = mem_strndup("", 0);
    if (!internal->certificate_file || !internal->key_file)
        return NULL;
    return TAKE(s);
}

static struct status loader_start(struct loader *l, const char *file, struct error *err)
{
    static_assert(SETTINGS_SCHEMA_MAX >= 64);
    must(settings_schema_count <= SETTINGS_SCHEMA_MAX);
    *l = (struct loader){.file = file, .settings = settings_new()};
    if (!l->settings)
        return STATUS(NOMEM);
    for (size_t i = 0; i < settings_schema_count; i++) {
        struct status s = loader_set(l, &settings_schema[i], (struct origin){.source = SOURCE_DEFAULT},
                                     text_of(settings_schema[i].default_text), err);
        must(s.code == E_OK || s.code == E_NOMEM);
        if (!status_ok(s)) {
            settings_free(TAKE(l->settings));
            return s;
        }
    }
    return DONE;
}

static struct status read_file(struct loader *l, const char *path, struct error *err)
{
    OWNED(buffer_release) struct buffer yaml;
    buffer_init(&yaml, CONFIG_FILE_MAX);
    TRY(config_file_read(path, &yaml, err));
    return yaml_read(l, buffer_as_text(&yaml), err);
}

static struct status read_sources(struct loader *l, const struct settings_sources *from, struct error *err)
{
    if (from->file)
        TRY(read_file(l, from->file, err));
    TRY(environment_read(l, from->environment, err));
    for (unsigned i = 0; i < from->set_count; i++)
        TRY(read_option(l, from->set[i], err));
    if (!from->data_dir)
        return DONE;
    const struct setting *row = setting_find(TEXT("data.dir"));
    if (!from->data_dir[0])
        return error_set(err, E_INVALID, "--data: must name a directory");
    return loader_set(l, row, (struct origin){.source = SOURCE_DATA_OPTION}, text_of(from->data_dir), err);
}

struct status settings_load(const struct settings_sources *from, struct settings **out, struct error *err)
{
    struct loader l;
    TRY(loader_start(&l, from->file, err));
    OWNED(settings_free) struct settings *settings = l.settings;
    TRY(read_sources(&l, from, err));
    TRY(paths_resolve(&l, from, err));
    TRY(check_together(&l, err));
    if (!from->skip_files)
        TRY(files_check(&l, err));
    *out = TAKE(settings);
    return DONE;
}

struct status settings_load_text(struct text yaml, const char *name, struct settings **out, struct error *err)
{
    struct loader l;
    TRY(loader_start(&l, name, err));
    OWNED(settings_free) struct settings *settings = l.settings;
    TRY(yaml_read(&l, yaml, err));
    TRY(check_together(&l, err));
    *out = TAKE(settings);
    return DONE;
}

void settings_free(struct settings *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < settings_schema_count; i++)
        setting_release(&settings_schema[i], s);
    mem_free(s->tls[LISTENER_INTERNAL].certificate_file);
    mem_free(s->tls[LISTENER_INTERNAL].key_file);
    mem_free(s);
}
