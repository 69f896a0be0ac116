/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* assert_aborts(statement): runs it in a child process and wants SIGABRT, which is how must() ends a process.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define assert_aborts(statement)                                                                             \
    do {                                                                                                     \
        pid_t aborts_pid_ = fork();                                                                          \
        assert_true(aborts_pid_ >= 0);                                                                       \
        if (aborts_pid_ == 0) {                                                                              \
            int aborts_null_ = open("/dev/null", O_WRONLY);                                                  \
            if (aborts_null_ >= 0)                                                                           \
                dup2(aborts_null_, STDERR_FILENO);                                                           \
            signal(SIGABRT, SIG_DFL);                                                                        \
            statement;                                                                                       \
            _exit(0);                                                                                        \
        }                                                                                                    \
        int aborts_how_ = 0;                                                                                 \
        assert_int_equal(waitpid(aborts_pid_, &aborts_how_, 0), aborts_pid_);                                \
        assert_true(WIFSIGNALED(aborts_how_) && WTERMSIG(aborts_how_) == SIGABRT);                           \
    } while (0)
