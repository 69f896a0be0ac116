/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The private hop between front and core (DESIGN 3.1, 3): a Unix stream socket carrying HTTP/1.1, where every
 * request is preceded by a length-prefixed binary preamble. What the front knows about the peer travels there
 * and never in a header, so nothing that a client sends can touch it.
 *
 *   u32 length (of what follows, at most HOP_PREAMBLE_MAX)
 *   u8 version (HOP_VERSION; another one ends the connection)   u8 listener bit number   u8 certificate
 * verdict   u8 flags u16 front index   u64 body length    16-prefixed: request id, peer address, fingerprint
 * (32 bytes or empty), application, tenant, group, system auth, subject error, subject
 */

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/status.h"

#define HOP_VERSION      3
#define HOP_PREAMBLE_MAX 4096
#define HOP_SUBJECT_MAX  2048

enum hop_flag {
    HOP_RUNTIME = 1,
    HOP_GUEST = 2, /* fingerprint and subject are of a certificate of an external CA, verified */
};

struct hop_preamble {
    uint8_t listener; /* bit number of enum route_listener */
    uint8_t verdict;  /* enum certificate_verdict of api/call.h */
    uint8_t flags;
    uint16_t front;
    struct text request_id;
    struct text peer_address;
    struct bytes fingerprint;
    struct text application, tenant, group;
    struct text system_auth; /* a UUID, of certificates of the Compass way; else empty */
    struct text subject_error;
    struct bytes subject; /* of a guest: its DER Name, empty when it has more than HOP_SUBJECT_MAX bytes */
};

void hop_preamble_encode(const struct hop_preamble *p, struct buffer *out); /* with the length */
/*
 * Decodes from the start of `in`. *out_used = 0 with E_OK: more bytes are needed. Texts borrow from `in`.
 * E_INVALID: close the connection. Fuzzed: fuzz/targets/net/hop_fuzz.c.
 */
struct status hop_preamble_decode(struct bytes in, struct hop_preamble *out, size_t *out_used);

/*
 * Answers of the core to a front's questions (ON_FRONT routes), as bodies. Encoders and decoders stand side
 * by side here so that both ends agree.
 */
#include "os/page.h"

/* GET /front/certificate?fingerprint=HEX : what is this certificate? (body of the request: its DER subject
 * Name when it is not known) */
struct hop_identity {
    uint8_t verdict; /* enum certificate_verdict */
    bool runtime;
    struct text application, tenant, group;
    struct text system_auth; /* as in the preamble */
    struct text subject_error;
    int64_t valid_until; /* seconds: the absolute end of the answer */
    struct page_pairs pairs;
};
void hop_identity_encode(const struct hop_identity *id, struct buffer *out);
struct status hop_identity_decode(struct bytes in, struct hop_identity *out); /* texts borrow from `in` */

/* GET /front/listeners : the keys and anchors of every TLS listener. */
struct hop_listener {
    uint8_t listener;                 /* bit number */
    struct text chain_pem, key_pem;   /* wiped by the receiver */
    struct text chain2_pem, key2_pem; /* a second pair (RSA beside EC), or empty */
    struct text anchors_pem;
    struct text guest_anchors_pem; /* tls.*.client_ca_file; may be empty */
};
#define HOP_LISTENERS_MAX 8
/* What an answer consists of at most: files with a chain or a key, files with anchors. */
#define HOP_TLS_LISTENERS 4 /* all but the internal one */
#define HOP_CHAIN_MAX     (256u * 1024)
#define HOP_ANCHORS_MAX   (1024u * 1024)
#define HOP_LISTENERS_BYTES_MAX                                                                              \
    (HOP_TLS_LISTENERS * 4 * HOP_CHAIN_MAX /* chain, key, our CA and its root */                             \
     + 3 * HOP_ANCHORS_MAX                 /* of guests, twice, and of targets */                            \
     + 64 * 1024 /* lengths, numbers, pairs */)
struct hop_listeners {
    struct hop_listener item[HOP_LISTENERS_MAX];
    unsigned count;
    int64_t renew_at; /* seconds: ask again */
    struct page_pairs pairs;
    struct text target_anchors_pem; /* outbound.ca_file, for fronts that call targets; may be empty */
};
void hop_listeners_encode(const struct hop_listeners *l, struct buffer *out);
struct status hop_listeners_decode(struct bytes in, struct hop_listeners *out);

/*
 * GET /front/target?... : how do I call this service? (outbound/address.h writes the question.) The answer is
 * a way to call it, or a refusal with status and message of the contract. It holds secrets: both ends wipe
 * it.
 */
struct hop_field {
    struct text name, value;
};
#define HOP_FIELDS_MAX    128
#define HOP_ADDRESSES_MAX 8
#define HOP_TARGET_MAX    (512u * 1024)
struct hop_target {
    int status;                       /* 0: the rest says how; else the HTTP status to answer with */
    struct text message;              /* of a refusal; empty body when empty */
    bool bundle;                      /* the address names a bundle: ask again with the API in it as `entry`;
                                         only application, until and pairs are set then */
    uint64_t version;                 /* of the credentials in it; goes back when the target refuses them */
    struct text application, service; /* name and id: for logs and metrics */
    struct text service_name;         /* how paths name it */
    uint16_t series;                  /* where its calls are counted (os/slab.h) */
    bool tls, verify;
    struct text host; /* of the target URL, lower case; brackets for IPv6 */
    uint16_t port;
    bool port_is_default;    /* not written into Host */
    struct text path, query; /* of the target URL, as registered; without '?' */
    bool encode_url;         /* decode the caller's path and encode it again (contract 3.9) */
    uint8_t addresses[HOP_ADDRESSES_MAX][16]; /* checked by the guard; IPv4 as ::ffff:a.b.c.d */
    unsigned address_count;
    /* Through outbound.proxy: CONNECT to `proxy_to`, a checked address or a name; `addresses` are the
     * proxy's, as it is called in the configuration ("host:port"), and its port counts for them. */
    struct text proxy_to, proxy;
    uint16_t proxy_port;
    struct text proxy_authorization; /* for the CONNECT; may be empty */
    struct text anchors_pem;         /* trust beside the system's and outbound.ca_file; may be empty */
    struct text chain_pem, key_pem;  /* client certificate; may be empty */
    struct text authorization;       /* "Basic ...", "Bearer ..."; empty = the caller's passes through */
    const struct hop_field *headers; /* added unless the caller sent that name; at most HOP_FIELDS_MAX */
    unsigned header_count;
    const struct hop_field *query_fields; /* added unless the query has the name; as many */
    unsigned query_count;
    bool csrf;
    struct text csrf_token;   /* X-Csrf-Token */
    struct text csrf_cookies; /* "a=b; c=d" */
    int64_t refresh_at;       /* seconds: ask again in the background; 0 = never */
    int64_t until;            /* seconds: absolute end of the answer */
    struct page_pairs pairs;
};
void hop_target_encode(const struct hop_target *t, struct buffer *out);
/* Where a decoded answer's fields go; whoever keeps answers copies those that there are. */
struct hop_field_room {
    struct hop_field headers[HOP_FIELDS_MAX], query_fields[HOP_FIELDS_MAX];
};
/* Texts borrow from `in`, fields from `room`. */
struct status hop_target_decode(struct bytes in, struct hop_field_room *room, struct hop_target *out);

/* POST /front/refused?...&version=N : the target answered 401 or 403. The answer's body is one octet: 1 when
 * fresh credentials are worth one more try. */
