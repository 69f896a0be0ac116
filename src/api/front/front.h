/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Private to api/front. */

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/secret.h"
#include "config/settings.h"

struct ca;
struct store;
struct vault;
struct connector_settings;

/* Key and chain of one listener, for one answer. */
struct listener_keys {
    struct buffer chain_pem; /* initialised by the caller */
    struct secret key_pem;
    int64_t renew_at; /* seconds: when to ask again */
};

/* The names a certificate issued here must hold: this host by every name we know, and what the public
 * addresses say. */
#define SERVER_NAMES_MAX (16 + SETTINGS_LIST_MAX)
struct server_names {
    struct text name[SERVER_NAMES_MAX];
    size_t count;
};
/* Texts are in the arena or borrowed from the settings. */
void server_names(const struct settings *s, const struct connector_settings *cs, struct arena *a,
                  struct server_names *out);
/*
 * Of the proxy listener: this host's names, url.internal_hosts, and the address of listen.proxy unless that
 * is all of them.
 */
void proxy_names(const struct settings *s, struct text host_name, struct arena *a, struct server_names *out);
/* The host of "https://host:port/", without brackets; empty when there is none. */
struct text url_host(struct text url);

struct keys_source {
    struct ca *ca;
    struct store *store;
    struct vault *vault;
    const struct server_names *names;
    struct arena *arena;
    int64_t now;
};
/*
 * The certificate that the built-in CA issued for this listener: the one kept in the vault
 * ("listener/<name>") while it is younger than two thirds of its life, made by this CA and for these names;
 * else a new one.
 */
struct status issued_keys(const struct keys_source *from, const char *listener, struct listener_keys *out,
                          struct error *err);
