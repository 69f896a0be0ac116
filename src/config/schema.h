/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The schema: one row per setting. The YAML reader, --set, the environment, defaults, checks, reload classes,
 * `fairlead config reference` and docs/user/configuration.md all work from these rows. To add a setting: a
 * member in settings.h, a row in schema.c, then `scripts/test` says which golden file to renew.
 *
 * Constant data; any thread.
 */

#include "base/bytes.h"
#include "config/settings.h"

enum setting_type {
    SETTING_TEXT,         /* any printable text */
    SETTING_RDN,          /* a subject attribute: no , = + / */
    SETTING_COUNTRY,      /* two letters */
    SETTING_DIRECTORY,    /* made absolute against the working directory */
    SETTING_FILE,         /* the same; must be readable */
    SETTING_KEY_FILE,     /* the same; refused when others may read it; the group may */
    SETTING_OWN_KEY_FILE, /* the same; refused behind a symbolic link, or when anybody else may read it */
    SETTING_SECRET_FILE,  /* as OWN_KEY_FILE, but may be absent (made at first start) */
    SETTING_ADDRESS,      /* IP address and port, or off */
    SETTING_DOMAIN,       /* DNS name */
    SETTING_LABEL,        /* one label of a DNS name, as Kubernetes writes it: lower case */
    SETTING_BASE_URL,     /* https://host[:port][/path] without a final slash */
    SETTING_URL,          /* http or https */
    SETTING_ISSUER_URL,   /* https, or http on loopback; a final slash may stand */
    SETTING_PROXY_URL,    /* http://host:port */
    SETTING_STORE_URL,
    SETTING_CHOICE,    /* one of `choices`, kept as text */
    SETTING_LOG_LEVEL, /* one of `choices`, kept as enum */
    SETTING_LOG_FORMAT,
    SETTING_BOOL,
    SETTING_INTEGER,
    SETTING_FRONTS,   /* integer or auto (-1) */
    SETTING_SIZE,     /* bytes, or with KiB or MiB */
    SETTING_DURATION, /* kept in milliseconds */
    SETTING_HOSTS,    /* list of host names or addresses */
    SETTING_NETWORKS, /* list of addresses or CIDR networks */
    SETTING_ORIGINS,  /* list of scheme://host[:port] */
    SETTING_PLACES,   /* list of host names, domains with a leading dot, addresses or CIDR networks */
    SETTING_GRANTS,   /* list of lines as config/grant.h reads them */
    SETTING_TYPE_COUNT
};

/* What a change needs (DESIGN 3.1, 15). */
enum setting_reload {
    RELOAD_LIVE,        /* in force for the next request */
    RELOAD_CONNECTIONS, /* for connections accepted afterwards */
    RELOAD_RESTART,     /* a reload that changes it is refused */
};

struct setting {
    const char *key; /* "token.length" */
    enum setting_type type;
    size_t offset;    /* of the member in struct settings */
    int64_t min, max; /* numbers, sizes (bytes) and durations (ms); texts: max is their greatest length */
    const char *const *choices; /* NULL-terminated; NULL for other types */
    const char *default_text;   /* as a person would write it */
    const char *default_note;   /* what an empty default means; NULL when there is nothing to say */
    enum setting_reload reload;
    const char *help;    /* sentences */
    const char *example; /* a value that is accepted */
};

#define SETTING_KEY_MAX 64

extern const struct setting settings_schema[];
extern const size_t settings_schema_count;

const struct setting *setting_find(struct text key); /* NULL when unknown */
bool setting_is_section(struct text name);           /* "token", "tls.gateway": the front part of some key */
/* "token.length" -> "FAIRLEAD_TOKEN_LENGTH" */
#define SETTING_VARIABLE_MAX (SETTING_KEY_MAX + 10)
const char *setting_variable(const struct setting *row, char out[static SETTING_VARIABLE_MAX]);
/* "whole number, 16 to 256"; returns out. */
#define SETTING_RANGE_MAX 160
const char *setting_describe_type(const struct setting *row, char out[static SETTING_RANGE_MAX]);
const char *setting_reload_text(enum setting_reload r); /* "at once", "new connections", "restart" */
