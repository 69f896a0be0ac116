/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/connection.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/json_out.h"
#include "base/own.h"
#include "cli/json_list.h"
#include "os/files.h"
#include "x509/pkcs12.h"

#define FILE_MAX 262144

void connection_files_release(struct connection_files *c)
{
    secret_release(&c->identity.key_pem);
}

static struct status path_of(const char *dir, const char *name, char out[static PATH_MAX], struct error *err)
{
    struct status s = path_join(dir, name, out, PATH_MAX);
    return status_ok(s) ? s : error_set(err, E_INVALID, "the path %.64s... is too long", dir);
}

struct status connection_prepare(const char *dir, bool *out_made, struct error *err)
{
    static const char *const names[] = {"client.crt", "client.key", "connection.json"};
    char path[PATH_MAX];
    *out_made = access(dir, F_OK) != 0;
    TRY(directory_make(dir, 0700, err));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        TRY(path_of(dir, names[i], path, err));
        if (access(path, F_OK) == 0)
            return error_set(
                err, E_CONFLICT,
                "%s exists already: use `fairlead renew %s`, or another directory for a new connection", path,
                dir);
    }
    return DONE;
}

void connection_forget_directory(const char *dir)
{
    (void)rmdir(dir); /* fails when something is in it, as it should */
}

static const char *key_name_of(bool next)
{
    return next ? "client.key.next" : "client.key";
}

struct status connection_write_key(const char *dir, EVP_PKEY *key, bool next, struct error *err)
{
    char path[PATH_MAX];
    OWNED(secret_release) struct secret pem = {NULL, 0};
    TRY(key_to_pkcs8_pem(key, &pem, err));
    TRY(path_of(dir, key_name_of(next), path, err));
    return file_write(path, secret_bytes(&pem), 0600, err);
}

struct status connection_forget_key(const char *dir, bool next)
{
    char path[PATH_MAX];
    TRY(path_of(dir, key_name_of(next), path, NULL));
    return unlink(path) == 0 || errno == ENOENT ? DONE : STATUS(UNAVAILABLE);
}

static struct status write_file(const char *dir, const char *name, struct text content, struct error *err)
{
    char path[PATH_MAX];
    TRY(path_of(dir, name, path, err));
    return file_write(path, text_bytes(content), 0644, err);
}

static struct status write_info(const char *dir, const struct connection_info *info,
                                const struct enrol_answer *answer, struct error *err)
{
    OWNED(buffer_release) struct buffer out;
    buffer_init(&out, FILE_MAX);
    struct json_out j;
    json_out_init(&j, &out);
    json_open_object(&j, NULL);
    json_text(&j, "kind", info->kind);
    json_text(&j, "subject", info->subject);
    json_text(&j, "keyAlgorithm", info->key_algorithm);
    json_text(&j, "infoUrl", info->info_url);
    json_text(&j, "metadataUrl", info->metadata_url);
    json_text(&j, "eventsUrl", info->events_url);
    json_text(&j, "connectorUrl", info->connector_url);
    json_text(&j, "directorUrl", info->director_url);
    json_text(&j, "serverCaFingerprint", info->ca_fingerprint);
    json_cstr(&j, "fingerprint", answer->fingerprint);
    json_time(&j, "notAfter", answer->chain[0].not_after);
    json_end(&j);
    buffer_byte(&out, '\n');
    TRY(buffer_status(&out));
    return write_file(dir, "connection.json", buffer_as_text(&out), err);
}

static struct status move_key(const char *dir, struct error *err)
{
    char from[PATH_MAX], to[PATH_MAX];
    TRY(path_of(dir, key_name_of(true), from, err));
    TRY(path_of(dir, key_name_of(false), to, err));
    if (rename(from, to) != 0)
        return error_set(err, E_UNAVAILABLE, "cannot rename %s: %s", from, strerror(errno));
    return DONE;
}

struct status connection_write(const char *dir, const struct connection_info *info,
                               const struct enrol_answer *answer, bool next, struct error *err)
{
    /* client.crt decides which key is the right one (settle_key), so in a renewal it goes first. */
    TRY(write_file(dir, "client.crt", answer->leaf_pem, err));
    TRY(write_file(dir, "chain.crt", answer->chain_pem, err));
    TRY(write_file(dir, "ca.crt", answer->ca_pem, err));
    TRY(write_info(dir, info, answer, err));
    return next ? move_key(dir, err) : DONE;
}

/* ---- reading ---- */

static struct status read_file(const char *dir, const char *name, struct arena *a, struct text *out,
                               struct error *err)
{
    char path[PATH_MAX];
    OWNED(buffer_release) struct buffer content;
    buffer_init(&content, FILE_MAX);
    TRY(path_of(dir, name, path, err));
    TRY(file_read(path, FILE_MAX, &content, err));
    *out = arena_text(a, buffer_as_text(&content));
    return out->p ? DONE : STATUS(NOMEM);
}

static struct status read_info(const char *dir, struct arena *a, struct connection_info *out,
                               struct error *err)
{
    struct text json;
    struct json_position where;
    TRY(read_file(dir, "connection.json", a, &json, err));
    if (!status_ok(json_scan(json, &where)))
        return error_set(err, E_INVALID, "%s/connection.json:%d: %s", dir, where.line, where.what);
    out->kind = json_string(json, "kind", a);
    out->subject = json_string(json, "subject", a);
    out->key_algorithm = json_string(json, "keyAlgorithm", a);
    out->info_url = json_string(json, "infoUrl", a);
    out->metadata_url = json_string(json, "metadataUrl", a);
    out->events_url = json_string(json, "eventsUrl", a);
    out->connector_url = json_string(json, "connectorUrl", a);
    out->director_url = json_string(json, "directorUrl", a);
    out->ca_fingerprint = json_string(json, "serverCaFingerprint", a);
    uint8_t pin[SHA256_SIZE];
    if (out->ca_fingerprint.n > 0 && !hex_decode(pin, sizeof pin, out->ca_fingerprint))
        return error_set(err, E_INVALID, "%s/connection.json: serverCaFingerprint is not a SHA-256 in hex",
                         dir);
    return DONE;
}

static struct status key_fits(const char *path, const struct certificate_fields *leaf, struct secret *out,
                              bool *out_fits, struct error *err)
{
    OWNED(key_free) EVP_PKEY *key = NULL;
    OWNED(buffer_release) struct buffer spki;
    buffer_init(&spki, FILE_MAX);
    TRY(file_read_secret(path, FILE_MAX, out, err));
    TRY(key_from_pem(secret_bytes(out), &key, err));
    TRY(key_to_spki(key, &spki, err));
    *out_fits = bytes_equal(leaf->spki, buffer_bytes(&spki));
    return DONE;
}

/* client.key.next: of a renewal that was interrupted after the certificate came (then it fits), or before. */
static struct status settle_key(const char *dir, const struct certificate_fields *leaf, struct error *err)
{
    char path[PATH_MAX];
    bool fits = false;
    OWNED(secret_release) struct secret pem = {NULL, 0};
    TRY(path_of(dir, key_name_of(true), path, err));
    if (access(path, F_OK) != 0)
        return DONE;
    TRY(key_fits(path, leaf, &pem, &fits, err));
    return fits ? move_key(dir, err) : connection_forget_key(dir, true);
}

struct status connection_open(const char *dir, struct arena *a, struct connection_files *out,
                              struct error *err)
{
    char path[PATH_MAX];
    bool fits = false;
    *out = (struct connection_files){.leaf_pem = {NULL, 0}};
    TRY(read_info(dir, a, &out->info, err));
    TRY(read_file(dir, "client.crt", a, &out->leaf_pem, err));
    TRY(read_file(dir, "chain.crt", a, &out->identity.chain_pem, err));
    TRY(certificate_from_pem(out->leaf_pem, a, &out->leaf, err));
    TRY(settle_key(dir, &out->leaf, err));
    TRY(path_of(dir, key_name_of(false), path, err));
    TRY(key_fits(path, &out->leaf, &out->identity.key_pem, &fits, err));
    if (!fits)
        return error_set(err, E_INVALID, "%s does not belong to %s/client.crt", path, dir);
    /* An interruption between the two files: the leaf alone is a chain too. */
    struct certificate_fields first;
    TRY(certificate_from_pem(out->identity.chain_pem, a, &first, err));
    if (!bytes_equal(first.der, out->leaf.der))
        out->identity.chain_pem = out->leaf_pem;
    return DONE;
}

void connection_trust(const struct connection_info *info, struct https_trust *out)
{
    *out = (struct https_trust){.pinned = info->ca_fingerprint.n > 0};
    /* connection_open has checked it. */
    must(!out->pinned || hex_decode(out->pin, sizeof out->pin, info->ca_fingerprint));
}
