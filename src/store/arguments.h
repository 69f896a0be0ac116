/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Checks of arguments that the front functions (store.c, registry.c) share; private to src/store. */

#include "store/store.h"

#define PAGE_MAX 1000

static inline bool audit_is_valid(const struct audit_entry *e)
{
    return e && e->action.n > 0 && e->at >= 0;
}

static inline bool page_is_valid(unsigned limit)
{
    return limit >= 1 && limit <= PAGE_MAX;
}

static inline bool offset_is_valid(const struct offset_page *page)
{
    return page_is_valid(page->limit) && page->offset <= INT64_MAX;
}

static inline bool call_choice_is_valid(enum call_choice c)
{
    return c >= CALL_UNSET && c <= CALL_NO;
}

/* The cursor of a list is "tenant/name", so a tenant may not hold the separator. */
static inline bool tenant_is_valid(struct text tenant)
{
    return !text_contains(tenant, '/');
}
