/*
 * CFAISS(3): what Likeness asks of faiss, as plain C.
 *
 * Debian's libfaiss 1.7.3 comes without the symbols of its C API; this is the part that is needed, over its C++
 * classes.
 *
 * CONVENTIONS
 *   Vectors are float32, row-major: row i of an n * d array begins at element i * d. Distances are squared L2.
 *   Every function that can fail returns a cfaiss_status. When that is not CFAISS_OK, the reason stands in `message`,
 *   a buffer of `message_capacity` bytes that the caller owns, cut to fit and always ended by a zero byte; `message`
 *   may be NULL when `message_capacity` is 0. Output arguments are then unspecified, and no handle has been made.
 *   No C++ exception leaves a function. But faiss 1.7.3 ends the process when it throws inside an OpenMP region, so
 *   the preconditions named below are the caller's to check, before the call.
 *
 * THREADS
 *   OpenMP keeps a number of threads, and a pool of them, for each thread that calls it. Functions that compute take
 *   `threads` (1 or more) and set that number for the calling thread alone; the answers do not depend on it. A caller
 *   with long-lived threads pays for the pool once.
 *
 * SEE ALSO
 *   cfaiss_graph.h, for HNSW.
 */
#ifndef LIKENESS_CFAISS_H
#define LIKENESS_CFAISS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What became of a call. */
typedef enum cfaiss_status {
    CFAISS_OK = 0,
    /* There is not enough memory. */
    CFAISS_OUT_OF_MEMORY = 1,
    /* faiss refused; the message is its own. */
    CFAISS_REFUSED = 2
} cfaiss_status;

/* The version of faiss that this was built with, such as "1.7.3". A constant: not to be freed. */
const char *cfaiss_version(void);

/* The number of cores that the process may use, as OpenMP counts them: 1 or more, fewer than the machine has when a
 * container or taskset(1) limits them. */
int cfaiss_usable_cores(void);

/* A faiss::IndexFlatL2 with its own copy of its rows: what other answers are compared with. */
typedef struct cfaiss_flat cfaiss_flat;

/* Makes an empty index of `dimension` (1 or more); `*index` is the caller's to give to cfaiss_flat_free. */
cfaiss_status cfaiss_flat_new(size_t dimension, cfaiss_flat **index, char *message, size_t message_capacity);

/* Adds `count` rows (count * dimension, copied); the first row ever added has number 0. One thread at a time. */
cfaiss_status cfaiss_flat_add(
    cfaiss_flat *index, const float *rows, size_t count, char *message, size_t message_capacity);

/*
 * The k nearest rows of each query, nearest first, as IndexFlatL2::search gives them: from 20 queries on by BLAS and
 * |x|^2 + |y|^2 - 2xy, whose rounding differs.
 *
 *   queries         query_count * dimension; finite values; borrowed for the call
 *   k               1 or more; where there are fewer rows, the rest has row number -1
 *   distances, row_numbers   query_count * k each, owned by the caller
 *
 * Safe to call from several threads at once as long as none adds.
 */
cfaiss_status cfaiss_flat_search(
    const cfaiss_flat *index, const float *queries, size_t query_count, size_t k, int threads,
    float *distances, int64_t *row_numbers,
    char *message, size_t message_capacity);

/* Ends an index; NULL is let pass. */
void cfaiss_flat_free(cfaiss_flat *index);

/*
 * The principal components of rows: the orthonormal directions along which they differ most, by subspace iteration.
 *
 * Call cfaiss_components_add with all rows, in parts, then cfaiss_components_iterate; again, some four times in all; at
 * last add all rows once more and call cfaiss_components_finish. A call takes milliseconds to tenths of seconds, so
 * that a caller can give up between two. Rows with fewer directions than asked for are no error: the rest is any
 * directions.
 *
 * One thread at a time for one handle; OpenBLAS is told to use that one alone, in the whole process. Its threads spin
 * while they wait for one another, thousands of times in a training: on a busy machine that took a minute for what
 * one thread does in seconds.
 *
 * Source: Halko, Martinsson and Tropp, "Finding Structure with Randomness" (2011), algorithms 4.4 and 5.3.
 */
typedef struct cfaiss_components cfaiss_components;

/* `count` components, 1 to `dimension`; memory 8 * count * dimension bytes, twice that in the end. */
cfaiss_status cfaiss_components_new(
    size_t dimension, size_t count, cfaiss_components **components, char *message, size_t message_capacity);

/* rows (count * dimension, the center already taken off, of magnitude 1 or so). Cost: 4 count * components * dimension
 * operations; memory for count * components numbers. */
cfaiss_status cfaiss_components_add(
    cfaiss_components *components, const float *rows, size_t count, char *message, size_t message_capacity);

/* Goes on to directions that suit the rows better. Cost: 4 components^2 * dimension operations. */
cfaiss_status cfaiss_components_iterate(cfaiss_components *components, char *message, size_t message_capacity);

/* basis (components * dimension, the caller's): orthonormal to double precision, the greatest spread first. */
cfaiss_status cfaiss_components_finish(
    cfaiss_components *components, double *basis, char *message, size_t message_capacity);

/* Ends the search for components; NULL is let pass. */
void cfaiss_components_free(cfaiss_components *components);

#ifdef __cplusplus
}
#endif

#include "cfaiss_ivf.h"

#endif
