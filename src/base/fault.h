/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Places where a test may end the process as a power cut would: between two steps whose order is a promise.
 * Only sanitized builds have them; in a release build FAULT_POINT is nothing, its name is not in the binary
 * either.
 *
 * A test sets FAULT_POINTS_DIR (not FAIRLEAD_...: those are settings, and the core does not get them) and
 * arms a point by making a file of its name there. Whoever passes the point and removes the file is gone at
 * once, with FAULT_EXIT, without a handler, flush or destructor. Any thread.
 */

#define FAULT_EXIT 77

void fault_point(const char *name); /* FAULT_POINT calls it; there is none in a release build */

#if FAIRLEAD_SANITIZED
#define FAULT_POINT(name) fault_point(name)
#else
#define FAULT_POINT(name) ((void)0)
#endif
