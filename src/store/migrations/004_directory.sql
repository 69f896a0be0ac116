-- SPDX-License-Identifier: Apache-2.0
-- The Director's records: tenants, ids of applications, runtimes, labels, system auths, operators.

-- The default tenant's key is ''; any other's is its external id, so nothing that is there has to move.
CREATE TABLE tenant (
    tenant_id   TEXT NOT NULL PRIMARY KEY,
    external_id TEXT NOT NULL UNIQUE,
    internal_id BLOB NOT NULL, -- a UUID's octets
    name        TEXT NOT NULL,
    type        TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- An application has its description and labels in `application`, where the other faces change them; those columns here are a
-- runtime's. `id` only keeps the rows in order of insertion: random keys would dirty a page each.
CREATE TABLE object (
    id              INTEGER PRIMARY KEY,
    tenant_id       TEXT NOT NULL,
    kind            INTEGER NOT NULL, -- enum object_kind
    object_id       BLOB NOT NULL,    -- a UUID's octets
    name            TEXT NOT NULL,
    local_tenant_id TEXT NOT NULL,
    status          INTEGER NOT NULL, -- the Director's
    status_at       INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    revision        INTEGER NOT NULL,
    description     TEXT NOT NULL,
    labels          TEXT NOT NULL, -- JSON object
    details         TEXT NOT NULL  -- JSON object, the Director's
) STRICT;
CREATE UNIQUE INDEX object_uuid ON object (object_id);
CREATE UNIQUE INDEX object_name ON object (tenant_id, kind, name);
CREATE INDEX object_order ON object (tenant_id, kind, object_id);
CREATE INDEX object_local ON object (tenant_id, local_tenant_id) WHERE local_tenant_id <> '';

-- One row per label with item '', and one per scalar that the value is or (an array) holds: 's' and the text of a string, else the
-- JSON. So both "has this key" and "contains this scalar" walk an index in the order of the ids.
CREATE TABLE label (
    tenant_id TEXT NOT NULL,
    kind      INTEGER NOT NULL,
    key       TEXT NOT NULL,
    item      TEXT NOT NULL,
    object_id BLOB NOT NULL,
    PRIMARY KEY (tenant_id, kind, key, item, object_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX label_object ON label (object_id);

CREATE TABLE system_auth (
    auth_id    BLOB NOT NULL PRIMARY KEY, -- a UUID's octets: the CN of its certificates
    tenant_id  TEXT NOT NULL,
    kind       INTEGER NOT NULL, -- enum object_kind
    object_id  BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX system_auth_object ON system_auth (object_id, created_at);

ALTER TABLE token ADD COLUMN system_auth BLOB NOT NULL DEFAULT x'';
CREATE INDEX token_system_auth ON token (system_auth, created_at) WHERE system_auth <> x'';
ALTER TABLE certificate ADD COLUMN system_auth BLOB NOT NULL DEFAULT x'';
CREATE INDEX certificate_system_auth ON certificate (system_auth) WHERE system_auth <> x'';

CREATE TABLE operator (
    tenant_id    TEXT NOT NULL, -- '': operators stand above tenants; `tenants` says which are theirs
    name         TEXT NOT NULL PRIMARY KEY,
    hash         BLOB NOT NULL UNIQUE, -- SHA-256 of the token
    scopes       TEXT NOT NULL,
    tenants      TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL, -- 0 = never
    last_used_at INTEGER NOT NULL, -- 0 = never
    created_by   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Applications that are there already get their ids: UUIDs of version 4, whose seventh octet is 4x and ninth 8x to bx. (|| joins
-- octets and the cast takes them as they are.) Their labels are strings.
INSERT INTO object (tenant_id, kind, object_id, name, local_tenant_id, status, status_at, created_at, updated_at, revision, description,
                    labels, details)
    SELECT tenant_id, 0,
           CAST(randomblob(6) || substr(x'404142434445464748494a4b4c4d4e4f', 1 + (random() & 15), 1) || randomblob(1)
                || substr(x'8081828384858687889091929394959697a0a1a2a3a4a5a6a7b0b1b2b3b4b5b6b7', 1 + (random() & 31), 1)
                || randomblob(7) AS BLOB),
           name, '', 0, created_at, created_at, created_at, 1, '', '', '{}' FROM application;
INSERT INTO label (tenant_id, kind, key, item, object_id)
    SELECT a.tenant_id, 0, l.key, '', o.object_id FROM application a JOIN json_each(a.labels) l
        JOIN object o ON o.tenant_id = a.tenant_id AND o.kind = 0 AND o.name = a.name;
INSERT INTO label (tenant_id, kind, key, item, object_id)
    SELECT a.tenant_id, 0, l.key, 's' || l.value, o.object_id FROM application a JOIN json_each(a.labels) l
        JOIN object o ON o.tenant_id = a.tenant_id AND o.kind = 0 AND o.name = a.name;
