/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What `fairlead connect` leaves in its directory, and what `renew` and `revoke` find there:
 *
 *     client.key   0600, PKCS#8           client.crt  the certificate
 *     chain.crt    certificate and CAs    ca.crt      the CAs
 *     connection.json                     URLs, subject, CA fingerprint; no secret, never a token
 *
 * A renewal writes client.key.next first and moves it into place last: whichever instant the power fails,
 * connection_open finds a key that fits the certificate. Texts live in the arena. One process at a time per
 * directory.
 */

#include "cli/enrol.h"

struct connection_info {
    struct text kind;          /* "application", "runtime", "remoteEnvironment"; "compass" by its Connector */
    struct text subject;       /* as the server wrote it */
    struct text key_algorithm; /* of the key in use */
    struct text info_url;      /* management info; empty for servers that have none */
    struct text metadata_url, events_url;
    struct text connector_url, director_url; /* Compass's, for the certificate; else empty */
    struct text ca_fingerprint;              /* hex; empty = the system's trust store */
};

struct connection_files {
    struct connection_info info;
    struct https_identity identity; /* release with connection_files_release */
    struct text leaf_pem;
    struct certificate_fields leaf;
};
void connection_files_release(struct connection_files *c);
OWNABLE_VALUE(struct connection_files, connection_files_release);

/* Makes the directory (0700); *out_made when it was not there. E_CONFLICT when a connection is there already.
 */
struct status connection_prepare(const char *dir, bool *out_made, struct error *err);
void connection_forget_directory(const char *dir); /* after a failure: removes it if it is empty */
/* `next`: for a renewal. */
struct status connection_write_key(const char *dir, EVP_PKEY *key, bool next, struct error *err);
struct status connection_forget_key(const char *dir, bool next); /* after a refusal */
/* Certificates and connection.json; with `next` the new key takes the old one's place at the end. */
struct status connection_write(const char *dir, const struct connection_info *info,
                               const struct enrol_answer *answer, bool next, struct error *err);
struct status connection_open(const char *dir, struct arena *a, struct connection_files *out,
                              struct error *err);
void connection_trust(const struct connection_info *info, struct https_trust *out);

/* The password for client.p12: the first line of a file, or typed twice when `file` is NULL. Before anything
 * is asked of the server. */
struct status connection_password(const char *file, struct secret *out, struct error *err);
/* client.p12 (0600). */
struct status connection_write_p12(const char *dir, EVP_PKEY *key, const struct enrol_answer *answer,
                                   const struct secret *password, struct error *err);
