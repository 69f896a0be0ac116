/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Feeds files to a fuzz target without libFuzzer: `replay_x CORPUS [MORE...]`, each a directory. It is how
 * gcc, valgrind and the ordinary test run see the corpus and every past crash. The first directory must hold
 * files, so that a corpus that was moved or never committed is noticed; the others may be missing.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/own.h"
#include "base/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_visible(const char *name)
{
    return name[0] != '.';
}

static int choose(const struct dirent *entry)
{
    return is_visible(entry->d_name);
}

/* Exactly `size` bytes on the heap: a target that reads one byte more meets AddressSanitizer. */
static bool replay_file(int fd, size_t size)
{
    uint8_t *data = mem_alloc(size);
    if (!data)
        return false;
    size_t done = 0;
    while (done < size) {
        ssize_t n = read(fd, data + done, size - done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (done == size)
        LLVMFuzzerTestOneInput(data, size);
    mem_free(data);
    return done == size;
}

/* Prints the name first: after a crash it is the last line. */
static bool replay_path(const char *path)
{
    printf("%s\n", path);
    fflush(stdout);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    bool good = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && replay_file(fd, (size_t)st.st_size);
    if (!good)
        fprintf(stderr, "replay: cannot read '%s': %s\n", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return good;
}

/* The number of files replayed; -1 when one could not be read. A missing directory holds none. */
static int replay_directory(const char *directory)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, choose, alphasort);
    int replayed = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        int n = snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
        bool good = n > 0 && (size_t)n < sizeof(path) && replay_path(path);
        replayed = good && replayed >= 0 ? replayed + 1 : -1;
        free(entries[i]); /* scandir's, which calls malloc itself */
    }
    free(entries);
    return replayed;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s CORPUS [MORE...]\n", argv[0]);
        return 2;
    }
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int replayed = replay_directory(argv[i]);
        if (replayed < 0)
            return 1;
        if (replayed == 0 && i == 1) {
            fprintf(stderr, "replay: no corpus in '%s'\n", argv[i]);
            return 1;
        }
        total += replayed;
    }
    printf("replayed %d files\n", total);
    return 0;
}
