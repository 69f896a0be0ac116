/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The statements of the registry; part of sqlite_sql.h's list, and read as it says. */

/* What a registration and a replacement both write, bound as ?1 to ?19. */
#define SQL_SERVICE_WRITTEN                                                                                  \
    "updated_at, credential_kind, api_specification, api_format, api_fetched_at, events_specification, "     \
    "events_format, events_fetched_at, documentation_specification, documentation_format, "                  \
    "documentation_fetched_at, name, path_name, provider, target_url, labels, short_description, "           \
    "description, details"
#define SQL_SERVICE_VALUES                                                                                   \
    "?1, ?2, nullif(?3, 0), ?4, ?5, nullif(?6, 0), ?7, ?8, nullif(?9, 0), ?10, ?11, ?12, ?13, ?14, ?15, "    \
    "?16, ?17, ?18, ?19"

/* To be read from SQL_SERVICE_JOINS behind "service s". */
#define SQL_SERVICE_COLUMNS                                                                                  \
    "s.id, s.tenant_id, s.service_id, s.application, s.revision, s.created_at, s.updated_at, "               \
    "s.credential_kind, p0.hash, p0.size, s.api_format, s.api_fetched_at, p1.hash, p1.size, "                \
    "s.events_format, s.events_fetched_at, p2.hash, p2.size, s.documentation_format, "                       \
    "s.documentation_fetched_at, s.identifier, s.name, s.path_name, s.provider, s.target_url, s.labels, "    \
    "s.short_description, s.description, s.role, b.service_id"
/* What lists do not give; follows SQL_SERVICE_COLUMNS. */
#define SQL_SERVICE_UNLISTED "s.details, s.skip_verify, s.encode_url, s.call_anchors"
#define SQL_SERVICE_JOINS                                                                                    \
    " LEFT JOIN specification p0 ON p0.id = s.api_specification"                                             \
    " LEFT JOIN specification p1 ON p1.id = s.events_specification"                                          \
    " LEFT JOIN specification p2 ON p2.id = s.documentation_specification"                                   \
    " LEFT JOIN service b ON b.id = s.bundle"
/* What is in a bundle (its id, tenant and application; an empty one is any), of one role. */
#define SQL_SERVICE_MEMBERS                                                                                  \
    " WHERE s.bundle = (SELECT id FROM service INDEXED BY service_uuid WHERE service_id = ?1"                \
    " AND tenant_id = ?2 AND (?3 = '' OR application = ?3)) AND s.role = ?4"
#define SQL_SERVICE_STATE_COLUMNS                                                                            \
    "id, revision, role, credential_kind, api_specification, events_specification, "                         \
    "documentation_specification"
#define SQL_INSTANCE_COLUMNS                                                                                 \
    "i.auth_id, s.service_id, i.tenant_id, i.context, i.input_params, i.runtime, i.condition, i.message, "   \
    "i.reason, i.status_at, i.created_at, i.revision, i.sealed"

/* clang-format off */
#define SQL_REGISTRY_STATEMENTS(X) \
    X(APPLICATION_COUNT_SERVICE, "UPDATE application SET services = services + ?1 WHERE tenant_id = ?2 AND name = ?3") \
    X(REGISTRY_COUNTERS, \
      "SELECT coalesce(max(CASE name WHEN 'services' THEN value END), 0)," \
      " coalesce(max(CASE name WHEN 'specifications' THEN value END), 0)," \
      " coalesce(max(CASE name WHEN 'specification_bytes' THEN value END), 0) FROM counter WHERE tenant_id = ''") \
    \
    X(SERVICE_ADD, \
      "INSERT INTO service (" SQL_SERVICE_WRITTEN ", tenant_id, service_id, application, revision, created_at, identifier," \
      " role, bundle) VALUES (" SQL_SERVICE_VALUES ", ?20, ?21, ?22, 1, ?23, ?24, ?25, nullif(?26, 0))") \
    X(SERVICE_REPLACE, \
      "UPDATE service SET revision = revision + 1, (" SQL_SERVICE_WRITTEN ") = (" SQL_SERVICE_VALUES ") WHERE id = ?20") \
    X(SERVICE_TOUCH,  "UPDATE service SET revision = revision + 1, updated_at = ?1 WHERE id = ?2") \
    X(SERVICE_CALL_SET, \
      "UPDATE service SET revision = revision + 1, updated_at = ?1, skip_verify = ?2, encode_url = ?3, call_anchors = ?4" \
      " WHERE id = ?5") \
    X(SERVICE_DELETE, "DELETE FROM service WHERE id = ?1") \
    X(SERVICE_STATE, \
      "SELECT " SQL_SERVICE_STATE_COLUMNS " FROM service INDEXED BY service_uuid" \
      " WHERE service_id = ?1 AND tenant_id = ?2 AND (?3 = '' OR application = ?3)") \
    X(SERVICE_FIRST_OF_APPLICATION, \
      "SELECT " SQL_SERVICE_STATE_COLUMNS " FROM service INDEXED BY service_application" \
      " WHERE application = ?1 AND tenant_id = ?2 LIMIT 1") \
    X(SERVICE_GET, \
      "SELECT " SQL_SERVICE_COLUMNS ", " SQL_SERVICE_UNLISTED " FROM service s INDEXED BY service_uuid" SQL_SERVICE_JOINS \
      " WHERE s.service_id = ?1 AND s.tenant_id = ?2 AND (?3 = '' OR s.application = ?3)") \
    /* Row and secrets of one moment: one statement. */ \
    X(SERVICE_GET_SECRETS, \
      "SELECT " SQL_SERVICE_COLUMNS ", " SQL_SERVICE_UNLISTED ", c0.revision, c0.by_hand, c0.updated_at, c0.sealed," \
      " c1.revision, c1.by_hand, c1.updated_at, c1.sealed" \
      " FROM service s INDEXED BY service_uuid" SQL_SERVICE_JOINS \
      " LEFT JOIN secret c0 ON c0.id = 4 * s.id LEFT JOIN secret c1 ON c1.id = 4 * s.id + 1" \
      " WHERE s.service_id = ?1 AND s.tenant_id = ?2 AND (?3 = '' OR s.application = ?3)") \
    X(SERVICE_IDENTIFIER, \
      "SELECT EXISTS (SELECT 1 FROM service INDEXED BY service_identifier WHERE tenant_id = ?1 AND application = ?2" \
      " AND identifier = ?3 AND identifier <> '') FROM application WHERE tenant_id = ?1 AND name = ?2") \
    X(SERVICE_NAMED, \
      "SELECT " SQL_SERVICE_COLUMNS ", " SQL_SERVICE_UNLISTED " FROM service s INDEXED BY service_path" SQL_SERVICE_JOINS \
      " WHERE s.application = ?1 AND s.path_name = ?2 AND s.tenant_id = ?3 AND s.role <= 1 ORDER BY s.role, s.id LIMIT ?4") \
    X(MEMBER_NAMED, \
      "SELECT " SQL_SERVICE_COLUMNS ", " SQL_SERVICE_UNLISTED " FROM service s INDEXED BY service_member_path" SQL_SERVICE_JOINS \
      SQL_SERVICE_MEMBERS " AND s.path_name = ?5 ORDER BY s.id LIMIT ?6") \
    X(MEMBER_LIST, \
      "SELECT " SQL_SERVICE_COLUMNS ", " SQL_SERVICE_UNLISTED " FROM service s INDEXED BY service_member" SQL_SERVICE_JOINS \
      SQL_SERVICE_MEMBERS " ORDER BY s.id LIMIT ?5 OFFSET ?6") \
    X(MEMBER_COUNT, "SELECT count(*) FROM service s INDEXED BY service_member" SQL_SERVICE_MEMBERS) \
    X(MEMBER_FIRST, \
      "SELECT " SQL_SERVICE_STATE_COLUMNS " FROM service INDEXED BY service_member WHERE bundle = ?1 LIMIT 1") \
    X(MEMBER_SET_KIND, \
      "UPDATE service INDEXED BY service_member SET credential_kind = ?1, updated_at = ?2, revision = revision + 1" \
      " WHERE bundle = ?3 AND role = 2 AND credential_kind <> ?1") \
    X(OFFERED_LIST, \
      "SELECT " SQL_SERVICE_COLUMNS ", " SQL_SERVICE_UNLISTED " FROM service s INDEXED BY service_offered" SQL_SERVICE_JOINS \
      " WHERE s.application = ?1 AND s.tenant_id = ?2 AND s.role <= 1 ORDER BY s.id LIMIT ?3 OFFSET ?4") \
    X(OFFERED_COUNT, \
      "SELECT count(*) FROM service INDEXED BY service_offered WHERE application = ?1 AND tenant_id = ?2 AND role <= 1") \
    /* The tenant is checked row by row, so that the limit counts every row that is read. */ \
    X(SERVICE_LIST, \
      "SELECT " SQL_SERVICE_COLUMNS " FROM service s" SQL_SERVICE_JOINS " WHERE s.id > ?1 ORDER BY s.id LIMIT ?2") \
    X(SERVICE_LIST_APPLICATION, \
      "SELECT " SQL_SERVICE_COLUMNS " FROM service s INDEXED BY service_application" SQL_SERVICE_JOINS \
      " WHERE s.application = ?3 AND s.tenant_id = ?4 AND s.id > ?1 ORDER BY s.id LIMIT ?2") \
    \
    X(SPECIFICATION_FIND, "SELECT id FROM specification WHERE tenant_id = ?1 AND hash = ?2") \
    X(SPECIFICATION_ADD, \
      "INSERT INTO specification (tenant_id, hash, size, stored, packing, refs) VALUES (?1, ?2, ?3, ?4, ?5, 1)") \
    X(SPECIFICATION_CONTENT_ADD, "INSERT INTO specification_content (id, tenant_id, packed) VALUES (?1, ?2, ?3)") \
    X(SPECIFICATION_COUNT,  "UPDATE specification SET refs = refs + ?1 WHERE id = ?2") \
    X(SPECIFICATION_REFS,   "SELECT refs, stored FROM specification WHERE id = ?1") \
    X(SPECIFICATION_DELETE, "DELETE FROM specification WHERE id = ?1") \
    X(SPECIFICATION_CONTENT_DELETE, "DELETE FROM specification_content WHERE id = ?1") \
    X(SPECIFICATION_GET, \
      "SELECT p.packing, p.size, c.packed FROM specification p LEFT JOIN specification_content c ON c.id = p.id" \
      " WHERE p.tenant_id = ?1 AND p.hash = ?2") \
    \
    X(SECRET_PUT, \
      "INSERT INTO secret (id, tenant_id, revision, by_hand, updated_at, sealed) VALUES (?1, ?2, 1, ?3, ?4, ?5)" \
      " ON CONFLICT (id) DO UPDATE SET revision = revision + 1, by_hand = excluded.by_hand," \
      " updated_at = excluded.updated_at, sealed = excluded.sealed") \
    X(SECRET_REVISION,     "SELECT revision FROM secret WHERE id = ?1") \
    X(SECRET_DELETE,       "DELETE FROM secret WHERE id = ?1") \
    X(SECRET_DELETE_RANGE, "DELETE FROM secret WHERE id BETWEEN ?1 AND ?2") \
    /* Nothing where there is no secret that could be replaced. */ \
    X(HISTORY_ADD, \
      "INSERT INTO secret_history (tenant_id, secret_id, replaced_at, by_hand, sealed)" \
      " SELECT tenant_id, id, ?2, by_hand, ?3 FROM secret WHERE id = ?1") \
    X(HISTORY_TRIM, \
      "DELETE FROM secret_history WHERE secret_id = ?1 AND id <= (SELECT id FROM secret_history WHERE secret_id = ?1" \
      " ORDER BY id DESC LIMIT 1 OFFSET ?2)") \
    X(HISTORY_DELETE_RANGE, "DELETE FROM secret_history WHERE secret_id BETWEEN ?1 AND ?2") \
    /* At least one row when the service exists. */ \
    X(HISTORY_LIST, \
      "SELECT h.id, h.replaced_at, h.by_hand, h.sealed FROM service s INDEXED BY service_uuid" \
      " LEFT JOIN secret_history h ON h.secret_id = 4 * s.id + ?1 WHERE s.service_id = ?2 AND s.tenant_id = ?3" \
      " ORDER BY h.id DESC") \
    X(SEALED_SECRETS, \
      "SELECT c.id, c.id % 4, s.tenant_id, s.service_id, c.sealed FROM secret c CROSS JOIN service s ON s.id = c.id / 4" \
      " WHERE c.id > ?1 ORDER BY c.id LIMIT ?2") \
    X(SEALED_HISTORY, \
      "SELECT h.id, h.secret_id % 4, s.tenant_id, s.service_id, h.sealed" \
      " FROM secret_history h CROSS JOIN service s ON s.id = h.secret_id / 4 WHERE h.id > ?1 ORDER BY h.id LIMIT ?2") \
    X(SEALED_SECRET_SET,  "UPDATE secret SET sealed = ?1 WHERE id = ?2 AND sealed = ?3") \
    X(SEALED_HISTORY_SET, "UPDATE secret_history SET sealed = ?1 WHERE id = ?2 AND sealed = ?3") \
    \
    X(KEPT_PUT, \
      "INSERT INTO kept_secret (tenant_id, name, revision, created_at, updated_at, sealed) VALUES (?1, ?2, 1, ?3, ?3, ?4)" \
      " ON CONFLICT (tenant_id, name) DO UPDATE SET revision = revision + 1, updated_at = excluded.updated_at," \
      " sealed = excluded.sealed") \
    X(KEPT_REVISION, "SELECT revision FROM kept_secret WHERE tenant_id = ?1 AND name = ?2") \
    X(KEPT_DELETE,   "DELETE FROM kept_secret WHERE tenant_id = ?1 AND name = ?2") \
    X(KEPT_GET, \
      "SELECT name, revision, created_at, updated_at, sealed FROM kept_secret WHERE tenant_id = ?1 AND name = ?2") \
    X(KEPT_LIST, \
      "SELECT name, revision, created_at, updated_at, NULL FROM kept_secret WHERE tenant_id = ?1 AND name > ?2" \
      " ORDER BY name LIMIT ?3") \
    X(SEALED_KEPT, "SELECT id, tenant_id, name, sealed FROM kept_secret WHERE id > ?1 ORDER BY id LIMIT ?2") \
    X(SEALED_KEPT_SET, "UPDATE kept_secret SET sealed = ?1 WHERE id = ?2 AND sealed = ?3") \
    \
    X(INSTANCE_ADD, \
      "INSERT INTO instance_auth (condition, message, reason, status_at, sealed, tenant_id, auth_id, service, context," \
      " input_params, runtime, created_at, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, nullif(?11, x''), ?12, 1)") \
    X(INSTANCE_REPLACE, \
      "UPDATE instance_auth SET revision = revision + 1, (condition, message, reason, status_at, sealed) = (?1, ?2, ?3, ?4, ?5)" \
      " WHERE auth_id = ?6 AND tenant_id = ?7") \
    X(INSTANCE_COUNT, \
      "SELECT count(*), (SELECT count(*) FROM instance_auth WHERE tenant_id = ?2 AND runtime = ?3 AND service = ?1)" \
      " FROM instance_auth WHERE service = ?1") \
    X(INSTANCE_ORPHAN, \
      "UPDATE instance_auth INDEXED BY instance_auth_runtime SET revision = revision + 1," \
      " (condition, message, reason, status_at) = (?1, ?2, ?3, ?4) WHERE tenant_id = ?5 AND runtime = ?6 AND condition <> ?1") \
    X(INSTANCE_REVISION, "SELECT revision FROM instance_auth WHERE auth_id = ?1 AND tenant_id = ?2") \
    X(INSTANCE_DELETE,   "DELETE FROM instance_auth WHERE auth_id = ?1 AND tenant_id = ?2") \
    X(INSTANCE_DELETE_ALL, "DELETE FROM instance_auth WHERE service = ?1") \
    X(INSTANCE_GET, \
      "SELECT " SQL_INSTANCE_COLUMNS " FROM instance_auth i JOIN service s ON s.id = i.service" \
      " WHERE i.auth_id = ?1 AND i.tenant_id = ?2") \
    X(INSTANCE_LIST, \
      "SELECT " SQL_INSTANCE_COLUMNS " FROM service s INDEXED BY service_uuid" \
      " CROSS JOIN instance_auth i INDEXED BY instance_auth_service ON i.service = s.id" \
      " WHERE s.service_id = ?1 AND s.tenant_id = ?2 ORDER BY (i.condition = 1), i.id DESC LIMIT ?3") \
    X(SEALED_INSTANCES, \
      "SELECT id, tenant_id, auth_id, sealed FROM instance_auth WHERE id > ?1 AND sealed <> x'' ORDER BY id LIMIT ?2") \
    X(SEALED_INSTANCE_SET, "UPDATE instance_auth SET sealed = ?1 WHERE id = ?2 AND sealed = ?3")
/* clang-format on */
