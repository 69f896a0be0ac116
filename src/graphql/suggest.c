/* SPDX-License-Identifier: Apache-2.0 */
#include "graphql/suggest.h"

#include <stdio.h>

#define LENGTH_MAX 48 /* longer names are not compared */

struct candidate {
    struct text name;
    size_t distance;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Insertions, deletions and substitutions from one to the other, whatever the case; a change of case alone
 * is 1. */
static size_t distance(struct text a, struct text b)
{
    size_t row[LENGTH_MAX + 1];
    if (text_equal_nocase(a, b))
        return text_equal(a, b) ? 0 : 1;
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 0; i < a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.n; j++) {
            size_t substituted = diagonal + (lower(a.p[i]) != lower(b.p[j]));
            diagonal = row[j + 1];
            row[j + 1] = least(row[j] + 1, row[j + 1] + 1, substituted);
        }
    }
    return row[b.n];
}

/* Keeps the list sorted and short. */
static int insert(struct candidate list[static SUGGESTIONS_MAX], int count, struct candidate c)
{
    int at = count;
    while (at > 0 && list[at - 1].distance > c.distance)
        at--;
    if (at == SUGGESTIONS_MAX)
        return count;
    int last = count < SUGGESTIONS_MAX ? count : SUGGESTIONS_MAX - 1;
    for (int i = last; i > at; i--)
        list[i] = list[i - 1];
    list[at] = c;
    return last + 1;
}

struct text suggest_names(const struct text *list, int count, const char *kind, char *out, size_t out_size)
{
    int begun = count ? snprintf(out, out_size, " Did you mean%s", kind) : 0;
    if (begun <= 0 || (size_t)begun >= out_size)
        return (struct text){out, 0};
    size_t n = (size_t)begun;
    for (int i = 0; i < count; i++) {
        const char *before = i == 0 ? " " : i + 1 < count ? ", " : count == 2 ? " or " : ", or ";
        int added = snprintf(out + n, out_size - n, "%s\"%.*s\"", before, TEXT_ARG(list[i]));
        if (added < 0 || (size_t)added + 1 >= out_size - n)
            break;
        n += (size_t)added;
    }
    if (n + 1 < out_size)
        out[n++] = '?';
    return (struct text){out, n};
}

struct text suggest(struct text what, const struct names *names, const char *kind, char *out, size_t out_size)
{
    struct candidate list[SUGGESTIONS_MAX];
    int count = 0;
    size_t threshold = what.n * 4 / 10 + 1;
    for (int i = 0; i < names->count && what.n <= LENGTH_MAX; i++) {
        struct text name = names->list[i];
        if (name.n > LENGTH_MAX)
            continue;
        size_t d = distance(what, name);
        if (d <= threshold)
            count = insert(list, count, (struct candidate){name, d});
    }
    struct text found[SUGGESTIONS_MAX];
    for (int i = 0; i < count; i++)
        found[i] = list[i].name;
    return suggest_names(found, count, kind, out, out_size);
}
