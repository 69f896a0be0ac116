/* SPDX-License-Identifier: Apache-2.0 */
#include "os/page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"

#define PAGE_BYTES (PAGE_COUNTERS * sizeof(uint64_t))

static_assert(sizeof(_Atomic uint64_t) == sizeof(uint64_t), "counters are plain words in shared memory");

uint32_t page_index(enum page_kind kind, struct bytes id)
{
    /* No secret: whoever finds two subjects with one index gains a few extra questions to the core. All
     * processes agree. */
    uint8_t key[16] = {(uint8_t)kind};
    return (uint32_t)(siphash(id, key) % PAGE_COUNTERS);
}

static uint32_t of_tenant(enum page_kind kind, struct text tenant, struct text name)
{
    uint8_t key[16] = {(uint8_t)kind};
    const uint64_t within = siphash(text_bytes(tenant), key);
    memcpy(key + 8, &within, sizeof within);
    return (uint32_t)(siphash(text_bytes(name), key) % PAGE_COUNTERS);
}

uint32_t page_application(struct text tenant, struct text name)
{
    return of_tenant(PAGE_APPLICATION, tenant, name);
}

uint32_t page_secret(struct text tenant, struct text name)
{
    return of_tenant(PAGE_SECRET, tenant, name);
}

struct status page_create(int *out_fd)
{
    int fd = memfd_create("fairlead-page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return STATUS(UNAVAILABLE);
    /* Mode 0400: even the owner cannot open it for writing a second time through /proc; the core inherits
     * this descriptor. */
    if (ftruncate(fd, (off_t)PAGE_BYTES) != 0 || fchmod(fd, 0400) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        close(fd);
        return STATUS(UNAVAILABLE);
    }
    *out_fd = fd;
    return DONE;
}

struct status page_reopen_readonly(int fd, int *out_fd)
{
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int readonly = open(path, O_RDONLY | O_CLOEXEC);
    if (readonly < 0)
        return STATUS(UNAVAILABLE);
    *out_fd = readonly;
    return DONE;
}

struct status page_map(int fd, bool writable, struct page *out)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size != (off_t)PAGE_BYTES)
        return STATUS(INVALID);
    /* A shrunk file would be a SIGBUS later. */
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || !(seals & F_SEAL_SHRINK))
        return STATUS(INVALID);
    void *p = mmap(NULL, PAGE_BYTES, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return errno == EACCES ? STATUS(DENIED) : STATUS(NOMEM);
    *out = (struct page){.counters = p, .writable = writable};
    return DONE;
}

void page_unmap(struct page *p)
{
    if (p->counters)
        must(munmap((void *)(uintptr_t)p->counters, PAGE_BYTES) == 0);
    *p = (struct page){0};
}

void page_add_wake(struct page *p, int eventfd)
{
    must(p->wake_count < sizeof p->wake_fds / sizeof p->wake_fds[0]);
    p->wake_fds[p->wake_count++] = eventfd;
}

uint64_t page_load(const struct page *p, uint32_t index)
{
    return atomic_load_explicit(&p->counters[index % PAGE_COUNTERS], memory_order_acquire);
}

void page_bump(struct page *p, uint32_t index)
{
    must(p->writable);
    (void)atomic_fetch_add_explicit(&p->counters[index % PAGE_COUNTERS], 1, memory_order_release);
}

void page_bump_all(struct page *p)
{
    for (uint32_t i = 0; i < PAGE_COUNTERS; i++)
        page_bump(p, i);
}

void page_wake(struct page *p)
{
    const uint64_t one = 1;
    for (unsigned i = 0; i < p->wake_count; i++) {
        /* EAGAIN means that the counter is full, so the front has a wake-up to come anyway. */
        while (write(p->wake_fds[i], &one, sizeof one) < 0 && errno == EINTR)
            continue;
    }
}

bool page_pairs_add(struct page_pairs *pairs, const struct page *p, uint32_t index)
{
    if (pairs->count == PAGE_PAIRS_MAX)
        return false;
    pairs->pair[pairs->count++] = (struct page_pair){.index = index, .value = page_load(p, index)};
    return true;
}

bool page_pairs_current(const struct page_pairs *pairs, const struct page *p)
{
    for (unsigned i = 0; i < pairs->count; i++) {
        if (page_load(p, pairs->pair[i].index) != pairs->pair[i].value)
            return false;
    }
    return true;
}
