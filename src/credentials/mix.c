/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"
#include "credentials/internal.h"

void mix_bytes(struct mix *m, struct bytes b)
{
    uint8_t both[2 * SHA256_SIZE];
    memcpy(both, m->state, SHA256_SIZE);
    sha256(b, both + SHA256_SIZE);
    sha256(BYTES_OF(both), m->state);
    secret_wipe(both, sizeof both);
}

void mix_text(struct mix *m, struct text t)
{
    mix_bytes(m, text_bytes(t));
}

void mix_number(struct mix *m, uint64_t n)
{
    uint8_t bytes[8];
    memcpy(bytes, &n, sizeof bytes); /* never leaves this process */
    mix_bytes(m, BYTES_OF(bytes));
}

void mix_parameters(struct mix *m, const struct parameter_list *list)
{
    mix_number(m, list->count);
    for (size_t i = 0; i < list->count; i++) {
        mix_text(m, list->list[i].name);
        mix_number(m, list->list[i].count);
        for (size_t k = 0; k < list->list[i].count; k++)
            mix_text(m, list->list[i].values[k]);
    }
}
