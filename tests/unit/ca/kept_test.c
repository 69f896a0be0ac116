/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/ca.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"

/* The CA over the real store and vault; what it does with their answers is tested over stubs (made_test.c).
 */

OWNABLE(struct ca, ca_close);

static char directory[] = "/tmp/fairlead-ca-kept-XXXXXX";
static char key_path[64], database_url[80];
static struct store *store;
static struct vault *vault;

static void open_both(void)
{
    const struct store_settings store_settings = {
        .url = text_of(database_url), .read_connections = 1, .write_queue_max = 16};
    const struct vault_settings vault_settings = {
        .key_file = text_of(key_path), .data_dir = text_of("/nowhere"), .may_create = true};
    struct error err = {0};
    if (!status_ok(store_open(&store_settings, &store, &err)) ||
        !status_ok(vault_open(&vault_settings, store, &vault, &err)))
        fail_msg("%s", err.message);
}

static void close_both(void)
{
    vault_close(vault);
    store_close(store);
}

static int start(void **state)
{
    (void)state;
    must(mkdtemp(directory));
    snprintf(key_path, sizeof(key_path), "%s/vault.key", directory);
    snprintf(database_url, sizeof(database_url), "sqlite:%s/db", directory);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    static const char *const files[] = {"vault.key", "db", "db-wal", "db-shm"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[80];
        snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
        unlink(path);
    }
    return rmdir(directory);
}

static void the_same_ca_comes_back_after_a_restart(void **state)
{
    (void)state;
    const struct ca_settings settings = {
        .key_algorithm = TEXT("ec:P-256"), .subject = TEXT("CN=Fairlead CA"), .validity_s = 3650LL * 86400};
    uint8_t fingerprint[SHA256_SIZE];
    for (int round = 0; round < 3; round++) {
        open_both();
        OWNED(ca_close) struct ca *ca = NULL;
        struct error err = {0};
        struct status s = ca_open(&settings, store, vault, &ca, &err);
        if (!status_ok(s))
            fail_msg("round %d: %s", round, err.message);
        if (round == 0)
            memcpy(fingerprint, ca_fingerprint(ca), sizeof(fingerprint));
        assert_memory_equal(fingerprint, ca_fingerprint(ca), sizeof(fingerprint));
        OWNED(buffer_release) struct buffer chain;
        buffer_init(&chain, 65536);
        OWNED(secret_release) struct secret key = {0};
        int64_t not_after;
        const struct text names[] = {TEXT("localhost")};
        assert_ok(ca_issue_server(ca, names, 1, clock_now_s(), 3600, &chain, &key, &not_after, NULL));
        close_both();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_ca_comes_back_after_a_restart),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
