/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The one thread that writes, and the one that moves the write-ahead log into the database; private to
 * src/store/sqlite*.c.
 *
 * sqlite_write() queues an operation and returns after the commit that holds it. The thread takes all that
 * wait, runs each in its own savepoint inside one transaction, commits once (one fsync), then wakes them all.
 * There is no artificial delay: while one group is on its way to the disk, the next one gathers.
 *
 * Commits append to the log. When it is 16 MiB long, a second thread copies it into the database (a PASSIVE
 * checkpoint, which does not stop the writer), then the writer starts the log over. A start after kill -9
 * therefore reads a few tens of megabytes at most.
 */

#include "store/sqlite_db.h"

struct sqlite_writer;

/* Totals kept in table `counter`. */
enum counter {
    COUNTER_APPLICATIONS,
    COUNTER_CERTIFICATES_ACTIVE,
    COUNTER_CERTIFICATES_REVOKED,
    COUNTER_SERVICES,
    COUNTER_SPECIFICATIONS,
    COUNTER_SPECIFICATION_BYTES,
    COUNTER_COUNT
};

/* What an operation works with. Its changes to the totals and the change table count only if it succeeds. */
struct sqlite_txn {
    struct sqlite_db *db;
    int64_t counters[COUNTER_COUNT]; /* added to the totals */
    bool changed;                    /* rows were added to `change` */
};

/* Runs on the writer's thread, inside a savepoint; a failure undoes what it did. */
typedef struct status sqlite_operation(struct sqlite_txn *t, void *args);

struct sqlite_writer_stats {
    int64_t commits, operations, commit_us_total, queued;
};

struct status sqlite_writer_start(const char *path, unsigned queue_max, struct sqlite_writer **out,
                                  struct error *err);
void sqlite_writer_stop(struct sqlite_writer *w); /* finishes what is queued; accepts NULL */
/* Any thread; blocks. `args` is borrowed. E_AGAIN when the queue is full, else the operation's or the
 * commit's status. */
struct status sqlite_write(struct sqlite_writer *w, sqlite_operation *run, void *args);
/* The same in a transaction of its own, for what may change very many pages: a savepoint keeps the former
 * content of each in memory, a transaction does not. Others wait for it. */
struct status sqlite_write_alone(struct sqlite_writer *w, sqlite_operation *run, void *args);
void sqlite_writer_stats(struct sqlite_writer *w, struct sqlite_writer_stats *out);

/* Appends to table `change`. */
struct status sqlite_change(struct sqlite_txn *t, struct text tenant, struct text kind, struct bytes key);
