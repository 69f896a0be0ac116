/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The generation page (DESIGN 3.1, 1): 65,536 counters in a memfd. The core maps it read-write, fronts
 * through an O_RDONLY re-open. An answer that a front keeps carries up to four (index, value) pairs, loaded
 * by the core *before* it opened its read transaction; it is good while all counters still hold these values.
 *
 * Writers: commit -> page_bump (release) -> page_wake -> acknowledge. Any thread.
 */

#include <stdatomic.h>

#include "base/bytes.h"
#include "base/status.h"

#define PAGE_COUNTERS  65536u
#define PAGE_PAIRS_MAX 4

struct page {
    _Atomic uint64_t *counters; /* PAGE_COUNTERS, mapped */
    bool writable;
    int wake_fds[64]; /* eventfds, one per front; the core only */
    unsigned wake_count;
};

struct page_pair {
    uint32_t index;
    uint64_t value;
};

struct page_pairs {
    struct page_pair pair[PAGE_PAIRS_MAX];
    unsigned count;
};

/* What a counter stands for. The index is a hash of kind and id: two subjects may share one, which only costs
 * a question. */
enum page_kind {
    PAGE_CERTIFICATE = 1,
    PAGE_APPLICATION,
    PAGE_TRUST,
    PAGE_LISTENERS,
    PAGE_SERVICE,
    PAGE_SECRET
};
uint32_t page_index(enum page_kind kind, struct bytes id);
uint32_t page_application(struct text tenant, struct text name); /* PAGE_APPLICATION of that one */
uint32_t page_secret(struct text tenant, struct text name);      /* PAGE_SECRET: one that is kept by name */

struct status page_create(int *out_fd);                          /* sealed against resizing; CLOEXEC */
struct status page_reopen_readonly(int fd, int *out_fd);         /* through /proc/self/fd */
struct status page_map(int fd, bool writable, struct page *out); /* refuses a wrong size */
void page_unmap(struct page *p);
void page_add_wake(struct page *p, int eventfd);

uint64_t page_load(const struct page *p, uint32_t index); /* acquire */
void page_bump(struct page *p, uint32_t index);           /* release */
void page_bump_all(struct page *p);                       /* a starting core, before it opens its socket */
void page_wake(struct page *p);                           /* one write to each front's eventfd */

/* Adds (index, current value); must happen before the answer's data is read. False (and nothing added) when
 * full. */
bool page_pairs_add(struct page_pairs *pairs, const struct page *p, uint32_t index);
bool page_pairs_current(const struct page_pairs *pairs, const struct page *p);
