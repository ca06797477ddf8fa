/* Copyright (c) 2026, globalsign.atlas contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Preloaded, it counts what is synced and renamed, and makes each sync take longer, as a slow disk
 * does. The counts of all processes are in one file, named by BENCHMARK_COUNTS: four numbers of 64
 * bits, of syncs of a file or folder, of syncs of a file system, of renames, and of processes.
 * BENCHMARK_SYNC_MICROSECONDS is what each sync takes more.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { FILE_SYNCS, SYSTEM_SYNCS, RENAMES, PROCESSES, COUNTS };

static uint64_t *counts;
static struct timespec longer;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("BENCHMARK_COUNTS");
    const char *microseconds = getenv("BENCHMARK_SYNC_MICROSECONDS");
    long more = microseconds ? atol(microseconds) : 0;
    int descriptor;
    void *mapped;

    longer.tv_sec = more / 1000000;
    longer.tv_nsec = more % 1000000 * 1000;
    if (!path || (descriptor = open(path, O_RDWR | O_CLOEXEC)) < 0)
        return;
    mapped = mmap(NULL, COUNTS * sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (mapped == MAP_FAILED)
        return;
    counts = mapped;
    __atomic_add_fetch(&counts[PROCESSES], 1, __ATOMIC_RELAXED);
}

static void *real(const char *name, int what)
{
    if (counts)
        __atomic_add_fetch(&counts[what], 1, __ATOMIC_RELAXED);
    if (what != RENAMES)
        nanosleep(&longer, NULL);
    return dlsym(RTLD_NEXT, name);
}

int fsync(int descriptor)
{
    return ((int (*)(int))real("fsync", FILE_SYNCS))(descriptor);
}

int fdatasync(int descriptor)
{
    return ((int (*)(int))real("fdatasync", FILE_SYNCS))(descriptor);
}

int syncfs(int descriptor)
{
    return ((int (*)(int))real("syncfs", SYSTEM_SYNCS))(descriptor);
}

void sync(void)
{
    ((void (*)(void))real("sync", SYSTEM_SYNCS))();
}

int rename(const char *from, const char *to)
{
    return ((int (*)(const char *, const char *))real("rename", RENAMES))(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return ((int (*)(int, const char *, int, const char *))real("renameat", RENAMES))(
        from_folder, from, to_folder, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags)
{
    return ((int (*)(int, const char *, int, const char *, unsigned int))real(
        "renameat2", RENAMES))(from_folder, from, to_folder, to, flags);
}
