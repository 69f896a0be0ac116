-- SPDX-License-Identifier: Apache-2.0
-- Every table names its tenant; standalone mode has the one tenant ''. Times are seconds since the epoch.
-- Indexes are few and narrow: each one that a certificate's insertion touches costs CPU and a page of WAL.

CREATE TABLE application (
    tenant_id    TEXT NOT NULL,
    name         TEXT NOT NULL,
    description  TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL, -- 0 = never
    auto_created INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;

-- Tokens are short rows found by hash, so the table is the index. The id shown to people is the first six bytes of the hash, in
-- hex: a range of the primary key, not a column. Secondary indexes end in the hash by themselves.
CREATE TABLE token (
    hash        BLOB NOT NULL PRIMARY KEY, -- SHA-256
    tenant_id   TEXT NOT NULL,
    kind        INTEGER NOT NULL, -- enum token_kind
    state       INTEGER NOT NULL, -- enum token_state, never TOKEN_EXPIRED
    group_name  TEXT NOT NULL,
    application TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL, -- 0 while active
    created_by  TEXT NOT NULL,
    ended_by    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_created ON token (created_at);                  -- lists, purging
CREATE INDEX token_application ON token (application, created_at); -- lists of one application
CREATE INDEX token_open ON token (application) WHERE state = 0;    -- replacing, deleting an application
CREATE INDEX token_live ON token (expires_at) WHERE state = 0;     -- counting, lists of active ones

-- The issuer's digest once, so that (issuer, serial) keys stay narrow.
CREATE TABLE issuer (
    id        INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    digest    BLOB NOT NULL UNIQUE -- SHA-256 of the issuer's certificate
) STRICT;

-- A table with row ids: fingerprints are random, and rows of about a kilobyte kept in fingerprint order would dirty a cold page per
-- insertion. Row ids append; only the narrow unique indexes are touched at random places. `id` is also the order of issue among
-- equal sort keys. The DER is last, so that lists do not walk over it.
-- `state` repeats whether `revocation` has the fingerprint, because lists of active certificates must not step over a million revoked
-- ones; lists of both merge two ranges.
CREATE TABLE certificate (
    id            INTEGER PRIMARY KEY,
    tenant_id     TEXT NOT NULL,
    fingerprint   BLOB NOT NULL, -- SHA-256 of the DER
    issuer_id     INTEGER NOT NULL,
    serial        BLOB NOT NULL,
    kind          INTEGER NOT NULL, -- enum certificate_kind
    state         INTEGER NOT NULL, -- enum certificate_state
    group_name    TEXT NOT NULL,
    application   TEXT NOT NULL,
    subject       TEXT NOT NULL,
    key_algorithm TEXT NOT NULL,
    issued_at     INTEGER NOT NULL,
    not_before    INTEGER NOT NULL,
    not_after     INTEGER NOT NULL,
    issued_by     TEXT NOT NULL,
    der           BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX certificate_fingerprint ON certificate (fingerprint);
CREATE UNIQUE INDEX certificate_serial ON certificate (issuer_id, serial);
CREATE INDEX certificate_not_after ON certificate (state, not_after);
CREATE INDEX certificate_issued_at ON certificate (state, issued_at);
CREATE INDEX certificate_application ON certificate (state, application, not_after);

-- Revocation does not need a record: a certificate is revoked by its hash, known here or not.
CREATE TABLE revocation (
    fingerprint BLOB NOT NULL PRIMARY KEY,
    tenant_id   TEXT NOT NULL,
    revoked_at  INTEGER NOT NULL,
    reason      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Append-only: nothing deletes rows, so that ids never repeat without AUTOINCREMENT and its extra table.
CREATE TABLE audit (
    id          INTEGER PRIMARY KEY,
    tenant_id   TEXT NOT NULL,
    at          INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    count       INTEGER NOT NULL,
    action      TEXT NOT NULL,
    actor       TEXT NOT NULL,
    application TEXT NOT NULL,
    subject     TEXT NOT NULL,
    detail      TEXT NOT NULL,
    address     TEXT NOT NULL,
    user_agent  TEXT NOT NULL,
    request_id  TEXT NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_application ON audit (application, at) WHERE application <> '';

CREATE TABLE blob (
    tenant_id TEXT NOT NULL,
    name      TEXT NOT NULL,
    value     BLOB NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;

-- What changed an answer that others may have cached, in commit order; a second node would follow it. Trimmed to the newest rows: a
-- reader whose position is gone forgets everything it cached.
CREATE TABLE change (
    sequence  INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    kind      TEXT NOT NULL, -- 'certificate', 'application'
    key       BLOB NOT NULL  -- fingerprint, name
) STRICT;

-- Totals kept in the transactions that change them, so that reading them does not count rows.
CREATE TABLE counter (
    tenant_id TEXT NOT NULL,
    name      TEXT NOT NULL,
    value     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;
INSERT INTO counter (tenant_id, name, value) VALUES
    ('', 'applications', 0), ('', 'certificates_active', 0), ('', 'certificates_revoked', 0);
