/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Every fixed maximum of the product, with its reason. Those an operator may change are settings
 * (config/schema) whose defaults point here. docs/user/limits.md is generated from this file: one limit per
 * line, with its name, value and reason.
 */

/* clang-format off */
#define LIMIT_HEADER_BYTES (32 * 1024)     /* request head, all header lines: larger than any cookie a browser sends */
#define LIMIT_HEADER_COUNT 100             /* header lines per message; nginx and Go accept about as many */
#define LIMIT_REPLY_BODY (8 * 1024 * 1024) /* an answer of the core: a page of 1000 rows, /metrics, an audit page */
#define LIMIT_URI_BYTES (8 * 1024)         /* request target; RFC 9110 4.1 asks for at least 8000 */
#define LIMIT_TRAILER_BYTES (4 * 1024)     /* trailer section */
#define LIMIT_CHUNK_EXTENSION_BYTES 256    /* per chunk line; nobody uses them but attackers */
#define LIMIT_BODY_JSON (256 * 1024)       /* JSON bodies of native and connector routes */
#define LIMIT_BODY_CSR (64 * 1024)         /* a 16384-bit RSA request in base64 in JSON is 12 KiB */
#define LIMIT_BODY_SERVICE (6 * 1024 * 1024) /* a registration with its specifications inline; larger ones are fetched by URL */
#define LIMIT_SPECIFICATION_TOKENS 2000000 /* JSON values and keys in a registration: the largest public OpenAPI files have a million */
#define LIMIT_PARAMETERS 64                /* custom headers, and query parameters, of one API or token request */
#define LIMIT_PARAMETER_BYTES (16 * 1024)  /* names and values of one such list */
#define LIMIT_LABELS 64                    /* of a service or application */
#define LIMIT_LABEL_BYTES 256              /* a label's name, and its value */
#define LIMIT_SERVICE_TEXT (64 * 1024)     /* a service's description */
#define LIMIT_SERVICE_WORD (4 * 1024)      /* its other texts: name, provider, identifier, URLs */
#define LIMIT_CREDENTIAL_BYTES (16 * 1024) /* user name, password, client id, client secret */
#define LIMIT_LIST_SCAN 5000               /* rows that one page of a filtered list reads */
#define LIMIT_HELD_BYTES (256 * 1024 * 1024) /* specifications that slow clients are still taking, together; more are told to come again */
#define LIMIT_RESPONSE_BUFFER (64 * 1024)  /* bytes queued towards a peer before the producer is paused */
#define LIMIT_REQUEST_ARENA (1024 * 1024)  /* memory of one request besides its body */
#define LIMIT_H2_STREAMS 128               /* concurrent streams per connection; RFC 9113 5.1.2 asks for at least 100 */
#define LIMIT_H2_RESETS_PER_SECOND 50      /* CVE-2023-44487 rapid reset */
#define LIMIT_H2_CONTROL_PER_SECOND 100    /* SETTINGS, PING, PRIORITY, empty DATA: floods of CVE-2019-9511..9518 */
#define LIMIT_NAME_LENGTH 64               /* application name: X.520 ub-common-name */
#define LIMIT_INTERIM_RESPONSES 8          /* 1xx answers accepted from a server we call */
#define LIMIT_TLS_CHAIN_BYTES (32 * 1024)  /* certificates a peer may send: a dozen of RSA-4096 */
#define LIMIT_TLS_CHAIN_DEPTH 4            /* CA certificates between a peer's leaf and the trust anchor */
#define LIMIT_H2_CONNECTION_WINDOW (256 * 1024) /* request body bytes held for all paused streams of a connection */
#define LIMIT_GRAPHQL_BYTES (6 * 1024 * 1024) /* a GraphQL document: a mutation may hold a specification inline, as LIMIT_BODY_SERVICE */
#define LIMIT_GRAPHQL_ARENA (24 * 1024 * 1024) /* memory of one GraphQL request: its document decoded from JSON, its strings decoded again, its nodes */
#define LIMIT_GRAPHQL_TOKENS 10000         /* words and marks of a GraphQL document; the introspection query has 200 */
#define LIMIT_GRAPHQL_DEPTH 64             /* selections, values and types inside one another; clients nest about 12 */
#define LIMIT_GRAPHQL_DIRECTIVES 16        /* directives in one place; two make sense */
#define LIMIT_GRAPHQL_VARIABLES 256        /* variables of one GraphQL operation */
#define LIMIT_GRAPHQL_ROOT_FIELDS 64       /* top fields, aliases included, of one GraphQL operation: each may be a write */
#define LIMIT_GRAPHQL_COST 1000000         /* steps of validation; documents whose fragments multiply cost more than they are long */
#define LIMIT_GRAPHQL_RESOLVED 200000      /* fields in one GraphQL answer */
#define LIMIT_GRAPHQL_ERRORS 32            /* errors told about one GraphQL document */
/* clang-format on */
