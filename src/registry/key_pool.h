/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Keys made ahead, so that a registration need not wait for one (an RSA-2048 key takes 50 to 500 ms). A
 * thread of low priority, started by the first demand, keeps `ahead` of them; a server that never makes a
 * pair never makes a key. When there is none left, whoever asks makes one, `lane_width` threads at a time.
 *
 * Private keys wait here as libcrypto's objects, which wipe them when they are freed. Any thread.
 */

#include "base/bytes.h"
#include "base/error.h"
#include "base/own.h"
#include "x509/keys.h"

struct key_pool;

/* `algorithm` as key_generate (x509/keys.h), copied; ahead 0..64, 0 = none; lane_width at least 1. E_INVALID
 * for an algorithm that nobody knows. */
struct status key_pool_new(struct text algorithm, unsigned ahead, unsigned lane_width, struct key_pool **out);
/* Nobody may be in key_pool_take. Joins the thread, which finishes the key it is making; wipes what is left;
 * accepts NULL. */
void key_pool_free(struct key_pool *p);
OWNABLE(struct key_pool, key_pool_free);

/*
 * Blocks while it makes one, or waits for its turn to. The key is the caller's (key_free of
 * x509/request_build.h). E_AGAIN when KEY_POOL_MAKING_MAX threads are at it: who asks for keys faster than
 * they can be made would otherwise hold every request thread, and with them everybody else's requests.
 */
#define KEY_POOL_MAKING_MAX 16
struct status key_pool_take(struct key_pool *p, EVP_PKEY **out, struct error *err);
/* How many are waiting to be taken. */
unsigned key_pool_ready(struct key_pool *p);
