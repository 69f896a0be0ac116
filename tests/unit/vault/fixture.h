/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A temporary directory with a key file's place and a store. */

#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "scratch.h"
#include "vault/vault.h"

struct place {
    char dir[SCRATCH_MAX];
    char key[96]; /* <dir>/config/vault.key */
    char old[96]; /* <key>.old */
    char url[128];
};

static inline struct place place_make(void)
{
    struct place p = {0};
    scratch_make(p.dir);
    (void)snprintf(p.key, sizeof p.key, "%.40s/config/vault.key", p.dir);
    (void)snprintf(p.old, sizeof p.old, "%.40s/config/vault.key.old", p.dir);
    (void)snprintf(p.url, sizeof p.url, "sqlite:%.40s/data/fairlead.db", p.dir);
    return p;
}

static inline struct store *open_store(const char *url)
{
    struct store *s = NULL;
    struct store_settings settings = {.url = text_of(url), .read_connections = 1, .write_queue_max = 16};
    assert_ok(store_open(&settings, &s, NULL));
    return s;
}

static inline struct status open_vault(const struct place *p, struct store *s, bool may_create,
                                       struct vault **out, struct error *err)
{
    struct vault_settings settings = {.key_file = text_of(p->key), .may_create = may_create};
    return vault_open(&settings, s, out, err);
}

static inline void write_file(const char *path, struct bytes content, unsigned mode)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(content.p, 1, content.n, f), content.n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static inline size_t read_whole(const char *path, uint8_t *out, size_t size)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(out, 1, size, f);
    (void)fclose(f);
    return n;
}
