#define _GNU_SOURCE
#include "cworkers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The first descriptor that is handed over. */
#define FIRST 2

/* Closes without losing the reason why. */
static int give_up(int descriptor) {
    int reason = errno;
    close(descriptor);
    errno = reason;
    return -1;
}

int cworkers_create_memory(size_t size) {
    int memory = memfd_create("likeness", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory < 0) return -1;
    if (ftruncate(memory, (off_t)size) != 0) return give_up(memory);
    if (fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return give_up(memory);
    return memory;
}

int cworkers_reopen_read_only(int memory) {
    char name[32];
    snprintf(name, sizeof name, "/proc/self/fd/%d", memory);
    return open(name, O_RDONLY | O_CLOEXEC);
}

int cworkers_connect(int ends[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends); }

/* Room for the header of one descriptor, aligned as the header wants it. */
typedef union one_descriptor {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
} one_descriptor;

int cworkers_send(int socket, const void *bytes, size_t size, int descriptor) {
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    one_descriptor control;
    if (descriptor >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof descriptor);
        memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    ssize_t sent;
    do {
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

ssize_t cworkers_receive(int socket, void *bytes, size_t size, int *descriptor) {
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    one_descriptor control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    *descriptor = -1;
    ssize_t received;
    do {
        received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (received < 0 && errno == EINTR);
    if (received < 0) return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        memcpy(descriptor, CMSG_DATA(header), sizeof *descriptor);
    }
    if (message.msg_flags & MSG_TRUNC) {
        errno = EMSGSIZE;
        if (*descriptor >= 0) give_up(*descriptor);
        *descriptor = -1;
        return -1;
    }
    return received;
}

int cworkers_die_with(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    /* A parent that ended before the first call has sent no signal. */
    if (getppid() != parent) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

static int describe(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, const int *descriptors) {
    int status = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (status == 0) status = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
    for (int i = 0; i < CWORKERS_DESCRIPTORS && status == 0; i++) {
        status = posix_spawn_file_actions_adddup2(actions, descriptors[i], FIRST + i);
    }
    if (status == 0) status = posix_spawn_file_actions_addclosefrom_np(actions, FIRST + CWORKERS_DESCRIPTORS);
    /* A signal that we block or ignore would stay so in the program. */
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    if (status == 0) status = posix_spawnattr_setsigdefault(attributes, &all);
    if (status == 0) status = posix_spawnattr_setsigmask(attributes, &none);
    if (status == 0) status = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    return status;
}

pid_t cworkers_spawn(
    const char *program, char *const arguments[], char *const environment[],
    const int descriptors[CWORKERS_DESCRIPTORS]) {
    /* One that has a number that it is to hand over would be lost on the way: copies have higher ones. */
    int copies[CWORKERS_DESCRIPTORS];
    int copied = 0;
    int status = 0;
    for (; copied < CWORKERS_DESCRIPTORS; copied++) {
        copies[copied] = fcntl(descriptors[copied], F_DUPFD_CLOEXEC, FIRST + CWORKERS_DESCRIPTORS);
        if (copies[copied] >= 0) continue;
        status = errno;
        break;
    }
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    pid_t process = -1;
    if (status == 0) status = describe(&actions, &attributes, copies);
    if (status == 0) status = posix_spawn(&process, program, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    while (copied > 0) close(copies[--copied]);
    if (status == 0) return process;
    errno = status;
    return -1;
}

const char *cworkers_signal_name(int number) { return sigabbrev_np(number); }
