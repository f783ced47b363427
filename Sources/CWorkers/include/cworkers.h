#ifndef LIKENESS_CWORKERS_H
#define LIKENESS_CWORKERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What processes that work together need of Linux and Swift does not see: memory that two processes share, descriptors
 * that travel over a socket, and the promise to die with one's parent.
 *
 * Every function may be called from any thread. Those that fail return -1 and leave the reason in errno; none of them
 * leaves a descriptor open when it fails.
 */

/* How many descriptors a program gets beside its empty input and output. */
#define CWORKERS_DESCRIPTORS 3

/*
 * Memory that is a file without a name, of a fixed size, all zero: it cannot be shrunk under somebody who has mapped it.
 *
 *   size    bytes, at least 1
 *
 * Returns a descriptor for reading and writing, closed on exec; the caller closes it.
 */
int cworkers_create_memory(size_t size);

/*
 * The same memory by a descriptor that can only be read and mapped for reading.
 *
 * Returns a descriptor, closed on exec; the caller closes it and still owns the other one.
 */
int cworkers_reopen_read_only(int memory);

/*
 * Two connected sockets that keep the borders of messages and tell when the other end is closed.
 *
 *   ends    out: two descriptors, closed on exec; the caller closes them
 */
int cworkers_connect(int ends[2]);

/*
 * Sends one message, and with it a descriptor.
 *
 *   socket        one of cworkers_connect
 *   bytes, size   the message, borrowed; at least 1 byte
 *   descriptor    sent along, still the caller's; -1 for none
 *
 * Returns 0. An end that is closed is EPIPE, never a signal.
 */
int cworkers_send(int socket, const void *bytes, size_t size, int descriptor);

/*
 * Waits for one message and the descriptor that may come with it.
 *
 *   bytes, size   out: the message; what is longer than size is EMSGSIZE
 *   descriptor    out: closed on exec, the caller closes it; -1 when there is none
 *
 * Returns the size of the message, 0 when the other end is closed.
 */
ssize_t cworkers_receive(int socket, void *bytes, size_t size, int *descriptor);

/*
 * Makes the system kill this process when its parent ends, and keeps it from gaining rights by what it executes.
 *
 *   parent    the parent's number: a parent that has ended by now is ESRCH
 *
 * The parent ends, in this sense, with the thread that started this process.
 *
 * Returns 0.
 */
int cworkers_die_with(pid_t parent);

/*
 * Starts a program with default signals and with no descriptors but those named: 0 and 1 are /dev/null.
 *
 *   program        its path
 *   arguments      ends with NULL; the first is the program's name
 *   environment    ends with NULL: all variables that it gets
 *   descriptors    what it gets as 2, its standard error, and from 3 on; still the caller's
 *
 * Returns the process's number, which the caller has to wait for.
 */
pid_t cworkers_spawn(
    const char *program, char *const arguments[], char *const environment[],
    const int descriptors[CWORKERS_DESCRIPTORS]);

/* The name of a signal, "SIGSEGV" without its "SIG", or NULL for none that is known. A constant: not to be freed. */
const char *cworkers_signal_name(int number);

#endif
