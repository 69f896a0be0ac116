/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_store.h"

static struct status check_pages(struct sqlite_db *db, const char *path, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db->handle, "PRAGMA integrity_check(1)", -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(stmt);
    struct status s = sqlite_error(db, result, err, path);
    const char *verdict = result == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    if (status_ok(s) && (!verdict || strcmp(verdict, "ok") != 0))
        s = error_set(err, E_BROKEN, "'%s' is damaged: %s", path, verdict ? verdict : "no verdict");
    sqlite3_finalize(stmt);
    return s;
}

/* Rules that the schema cannot express: each query returns how many rows break one. */
static const struct {
    const char *sql, *broken;
} rules[] = {
    {"SELECT abs((SELECT count(*) FROM application) - (SELECT value FROM counter WHERE name = "
     "'applications'))",
     "the count of applications is wrong"},
    {"SELECT abs((SELECT count(*) FROM certificate WHERE state = 0) -"
     " (SELECT value FROM counter WHERE name = 'certificates_active'))",
     "the count of active certificates is wrong"},
    {"SELECT abs((SELECT count(*) FROM revocation) - (SELECT value FROM counter WHERE name = "
     "'certificates_revoked'))",
     "the count of revocations is wrong"},
    {"SELECT count(*) FROM certificate c WHERE c.state <>"
     " EXISTS (SELECT 1 FROM revocation r WHERE r.fingerprint = c.fingerprint)",
     "a certificate's state contradicts its revocation"},
    {"SELECT count(*) FROM certificate c WHERE NOT EXISTS (SELECT 1 FROM issuer i WHERE i.id = c.issuer_id)",
     "a certificate names an unknown issuer"},
    {"SELECT abs((SELECT count(*) FROM service WHERE role NOT IN (1, 4)) - (SELECT value FROM counter WHERE "
     "name = 'services'))",
     "the count of services is wrong"},
    {"SELECT count(*) FROM application a WHERE a.services <>"
     " (SELECT count(*) FROM service s WHERE s.application = a.name AND s.tenant_id = a.tenant_id"
     " AND s.role NOT IN (1, 4))",
     "an application's count of services is wrong"},
    {"SELECT count(*) FROM service s WHERE NOT EXISTS"
     " (SELECT 1 FROM application a WHERE a.tenant_id = s.tenant_id AND a.name = s.application)",
     "a service names an unknown application"},
    {"SELECT count(*) FROM service s LEFT JOIN service b ON b.id = s.bundle AND b.role = 1"
     " AND b.tenant_id = s.tenant_id AND b.application = s.application"
     " WHERE (s.role >= 2) <> (s.bundle IS NOT NULL) OR (s.bundle IS NOT NULL) <> (b.id IS NOT NULL)",
     "a service's bundle is wrong"},
    {"SELECT count(*) FROM service s JOIN service b ON b.id = s.bundle"
     " WHERE s.role = 2 AND s.credential_kind <> b.credential_kind",
     "an API's kind of credentials is not its bundle's"},
    {"SELECT count(*) FROM instance_auth i WHERE NOT EXISTS"
     " (SELECT 1 FROM service s WHERE s.id = i.service AND s.role <= 1 AND s.tenant_id = i.tenant_id)",
     "an instance auth belongs to no bundle"},
    {"SELECT count(*) FROM secret c WHERE NOT EXISTS (SELECT 1 FROM service s WHERE s.id = c.id / 4)",
     "a secret belongs to no service"},
    {"SELECT count(*) FROM secret_history h WHERE NOT EXISTS"
     " (SELECT 1 FROM service s WHERE s.id = h.secret_id / 4)",
     "a replaced secret belongs to no service"},
    {"SELECT abs((SELECT count(*) FROM specification) - (SELECT value FROM counter WHERE name = "
     "'specifications')) + abs((SELECT coalesce(sum(stored), 0) FROM specification) -"
     " (SELECT value FROM counter WHERE name = 'specification_bytes'))",
     "the count of specifications is wrong"},
    {"SELECT count(*) FROM specification p LEFT JOIN specification_content c ON c.id = p.id"
     " WHERE c.id IS NULL OR length(c.packed) <> p.stored",
     "a specification lacks its content"},
    {"SELECT count(*) FROM specification_content c WHERE NOT EXISTS"
     " (SELECT 1 FROM specification p WHERE p.id = c.id)",
     "content belongs to no specification"},
    {"WITH used (id) AS (SELECT api_specification FROM service WHERE api_specification IS NOT NULL UNION ALL"
     " SELECT events_specification FROM service WHERE events_specification IS NOT NULL UNION ALL"
     " SELECT documentation_specification FROM service WHERE documentation_specification IS NOT NULL),"
     " counted (id, n) AS (SELECT id, count(*) FROM used GROUP BY id)"
     " SELECT (SELECT count(*) FROM specification p LEFT JOIN counted c ON c.id = p.id"
     " WHERE p.refs <> coalesce(c.n, 0)) + (SELECT count(*) FROM counted c WHERE NOT EXISTS"
     " (SELECT 1 FROM specification p WHERE p.id = c.id))",
     "the references to a specification are wrong"},
};

static struct status check_rules(struct sqlite_db *db, const char *path, struct error *err)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        int64_t rows = 0;
        TRY(sqlite_scalar(db, rules[i].sql, &rows, err));
        if (rows != 0)
            return error_set(err, E_BROKEN, "'%s' is damaged: %s", path, rules[i].broken);
    }
    return DONE;
}

struct status sqlite_check(struct store *s, struct error *err)
{
    const char *path = sqlite_of(s)->path;
    OWNED(sqlite_db_close) struct sqlite_db db = {0};
    TRY(sqlite_db_open(&db, path, SQLITE_MAINTENANCE_CACHE_KIB, err));
    TRY(sqlite_exec(&db, "BEGIN", err)); /* one snapshot for all of it */
    TRY(check_pages(&db, path, err));
    return check_rules(&db, path, err);
}
