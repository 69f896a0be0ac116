/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A service as an external system describes it (contract 1.5 and 1.19): what registrations are read into,
 * what answers are written from, and what every face of the registry shares. Texts and arrays borrow from an
 * arena. Absent text = {NULL, 0}; an empty string given by the client has p != NULL.
 */

#include "base/bytes.h"

/* One header or query parameter with its values, in the order they were sent; names are unique (last wins).
 */
struct parameter {
    struct text name;
    const struct text *values;
    size_t count;
};
struct parameter_list {
    const struct parameter *list;
    size_t count;
};
struct request_parameters {
    bool given; /* the object was there, be it empty */
    struct parameter_list headers, query;
};

struct csrf_details {
    bool given;
    struct text token_url; /* tokenEndpointURL */
};

enum credential_kind {
    CREDENTIAL_NONE,
    CREDENTIAL_BASIC,
    CREDENTIAL_OAUTH,
    CREDENTIAL_CERTIFICATE,
    CREDENTIAL_OAUTH_CERTIFICATE, /* "OAuthWithCert" of 2.4+ (contract 3.5), RFC 8705 */
};

/* Where a token endpoint wants the client's id and secret; the original says them twice (contract 3.5). */
enum client_authentication {
    CLIENT_BOTH,
    CLIENT_HEADER,      /* HTTP Basic, RFC 6749 2.3.1 */
    CLIENT_BODY,        /* the form */
    CLIENT_CERTIFICATE, /* the TLS handshake, RFC 8705; the id in the form, and no secret */
};

#define CREDENTIAL_MASK "********" /* what answers show, and what means "unchanged" in a replacement */

/* More than one method may be `given`: that is for validation to refuse. */
struct credentials {
    bool given;
    struct {
        bool given;
        struct text username, password;
        struct csrf_details csrf;
    } basic;
    struct {
        bool given;
        struct text url, client_id, client_secret;
        struct request_parameters parameters; /* of the token request */
        struct csrf_details csrf;
        /* Ours, beyond the contract: read with DECODE_STRICT alone. */
        struct text client_authentication; /* as it was given; empty = both */
        struct text scope, audience;       /* form fields of these names; empty = none */
        struct text resource;              /* RFC 8707 */
        bool form_given;
        struct parameter_list form;           /* more form fields */
        struct text common_name;              /* with "certificate": a pair is made for it, or ... */
        struct text certificate_pem, key_pem; /* ... this is the pair */
    } oauth;
    struct {
        bool given;
        struct text common_name;
        struct text certificate_pem; /* answers only */
        struct csrf_details csrf;
    } certificate;
    struct request_parameters extra; /* Kyma 1.2.0: headers and queryParameters beside any method or none */
};

struct api_details {
    bool given;
    struct text target_url, api_type, specification_url;
    struct text spec;  /* raw JSON; "null" counts as given */
    bool spec_is_text; /* `spec` is the text of a JSON string instead: YAML or XML (DECODE_TEXT_SPECS) */
    struct credentials credentials;
    struct request_parameters parameters; /* requestParameters, or the older headers/queryParameters */
    struct credentials specification_credentials;       /* never stored */
    struct request_parameters specification_parameters; /* never stored */
};

struct document_details {
    struct text title, type, source;
};
struct documentation_details {
    bool given;
    struct text display_name, description, type;
    const struct text *tags;
    size_t tag_count;
    bool tags_given;
    const struct document_details *docs;
    size_t doc_count;
    bool docs_given;
};

struct label {
    struct text name, value;
};

struct service_details {
    struct text provider, name, description, short_description, identifier;
    const struct label *labels; /* sorted by name, names unique */
    size_t label_count;
    struct api_details api;
    struct {
        bool given;
        struct text spec; /* raw JSON; {NULL, 0} when absent */
        bool spec_is_text;
    } events;
    struct documentation_details documentation;
};

/* The method that counts: the one given, and of a certificate only if it has a common name (contract 1.6). */
enum credential_kind credential_kind_of(const struct credentials *c);
/* "none", "basic", "oauth", "certificateGen", "oauthCertificate" */
const char *credential_kind_name(enum credential_kind k);
/* False for another word. Empty is CLIENT_BOTH. */
bool client_authentication_read(struct text t, enum client_authentication *out);
bool credential_has_pair(enum credential_kind k); /* its secret holds "crt" and "key" */
const struct csrf_details *
credential_csrf(const struct credentials *c); /* of the method that counts; NULL for none */
