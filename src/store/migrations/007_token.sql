-- SPDX-License-Identifier: Apache-2.0
-- A client that asks for its configuration gets a token each time, and they are remembered for days: the one that is replaced
-- is found without walking over those that have ended.
CREATE INDEX token_system_auth_open ON token (system_auth) WHERE state = 0 AND system_auth <> x'';
