-- SPDX-License-Identifier: Apache-2.0
-- Bundles, what is in them, and instance auths of bundles.

ALTER TABLE service ADD COLUMN role INTEGER NOT NULL DEFAULT 0; -- enum service_role
ALTER TABLE service ADD COLUMN bundle INTEGER;                  -- service.id of the bundle that it is in, or NULL

-- Names are looked up either among rows in no bundle (roles 0 and 1) or within one bundle.
DROP INDEX service_path;
CREATE INDEX service_path ON service (application, path_name, tenant_id, role) WHERE role <= 1;
CREATE INDEX service_offered ON service (application, tenant_id) WHERE role <= 1; -- SQLite appends the row id, here and below
CREATE INDEX service_member ON service (bundle, role) WHERE bundle IS NOT NULL;
CREATE INDEX service_member_path ON service (bundle, role, path_name) WHERE bundle IS NOT NULL;

-- From now on `application.services` and the counter count what other faces list as services: all roles but 1 and 4.

CREATE TABLE instance_auth (
    id           INTEGER PRIMARY KEY, -- the order of creation
    tenant_id    TEXT NOT NULL,
    auth_id      BLOB NOT NULL,    -- a UUID's octets
    service      INTEGER NOT NULL, -- service.id: a bundle, or what was registered as one service
    context      TEXT NOT NULL,    -- JSON; '' = none
    input_params TEXT NOT NULL,
    runtime      BLOB,             -- a UUID's octets
    condition    INTEGER NOT NULL, -- enum instance_auth_condition
    message      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    status_at    INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    revision     INTEGER NOT NULL, -- 1, and one more with every change
    sealed       BLOB NOT NULL     -- x'' = none
) STRICT;
CREATE UNIQUE INDEX instance_auth_uuid ON instance_auth (tenant_id, auth_id);
-- Read from its end: what waits for the application comes first, the newest before the others.
CREATE INDEX instance_auth_service ON instance_auth (service, (condition = 1) DESC);
CREATE INDEX instance_auth_runtime ON instance_auth (tenant_id, runtime, service) WHERE runtime IS NOT NULL;
