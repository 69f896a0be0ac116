-- SPDX-License-Identifier: Apache-2.0
-- Secrets that an operator keeps for calls by /secret/{name}/api/{api}; no service's.

CREATE TABLE kept_secret (
    id         INTEGER PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    name       TEXT NOT NULL,
    revision   INTEGER NOT NULL, -- 1, and one more with every change
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    UNIQUE (tenant_id, name)
) STRICT;
