/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The statements of mappings of certificate subjects; part of sqlite_sql.h's list, and read as it says. */

#define SQL_MAPPING_COLUMNS                                                                                  \
    "mapping_id, subject, consumer_type, internal_consumer_id, levels, created_at, updated_at"

/* clang-format off */
#define SQL_MAPPING_STATEMENTS(X) \
    X(MAPPING_ADD, "INSERT INTO subject_mapping (tenant_id, " SQL_MAPPING_COLUMNS ") VALUES ('', ?1, ?2, ?3, ?4, ?5, ?6, ?7)") \
    X(MAPPING_PUT, \
      "UPDATE subject_mapping SET subject = ?1, consumer_type = ?2, internal_consumer_id = ?3, levels = ?4, updated_at = ?5" \
      " WHERE mapping_id = ?6") \
    X(MAPPING_DELETE, "DELETE FROM subject_mapping WHERE mapping_id = ?1") \
    X(MAPPING_GET,    "SELECT " SQL_MAPPING_COLUMNS " FROM subject_mapping WHERE mapping_id = ?1") \
    X(MAPPING_FIND,   "SELECT " SQL_MAPPING_COLUMNS " FROM subject_mapping WHERE subject = ?1") \
    X(MAPPING_COUNT,  "SELECT count(*) FROM subject_mapping") \
    X(MAPPING_LIST,   "SELECT " SQL_MAPPING_COLUMNS " FROM subject_mapping ORDER BY mapping_id LIMIT ?1 OFFSET ?2")
/* clang-format on */
