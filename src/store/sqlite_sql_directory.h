/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The statements of the Director's records; part of sqlite_sql.h's list, and read as it says. Lists of
 * objects are composed (sqlite_object_list.c). */

#define SQL_TENANT_COLUMNS "tenant_id, external_id, internal_id, name, type, created_at"
/* An application's description and labels are those of its other faces. */
#define SQL_OBJECT_COLUMNS                                                                                   \
    "o.kind, o.object_id, o.tenant_id, o.name, coalesce(a.description, o.description), o.details, "          \
    "o.local_tenant_id, coalesce(a.labels, o.labels), o.status, o.status_at, o.created_at, o.updated_at, "   \
    "o.revision"
#define SQL_OBJECT_APPLICATION                                                                               \
    " LEFT JOIN application a ON o.kind = 0 AND a.tenant_id = o.tenant_id AND a.name = o.name"
/* With its latest token; of two of one second the active one. */
#define SQL_AUTH_COLUMNS                                                                                     \
    "s.auth_id, s.kind, s.tenant_id, s.object_id, o.name, s.created_at, t.hash IS NOT NULL, t.state, "       \
    "t.created_at, t.expires_at, t.ended_at"
#define SQL_AUTH_SOURCE                                                                                      \
    " FROM system_auth s JOIN object o ON o.object_id = s.object_id LEFT JOIN token t ON t.hash = (SELECT "  \
    "hash FROM token WHERE system_auth = s.auth_id AND system_auth <> x'' ORDER BY created_at DESC, state "  \
    "LIMIT 1)"
#define SQL_OPERATOR_COLUMNS "name, hash, scopes, tenants, created_at, expires_at, last_used_at, created_by"

/* clang-format off */
#define SQL_DIRECTORY_STATEMENTS(X) \
    X(TENANT_ADD, "INSERT INTO tenant (" SQL_TENANT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)") \
    X(TENANT_FIND, "SELECT " SQL_TENANT_COLUMNS " FROM tenant WHERE external_id = ?1") \
    X(TENANT_GET, "SELECT " SQL_TENANT_COLUMNS " FROM tenant WHERE tenant_id = ?1") \
    X(TENANT_DELETE, "DELETE FROM tenant WHERE external_id = ?1") \
    X(TENANT_USED, \
      "SELECT EXISTS (SELECT 1 FROM object WHERE tenant_id = ?1)" \
      " OR EXISTS (SELECT 1 FROM certificate WHERE state = 0 AND tenant_id = ?1)") \
    X(TENANT_COUNT, "SELECT count(*) FROM tenant WHERE ?1 = '' OR instr(external_id, ?1) > 0 OR instr(name, ?1) > 0") \
    X(TENANT_LIST, \
      "SELECT " SQL_TENANT_COLUMNS " FROM tenant WHERE ?1 = '' OR instr(external_id, ?1) > 0 OR instr(name, ?1) > 0" \
      " ORDER BY external_id LIMIT ?2 OFFSET ?3") \
    \
    X(OBJECT_ADD, \
      "INSERT INTO object (tenant_id, kind, object_id, name, local_tenant_id, status, status_at, created_at, updated_at," \
      " revision, description, labels, details) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10, ?11, ?12)") \
    X(OBJECT_GET, \
      "SELECT " SQL_OBJECT_COLUMNS " FROM object o" SQL_OBJECT_APPLICATION " WHERE o.object_id = ?1 AND o.kind = ?2 AND o.tenant_id = ?3") \
    X(OBJECT_NAMED, \
      "SELECT " SQL_OBJECT_COLUMNS " FROM object o" SQL_OBJECT_APPLICATION " WHERE o.tenant_id = ?1 AND o.kind = ?2 AND o.name = ?3") \
    X(OBJECT_PUT, \
      "UPDATE object SET name = ?1, local_tenant_id = ?2, status_at = iif(status = ?3, status_at, ?4), status = ?3, updated_at = ?4," \
      " revision = revision + 1, description = ?5, labels = ?6, details = ?7 WHERE object_id = ?8") \
    X(OBJECT_TOUCH, \
      "UPDATE object SET updated_at = ?1, revision = revision + 1 WHERE tenant_id = ?2 AND kind = 0 AND name = ?3 RETURNING object_id") \
    X(OBJECT_DELETE, "DELETE FROM object WHERE object_id = ?1") \
    X(OBJECT_ID, "SELECT object_id FROM object WHERE tenant_id = ?1 AND kind = ?2 AND name = ?3") \
    X(LABEL_ADD, "INSERT INTO label (tenant_id, kind, key, item, object_id) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING") \
    X(LABEL_DELETE, "DELETE FROM label WHERE object_id = ?1") \
    \
    X(AUTH_ADD, "INSERT INTO system_auth (auth_id, tenant_id, kind, object_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5)") \
    X(AUTH_GET, "SELECT " SQL_AUTH_COLUMNS SQL_AUTH_SOURCE " WHERE s.auth_id = ?1 AND s.tenant_id = ?2") \
    X(AUTH_GET_ANY, "SELECT " SQL_AUTH_COLUMNS SQL_AUTH_SOURCE " WHERE s.auth_id = ?1") \
    X(AUTH_LIST, \
      "SELECT " SQL_AUTH_COLUMNS SQL_AUTH_SOURCE " WHERE s.object_id = ?1 AND s.kind = ?2 AND s.tenant_id = ?3" \
      " ORDER BY s.created_at, s.auth_id LIMIT 1000") \
    X(AUTH_EXISTS, "SELECT 1 FROM system_auth WHERE auth_id = ?1 AND tenant_id = ?2") \
    X(AUTH_IDS, "SELECT auth_id FROM system_auth WHERE object_id = ?1 LIMIT 1000") \
    X(AUTH_DELETE, "DELETE FROM system_auth WHERE auth_id = ?1") \
    X(AUTH_TOKENS_DELETE, "DELETE FROM token INDEXED BY token_system_auth_open WHERE system_auth = ?1 AND system_auth <> x'' AND state = 0") \
    X(AUTH_TOKENS_REPLACE, \
      "UPDATE token INDEXED BY token_system_auth_open SET state = 3, ended_at = ?1, ended_by = ?2" \
      " WHERE system_auth = ?3 AND system_auth <> x'' AND state = 0 AND expires_at > ?1") \
    X(AUTH_CERTIFICATES, \
      "SELECT fingerprint FROM certificate INDEXED BY certificate_system_auth WHERE system_auth = ?1 AND system_auth <> x'' AND state = 0") \
    X(AUTH_PURGE_TO, "SELECT max(auth_id) FROM (SELECT auth_id FROM system_auth WHERE auth_id > ?1 ORDER BY auth_id LIMIT ?2)") \
    X(AUTH_PURGE, \
      "DELETE FROM system_auth WHERE auth_id > ?1 AND auth_id <= ?2 AND created_at < ?3" \
      " AND NOT EXISTS (SELECT 1 FROM token INDEXED BY token_system_auth WHERE system_auth = auth_id AND system_auth <> x'')" \
      " AND NOT EXISTS (SELECT 1 FROM certificate INDEXED BY certificate_system_auth WHERE system_auth = auth_id AND system_auth <> x'')") \
    \
    X(OPERATOR_ADD, \
      "INSERT INTO operator (tenant_id, " SQL_OPERATOR_COLUMNS ") VALUES ('', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)") \
    X(OPERATOR_FIND, "SELECT " SQL_OPERATOR_COLUMNS " FROM operator WHERE hash = ?1") \
    X(OPERATOR_LIST, "SELECT " SQL_OPERATOR_COLUMNS " FROM operator ORDER BY name") \
    X(OPERATOR_DELETE, "DELETE FROM operator WHERE name = ?1") \
    X(OPERATOR_UPDATE, \
      "UPDATE operator SET scopes = iif(?2, ?3, scopes), tenants = iif(?4, ?5, tenants), expires_at = iif(?6, ?7, expires_at)" \
      " WHERE name = ?1 RETURNING " SQL_OPERATOR_COLUMNS) \
    X(OPERATOR_USED, "UPDATE operator SET last_used_at = ?1 WHERE name = ?2 AND last_used_at < ?1")
/* clang-format on */
