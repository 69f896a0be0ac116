/* SPDX-License-Identifier: Apache-2.0 */
#include "os/slab.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const uint32_t slab_latency_bounds[SLAB_LATENCY_BUCKETS] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000,
};

const uint32_t slab_call_bounds[SLAB_CALL_BUCKETS] = {10000, 100000, 1000000, 10000000};

struct status slab_create(int *out_fd)
{
    int fd = memfd_create("fairlead-slab", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return STATUS(UNAVAILABLE);
    if (ftruncate(fd, (off_t)sizeof(struct slab)) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        close(fd);
        return STATUS(UNAVAILABLE);
    }
    *out_fd = fd;
    return DONE;
}

struct status slab_map(int fd, struct slab **out)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size != (off_t)sizeof(struct slab))
        return STATUS(INVALID);
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || !(seals & F_SEAL_SHRINK))
        return STATUS(INVALID);
    void *p = mmap(NULL, sizeof(struct slab), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return STATUS(NOMEM);
    *out = p;
    return DONE;
}

void slab_unmap(struct slab *s)
{
    if (s)
        must(munmap(s, sizeof *s) == 0);
}

void slab_latency(struct slab *s, uint64_t us)
{
    unsigned bucket = 0;
    while (bucket < SLAB_LATENCY_BUCKETS && us > slab_latency_bounds[bucket])
        bucket++;
    atomic_fetch_add_explicit(&s->latency[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->latency_sum_us, us, memory_order_relaxed);
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

void slab_call(struct slab_series *s, enum slab_call_class c, uint64_t us)
{
    add(&s->calls[c], 1);
    if (us == SLAB_CALL_UNTIMED)
        return;
    unsigned bucket = 0;
    while (bucket < SLAB_CALL_BUCKETS && us > slab_call_bounds[bucket])
        bucket++;
    add(&s->times[bucket], 1);
    add(&s->time_sum_us, us);
}
