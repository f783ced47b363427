/*
 * CFAISS_IVF(3): k-means, and faiss's own inverted files for comparison. Conventions and threads as in cfaiss.h.
 */
#ifndef LIKENESS_CFAISS_IVF_H
#define LIKENESS_CFAISS_IVF_H

#include "cfaiss.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Assigns vectors to centroids for cfaiss_cluster, in blocks. Called on the calling thread, outside of OpenMP regions.
 *
 *   vectors, count   count * dimension, contiguous
 *   centroids        k * dimension; they change when `pass` does
 *   pass             counts the assignments of all vectors, from 0 on
 *   labels           to be set to count numbers of the nearest centroids, each below k
 *
 * Returns 0 to go on; anything else ends cfaiss_cluster.
 */
typedef int (*cfaiss_assigner)(
    void *context, const float *vectors, size_t count, const float *centroids, int pass, int64_t *labels);

/*
 * Centroids by faiss::Clustering (Lloyd's k-means from k of the vectors; empty clusters take half of another one).
 *
 *   rows         where each of `count` vectors of `dimension` floats begins; borrowed, read where they lie; finite
 *   k            1 to count; with k = count the centroids are the vectors
 *   iterations   1 or more
 *   seed         the same seed gives the same centroids
 *   block        vectors that are given to `assign` at once, 1 or more; the time between two chances to end
 *   centroids    k * dimension, owned by the caller
 *
 * Memory: the centroids, and a block of vectors. When `assign` ends it, CFAISS_REFUSED.
 */
cfaiss_status cfaiss_cluster(
    const float *const *rows, size_t count, size_t dimension, size_t k, int iterations, int seed, size_t block,
    int threads, cfaiss_assigner assign, void *context, float *centroids,
    char *message, size_t message_capacity);

/* A faiss::IndexIVFFlat or faiss::IndexIVFPQ with its own copy of its rows: what other answers are compared with. */
typedef struct cfaiss_inverted_file cfaiss_inverted_file;

/* Makes an untrained index; with m = 0 an IndexIVFFlat, else an IndexIVFPQ with m codes of `bits` bits. */
cfaiss_status cfaiss_inverted_file_new(
    size_t dimension, size_t nlist, size_t m, size_t bits, cfaiss_inverted_file **index,
    char *message, size_t message_capacity);

/* Trains it with `count` rows, at least nlist and 2^bits of them. Once. */
cfaiss_status cfaiss_inverted_file_train(
    cfaiss_inverted_file *index, const float *rows, size_t count, int threads,
    char *message, size_t message_capacity);

/* Adds `count` rows (copied) to the trained index; the first row ever added has number 0. */
cfaiss_status cfaiss_inverted_file_add(
    cfaiss_inverted_file *index, const float *rows, size_t count, int threads,
    char *message, size_t message_capacity);

/* As cfaiss_flat_search, among the rows of the nprobe (1 to nlist) nearest lists. Several threads at once may ask. */
cfaiss_status cfaiss_inverted_file_search(
    const cfaiss_inverted_file *index, const float *queries, size_t query_count, size_t k, size_t nprobe, int threads,
    float *distances, int64_t *row_numbers,
    char *message, size_t message_capacity);

/* Ends an index; NULL is let pass. */
void cfaiss_inverted_file_free(cfaiss_inverted_file *index);

#ifdef __cplusplus
}
#endif

#endif
