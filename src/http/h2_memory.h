/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* nghttp2's memory goes through base/alloc, so that tests can make it fail. */

#include <nghttp2/nghttp2.h>

nghttp2_mem *h2_memory(void); /* nghttp2 copies the table but its type is not const */
