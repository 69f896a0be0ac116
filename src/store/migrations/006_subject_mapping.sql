-- SPDX-License-Identifier: Apache-2.0
-- For whom certificates of external CAs speak.

CREATE TABLE subject_mapping (
    tenant_id            TEXT NOT NULL, -- '': mappings stand above tenants; `levels` says which are theirs
    mapping_id           BLOB NOT NULL PRIMARY KEY, -- a UUID's octets
    subject              TEXT NOT NULL UNIQUE,
    consumer_type        TEXT NOT NULL,
    internal_consumer_id TEXT NOT NULL,
    levels               TEXT NOT NULL,
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
