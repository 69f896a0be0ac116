/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_sql.h"

const struct text sqlite_sql[SQL_COUNT] = {
#define X(name, text) [SQL_##name] = TEXT_INIT(text),
    SQL_STATEMENTS(X)
#undef X
};
