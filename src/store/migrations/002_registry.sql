-- SPDX-License-Identifier: Apache-2.0
-- Registered services, their secrets and their specifications.

ALTER TABLE application ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';     -- JSON object of strings
ALTER TABLE application ADD COLUMN services INTEGER NOT NULL DEFAULT 0;   -- kept in the transactions that change it
ALTER TABLE application ADD COLUMN skip_verify INTEGER NOT NULL DEFAULT 0; -- enum call_choice
ALTER TABLE application ADD COLUMN encode_url INTEGER NOT NULL DEFAULT 0;

-- The content of a specification is stored once per tenant; `refs` counts the services' references to it. The content is a row of
-- its own, so that counting a reference never writes megabytes.
CREATE TABLE specification (
    id        INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    hash      BLOB NOT NULL,    -- SHA-256 of the content as it was sent
    size      INTEGER NOT NULL, -- of the content as it was sent
    stored    INTEGER NOT NULL, -- length of specification_content.packed
    packing   INTEGER NOT NULL, -- the registry's
    refs      INTEGER NOT NULL,
    UNIQUE (tenant_id, hash)
) STRICT;
CREATE TABLE specification_content (
    id        INTEGER PRIMARY KEY, -- specification.id
    tenant_id TEXT NOT NULL,
    packed    BLOB NOT NULL
) STRICT;

-- `id` is the order of registration, which lists follow; row ids append. From `details` on
-- are columns that lists do not walk over; those after it are an operator's, not the registration's.
CREATE TABLE service (
    id                          INTEGER PRIMARY KEY,
    tenant_id                   TEXT NOT NULL,
    service_id                  BLOB NOT NULL, -- the UUID's 16 octets
    application                 TEXT NOT NULL,
    revision                    INTEGER NOT NULL,
    created_at                  INTEGER NOT NULL,
    updated_at                  INTEGER NOT NULL,
    credential_kind             INTEGER NOT NULL, -- enum credential_kind
    api_specification           INTEGER,          -- specification.id or NULL
    api_format                  INTEGER NOT NULL, -- enum specification_format
    api_fetched_at              INTEGER NOT NULL, -- 0 = sent with the registration
    events_specification        INTEGER,
    events_format               INTEGER NOT NULL,
    events_fetched_at           INTEGER NOT NULL,
    documentation_specification INTEGER,
    documentation_format        INTEGER NOT NULL,
    documentation_fetched_at    INTEGER NOT NULL,
    identifier                  TEXT NOT NULL, -- '' = none
    name                        TEXT NOT NULL,
    path_name                   TEXT NOT NULL, -- how paths name it; not unique
    provider                    TEXT NOT NULL,
    target_url                  TEXT NOT NULL, -- '' = no API
    labels                      TEXT NOT NULL, -- JSON object of strings
    short_description           TEXT NOT NULL,
    description                 TEXT NOT NULL,
    details                     TEXT NOT NULL, -- JSON: everything else that is no secret
    skip_verify                 INTEGER NOT NULL DEFAULT 0, -- enum call_choice
    encode_url                  INTEGER NOT NULL DEFAULT 0,
    call_anchors                TEXT NOT NULL DEFAULT ''    -- PEM
) STRICT;
CREATE UNIQUE INDEX service_uuid ON service (service_id);
CREATE INDEX service_application ON service (application, tenant_id); -- lists: SQLite appends the row id
CREATE INDEX service_path ON service (application, path_name, tenant_id); -- the tenant: others may have many of both names
CREATE UNIQUE INDEX service_identifier ON service (tenant_id, application, identifier) WHERE identifier <> '';

-- id = 4 * service.id + enum secret_slot: found without an index, and appended as services are.
CREATE TABLE secret (
    id         INTEGER PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    by_hand    INTEGER NOT NULL, -- put in place by a person
    updated_at INTEGER NOT NULL,
    sealed     BLOB NOT NULL
) STRICT;

-- What was replaced, at most SECRET_HISTORY_MAX per secret.
CREATE TABLE secret_history (
    id          INTEGER PRIMARY KEY,
    tenant_id   TEXT NOT NULL,
    secret_id   INTEGER NOT NULL, -- secret.id, which may be gone while its service is not
    replaced_at INTEGER NOT NULL,
    by_hand     INTEGER NOT NULL,
    sealed      BLOB NOT NULL
) STRICT;
CREATE INDEX secret_history_secret ON secret_history (secret_id);

-- `change` gets rows of kind 'service' (key: the UUID's octets) when one is replaced or deleted or its secret is replaced; creating
-- one changes no answer that anybody may have cached. Deleting an application is one row, of kind 'application', for all it had.

INSERT INTO counter (tenant_id, name, value) VALUES
    ('', 'services', 0), ('', 'specifications', 0), ('', 'specification_bytes', 0);
