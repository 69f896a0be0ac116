/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Every fixed statement of the SQLite backend, one row each; parameters are bound in the order of their first
 * appearance. Lists of certificates are composed (sqlite_certificate_list.c).
 */

#include "base/bytes.h"
#include "store/sqlite_sql_directory.h"
#include "store/sqlite_sql_mapping.h"
#include "store/sqlite_sql_registry.h"

#define SQL_TOKEN_COLUMNS                                                                                    \
    "hash, kind, state, tenant_id, group_name, application, created_at, expires_at, ended_at, created_by, "  \
    "ended_by, system_auth"
#define SQL_RECORDED_COLUMNS                                                                                 \
    "c.fingerprint, i.digest, c.serial, c.kind, c.tenant_id, c.group_name, c.application, c.subject, "       \
    "c.key_algorithm, c.issued_at, c.not_before, c.not_after, c.issued_by, "                                 \
    "c.system_auth"
#define SQL_APPLICATION_COLUMNS                                                                              \
    "tenant_id, name, description, created_at, last_seen_at, auto_created, labels, services, skip_verify, "  \
    "encode_url"
#define SQL_CERTIFICATE_COLUMNS        SQL_RECORDED_COLUMNS ", r.revoked_at, r.reason"
#define SQL_ACTIVE_CERTIFICATE_COLUMNS SQL_RECORDED_COLUMNS ", NULL, NULL"
#define SQL_AUDIT_COLUMNS                                                                                    \
    "at, last_at, count, action, actor, tenant_id, application, subject, detail, address, user_agent, "      \
    "request_id"

/* clang-format off */
#define SQL_STATEMENTS(X) \
    X(BEGIN,     "BEGIN IMMEDIATE") \
    X(COMMIT,    "COMMIT") \
    X(ROLLBACK,  "ROLLBACK") \
    X(SAVEPOINT, "SAVEPOINT operation") \
    X(RELEASE,   "RELEASE operation") \
    X(UNDO,      "ROLLBACK TO operation") \
    X(READ,      "BEGIN") \
    \
    X(COUNTER_ADD, "UPDATE counter SET value = value + ?1 WHERE tenant_id = '' AND name = ?2") \
    X(COUNTERS, \
      "SELECT coalesce(max(CASE name WHEN 'applications' THEN value END), 0)," \
      " coalesce(max(CASE name WHEN 'certificates_active' THEN value END), 0)," \
      " coalesce(max(CASE name WHEN 'certificates_revoked' THEN value END), 0) FROM counter WHERE tenant_id = ''") \
    X(SOONEST_EXPIRY, "SELECT min(not_after) FROM certificate WHERE state = 0 AND not_after > ?1") \
    X(LIVE_TOKENS,    "SELECT count(*) FROM token INDEXED BY token_live WHERE state = 0 AND expires_at > ?1") \
    X(SCHEMA_VERSION, "SELECT max(version) FROM migration") \
    X(CHANGE_ADD,     "INSERT INTO change (tenant_id, kind, key) VALUES (?1, ?2, ?3)") \
    X(CHANGE_TRIM,    "DELETE FROM change WHERE sequence <= (SELECT max(sequence) FROM change) - ?1") \
    \
    X(AUDIT_ADD, "INSERT INTO audit (" SQL_AUDIT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)") \
    X(AUDIT_AT,  "SELECT at FROM audit WHERE id = ?1") \
    X(AUDIT_LIST, \
      "SELECT id, " SQL_AUDIT_COLUMNS " FROM audit INDEXED BY audit_at" \
      " WHERE (at, id) < (?1, ?2) AND at >= ?3 AND (?4 = '' OR actor = ?4) AND substr(action, 1, length(?5)) = ?5" \
      " ORDER BY at DESC, id DESC LIMIT ?6") \
    X(AUDIT_LIST_APPLICATION, \
      "SELECT id, " SQL_AUDIT_COLUMNS " FROM audit INDEXED BY audit_application" \
      " WHERE (at, id) < (?1, ?2) AND at >= ?3 AND (?4 = '' OR actor = ?4) AND substr(action, 1, length(?5)) = ?5" \
      " AND application = ?7 AND application <> '' ORDER BY at DESC, id DESC LIMIT ?6") \
    \
    X(APPLICATION_ADD, \
      "INSERT INTO application (" SQL_APPLICATION_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, 0) ON CONFLICT DO NOTHING") \
    X(APPLICATION_GET, \
      "SELECT " SQL_APPLICATION_COLUMNS " FROM application WHERE tenant_id = ?1 AND name = ?2") \
    X(APPLICATION_LIST, \
      "SELECT " SQL_APPLICATION_COLUMNS " FROM application" \
      " WHERE (tenant_id, name) > (?1, ?2) AND (?3 = '' OR instr(name, ?3) > 0) ORDER BY tenant_id, name LIMIT ?4") \
    X(APPLICATION_DELETE, "DELETE FROM application WHERE tenant_id = ?1 AND name = ?2") \
    X(APPLICATION_UPDATE, \
      "UPDATE application SET description = iif(?1, ?2, description), labels = iif(?3, ?4, labels)," \
      " skip_verify = iif(?5, ?6, skip_verify), encode_url = iif(?7, ?8, encode_url) WHERE tenant_id = ?9 AND name = ?10") \
    X(APPLICATION_SEEN, \
      "UPDATE application SET last_seen_at = ?1 WHERE tenant_id = ?2 AND name = ?3 AND last_seen_at < ?1") \
    \
    X(TOKEN_ADD, \
      "INSERT INTO token (" SQL_TOKEN_COLUMNS ") VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, 0, ?8, '', ?9)") \
    X(TOKEN_FIND, "SELECT " SQL_TOKEN_COLUMNS " FROM token WHERE hash = ?1") \
    X(TOKEN_USE, \
      "UPDATE token SET state = 1, ended_at = ?1, ended_by = ?2 WHERE hash = ?3 AND state = 0 AND expires_at > ?1") \
    X(TOKEN_REPLACE, \
      "UPDATE token INDEXED BY token_open SET state = 3, ended_at = ?1, ended_by = ?2" \
      " WHERE state = 0 AND application = ?3 AND tenant_id = ?4 AND group_name = ?5 AND kind = ?6 AND expires_at > ?1") \
    X(TOKEN_DELETE_OPEN, "DELETE FROM token INDEXED BY token_open WHERE state = 0 AND application = ?1 AND tenant_id = ?2") \
    X(TOKEN_RANGE, "SELECT hash, state, expires_at FROM token WHERE hash BETWEEN ?1 AND ?2 LIMIT 2") \
    X(TOKEN_REVOKE, "UPDATE token SET state = 2, ended_at = ?1, ended_by = ?2 WHERE hash = ?3") \
    X(TOKEN_PURGE, \
      "DELETE FROM token WHERE hash IN (SELECT hash FROM token INDEXED BY token_created WHERE created_at < ?1" \
      " AND CASE state WHEN 0 THEN expires_at ELSE ended_at END < ?1 ORDER BY created_at LIMIT ?2)") \
    X(TOKEN_LIST, \
      "SELECT " SQL_TOKEN_COLUMNS " FROM token INDEXED BY token_created" \
      " WHERE (created_at, hash) < (?1, ?2) ORDER BY created_at DESC, hash DESC LIMIT ?3") \
    X(TOKEN_LIST_APPLICATION, \
      "SELECT " SQL_TOKEN_COLUMNS " FROM token INDEXED BY token_application" \
      " WHERE application = ?4 AND (created_at, hash) < (?1, ?2) ORDER BY created_at DESC, hash DESC LIMIT ?3") \
    X(TOKEN_LIST_ACTIVE, \
      "SELECT " SQL_TOKEN_COLUMNS " FROM token INDEXED BY token_live WHERE state = 0 AND expires_at > ?4" \
      " AND (created_at, hash) < (?1, ?2) ORDER BY created_at DESC, hash DESC LIMIT ?3") \
    X(TOKEN_LIST_APPLICATION_ACTIVE, \
      "SELECT " SQL_TOKEN_COLUMNS " FROM token INDEXED BY token_open WHERE state = 0 AND application = ?4 AND expires_at > ?5" \
      " AND (created_at, hash) < (?1, ?2) ORDER BY created_at DESC, hash DESC LIMIT ?3") \
    \
    X(ISSUER_FIND, "SELECT id FROM issuer WHERE digest = ?1") \
    X(ISSUER_ADD,  "INSERT INTO issuer (tenant_id, digest) VALUES (?1, ?2)") \
    X(CERTIFICATE_ADD, \
      "INSERT INTO certificate (tenant_id, fingerprint, issuer_id, serial, kind, state, group_name, application, subject," \
      " key_algorithm, issued_at, not_before, not_after, issued_by, der, system_auth)" \
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)") \
    /* Always one row; NULLs where there is no record or no revocation. */ \
    X(CERTIFICATE_FIND, \
      "SELECT " SQL_CERTIFICATE_COLUMNS ", c.id IS NOT NULL, r.fingerprint IS NOT NULL, iif(?2, c.der, NULL)" \
      " FROM (SELECT ?1 AS wanted) LEFT JOIN certificate c ON c.fingerprint = wanted LEFT JOIN issuer i ON i.id = c.issuer_id" \
      " LEFT JOIN revocation r ON r.fingerprint = wanted") \
    X(CERTIFICATE_POSITION, "SELECT id, not_after, issued_at, application FROM certificate WHERE fingerprint = ?1") \
    X(CERTIFICATE_OF_APPLICATION, \
      "SELECT fingerprint FROM certificate INDEXED BY certificate_application" \
      " WHERE state = 0 AND application = ?1 AND tenant_id = ?2") \
    X(CERTIFICATE_SET_REVOKED, "UPDATE certificate SET state = 1 WHERE fingerprint = ?1") \
    X(REVOCATION_ADD, \
      "INSERT INTO revocation (fingerprint, tenant_id, revoked_at, reason) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING") \
    X(REVOCATION_FIND, "SELECT 1 FROM revocation WHERE fingerprint = ?1") \
    \
    X(BLOB_PUT, \
      "INSERT INTO blob (tenant_id, name, value) VALUES ('', ?1, ?2)" \
      " ON CONFLICT (tenant_id, name) DO UPDATE SET value = excluded.value") \
    X(BLOB_ADD, "INSERT INTO blob (tenant_id, name, value) VALUES ('', ?1, ?2)") \
    X(BLOB_GET, "SELECT value FROM blob WHERE tenant_id = '' AND name = ?1") \
    X(BLOB_LIST, \
      "SELECT name, value FROM blob WHERE tenant_id = '' AND name >= ?1 AND substr(name, 1, length(?1)) = ?1 ORDER BY name") \
    \
    SQL_DIRECTORY_STATEMENTS(X) \
    \
    SQL_MAPPING_STATEMENTS(X) \
    \
    SQL_REGISTRY_STATEMENTS(X)
/* clang-format on */

enum sql {
#define X(name, text) SQL_##name,
    SQL_STATEMENTS(X)
#undef X
        SQL_COUNT
};

extern const struct text sqlite_sql[SQL_COUNT];
