/* SPDX-License-Identifier: Apache-2.0 */
#include "config/suggest.h"

#define WORD_MAX 64

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t suggest_distance(struct text a, struct text b)
{
    if (a.n > WORD_MAX || b.n > WORD_MAX)
        return SIZE_MAX;
    size_t rows[3][WORD_MAX + 1]; /* the row before the last, the last, and the one being filled */
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b.n; j++)
        last[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t replaced = last[j - 1] + (lower(a.p[i - 1]) == lower(b.p[j - 1]) ? 0 : 1);
            now[j] = least(replaced, least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a.p[i - 1]) == lower(b.p[j - 2]) &&
                lower(a.p[i - 2]) == lower(b.p[j - 1]))
                now[j] = least(now[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[b.n];
}

void suggest_start(struct suggestion *s, struct text wanted)
{
    size_t near = wanted.n < 3 ? 0 : wanted.n / 3;
    /* One more than is near enough: only something strictly nearer is taken. */
    *s = (struct suggestion){.wanted = wanted, .distance = (near > 3 ? 3 : near) + 1};
}

void suggest_offer(struct suggestion *s, struct text candidate)
{
    size_t distance = suggest_distance(s->wanted, candidate);
    if (distance >= s->distance)
        return;
    s->distance = distance;
    s->best = candidate;
}
