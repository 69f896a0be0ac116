/* SPDX-License-Identifier: Apache-2.0 */
#include "server/sandbox_paths.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/files.h"

/* Read by libraries: OpenSSL's configuration, sysconf, SQLite's seed. */
static const char *const for_libraries[] = {"/etc/ssl", "/usr/lib/ssl", "/sys/devices/system/cpu",
                                            "/dev/urandom"};

static struct status add(struct sandbox_paths *p, struct text path, bool writable)
{
    if (p->count == SANDBOX_PATHS_MAX)
        return STATUS(TOO_LARGE);
    char *copy = mem_strndup(path.p, path.n);
    if (!copy)
        return STATUS(NOMEM);
    p->owned[p->count] = copy;
    p->list[p->count++] = (struct sandbox_path){.path = copy, .writable = writable};
    return DONE;
}

/* Its directory, not the file: a file that is renewed by renaming is another one for Landlock. */
static struct status add_parent(struct sandbox_paths *p, const char *path, bool writable)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return add(p, TEXT("."), writable);
    return add(p, (struct text){path, slash == path ? 1 : (size_t)(slash - path)}, writable);
}

/* And where it really lies, if links lead elsewhere (/etc/letsencrypt/live -> archive). */
static struct status add_file(struct sandbox_paths *p, const char *path, bool writable)
{
    if (path[0] == '\0')
        return DONE;
    TRY(add_parent(p, path, writable));
    char real[PATH_MAX];
    return realpath(path, real) ? add_parent(p, real, writable) : DONE;
}

static struct status add_store(struct sandbox_paths *p, const char *url)
{
    struct text prefix = TEXT("sqlite:");
    return text_starts_with(text_of(url), prefix) ? add_file(p, url + prefix.n, true) : DONE;
}

/* The same order as vault/: the setting, the systemd credential, the user's configuration directory. */
static struct status add_vault_key(struct sandbox_paths *p, const struct settings *s, struct error *err)
{
    if (s->vault_key_file[0] != '\0')
        return add_file(p, s->vault_key_file, true);
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    if (credentials)
        TRY(add(p, text_of(credentials), false));
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char directory[PATH_MAX];
    int n;
    if (base && base[0] == '/')
        n = snprintf(directory, sizeof directory, "%s/fairlead", base);
    else if (home && home[0] == '/')
        n = snprintf(directory, sizeof directory, "%s/.config/fairlead", home);
    else if (geteuid() == 0)
        n = snprintf(directory, sizeof directory, "/etc/fairlead");
    else
        return DONE; /* vault/ says what is missing */
    if (n < 0 || (size_t)n >= sizeof directory)
        return STATUS(TOO_LARGE);
    struct error ignored = {0};
    if (!status_ok(directory_make(directory, 0700, &ignored)) && !credentials)
        return error_set(err, ignored.code, "vault.key_file is not set and its default has no place: %s",
                         ignored.message);
    return add(p, text_of(directory), true);
}

static struct status add_all(struct sandbox_paths *p, const struct settings *s, struct error *err)
{
    TRY(add(p, text_of(s->data_dir), true));
    TRY(add_store(p, s->store_url));
    TRY(add_vault_key(p, s, err));
    const char *const files[] = {s->ca_certificate_file,
                                 s->ca_key_file,
                                 s->ca_root_file,
                                 s->outbound_ca_file,
                                 s->auth_oidc_ca_file,
                                 s->outbound_proxy_credentials_file,
                                 s->tls_proxy_client_ca_file,
                                 s->tls_gateway_client_ca_file,
                                 s->auth_subject_mappings_file};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        TRY(add_file(p, files[i], false));
    for (unsigned l = 0; l < LISTENER_COUNT; l++) {
        TRY(add_file(p, s->tls[l].certificate_file, false));
        TRY(add_file(p, s->tls[l].key_file, false));
    }
    for (size_t i = 0; i < sizeof for_libraries / sizeof for_libraries[0]; i++)
        TRY(add(p, text_of(for_libraries[i]), false));
    return DONE;
}

struct status sandbox_paths_for_core(const struct settings *settings, struct sandbox_paths *out,
                                     struct error *err)
{
    struct sandbox_paths p = {0};
    struct error inner = {0};
    struct status st = add_all(&p, settings, &inner);
    if (!status_ok(st)) {
        sandbox_paths_release(&p);
        return error_set(err, st.code, "sandbox: %s", error_text(&inner, st));
    }
    *out = p;
    return DONE;
}

static bool is_at_or_below(const char *path, const char *directory)
{
    size_t n = strlen(directory);
    bool is_root = n == 1 && directory[0] == '/';
    return is_root || (strncmp(path, directory, n) == 0 && (path[n] == '/' || path[n] == '\0'));
}

static bool covers(const struct sandbox_paths *p, const struct sandbox_path *wanted)
{
    for (unsigned i = 0; i < p->count; i++) {
        if (is_at_or_below(wanted->path, p->list[i].path) && (p->list[i].writable || !wanted->writable))
            return true;
    }
    return false;
}

struct status sandbox_paths_check_reload(const struct settings *running, const struct settings *wanted,
                                         struct error *err)
{
    OWNED(sandbox_paths_release) struct sandbox_paths now = {0};
    OWNED(sandbox_paths_release) struct sandbox_paths then = {0};
    TRY(sandbox_paths_for_core(running, &now, err));
    TRY(sandbox_paths_for_core(wanted, &then, err));
    for (unsigned i = 0; i < then.count; i++) {
        if (!covers(&now, &then.list[i]))
            return error_set(err, E_CONFLICT,
                             "the core's sandbox was closed without '%s': a new directory needs a restart",
                             then.list[i].path);
    }
    return DONE;
}

void sandbox_paths_release(struct sandbox_paths *p)
{
    for (unsigned i = 0; i < p->count; i++)
        mem_free(p->owned[i]);
    p->count = 0;
}
