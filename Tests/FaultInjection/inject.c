/*
 * A library to be preloaded (LD_PRELOAD) that makes a chosen system call on files fail, or kills the process at it:
 * what a crash loop needs and no product should contain.
 *
 *   LIKENESS_FAULT=CALL:FROM:ACTION[:PART]
 *     CALL    fsync, rename, write, pwrite or ftruncate
 *     FROM    the first such call that it happens to, from 1 on; to every one from there when + stands behind it
 *     ACTION  kill (before the call), kill-after, EIO or ENOSPC
 *     PART    only calls on files whose path contains this
 *   LIKENESS_FAULT_WHILE=FILE   only while this file exists
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum action { NONE, KILL, KILL_AFTER, FAIL };

static atomic_long calls;

static void path_of(int fd, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, size - 1);
    path[length < 0 ? 0 : length] = 0;
}

/* What is to happen to this call; sets *error for FAIL. */
static enum action fault(const char *call, const char *path, int *error) {
    const char *plan = getenv("LIKENESS_FAULT");
    if (!plan) return NONE;
    char copy[512];
    snprintf(copy, sizeof copy, "%s", plan);
    char *rest = copy;
    const char *wanted = strsep(&rest, ":"), *from = strsep(&rest, ":"), *action = strsep(&rest, ":");
    if (!from || !action || strcmp(wanted, call) != 0) return NONE;
    if (rest && !strstr(path, rest)) return NONE;
    const char *condition = getenv("LIKENESS_FAULT_WHILE");
    if (condition && access(condition, F_OK) != 0) return NONE;
    const long number = atomic_fetch_add(&calls, 1) + 1, first = strtol(from, NULL, 10);
    if (strchr(from, '+') ? number < first : number != first) return NONE;
    if (strcmp(action, "kill-after") == 0) return KILL_AFTER;
    *error = strcmp(action, "EIO") == 0 ? EIO : ENOSPC;
    return strcmp(action, "kill") == 0 ? KILL : FAIL;
}

#define INTERPOSE(type, name, parameters, arguments, path_expression)                                     \
    type name parameters {                                                                                  \
        static type(*real) parameters;                                                                      \
        if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name);                                               \
        char path[4096];                                                                                    \
        path_expression;                                                                                    \
        int error = 0;                                                                                      \
        const enum action action = fault(CALL, path, &error);                                               \
        if (action == KILL) kill(getpid(), SIGKILL);                                                        \
        if (action == FAIL) return errno = error, -1;                                                       \
        const type result = real arguments;                                                                 \
        if (action == KILL_AFTER) kill(getpid(), SIGKILL);                                                  \
        return result;                                                                                      \
    }

#define CALL "fsync"
INTERPOSE(int, fsync, (int fd), (fd), path_of(fd, path, sizeof path))
#undef CALL
#define CALL "rename"
INTERPOSE(int, rename, (const char *from, const char *to), (from, to), snprintf(path, sizeof path, "%s", to))
#undef CALL
#define CALL "write"
INTERPOSE(ssize_t, write, (int fd, const void *bytes, size_t count), (fd, bytes, count), path_of(fd, path, sizeof path))
#undef CALL
#define CALL "pwrite"
INTERPOSE(
    ssize_t, pwrite, (int fd, const void *bytes, size_t count, off_t offset), (fd, bytes, count, offset),
    path_of(fd, path, sizeof path))
INTERPOSE(
    ssize_t, pwrite64, (int fd, const void *bytes, size_t count, off_t offset), (fd, bytes, count, offset),
    path_of(fd, path, sizeof path))
#undef CALL
#define CALL "ftruncate"
INTERPOSE(int, ftruncate, (int fd, off_t size), (fd, size), path_of(fd, path, sizeof path))
INTERPOSE(int, ftruncate64, (int fd, off_t size), (fd, size), path_of(fd, path, sizeof path))
