/*
 * CFAISS_EXPORT(3): files that any faiss reads, and reading one back. Conventions as in cfaiss.h.
 *
 * What is written is a faiss::IndexIDMap2, as faiss::write_index writes it, around an index of the type that the function
 * is named for. Rows are read where they lie while they are written, in order: memory does not grow with their number
 * times their dimension, as it would if faiss had to have them first.
 *
 * THREADS
 *   One thread at a time for one graph. Everything happens on the calling thread, but for searches.
 */
#ifndef LIKENESS_CFAISS_EXPORT_H
#define LIKENESS_CFAISS_EXPORT_H

#include "cfaiss_graph.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/*
 * Takes the next bytes of the file, about a megabyte at a time, on the calling thread. Returns 0 to go on; anything else
 * ends the export, which then returns CFAISS_REFUSED.
 */
typedef int (*cfaiss_sink)(void *CFAISS_NULLABLE context, const void *bytes, size_t count);

/* The rows of a file, borrowed for the call. */
typedef struct cfaiss_exported_rows {
    /* 1 or more. */
    size_t dimension;
    /* 0 or more. */
    size_t count;
    /* For each row the address of `dimension` numbers. */
    const float *CFAISS_NONNULL const *CFAISS_NONNULL rows;
    /* For each row the id under which faiss is to find it, each once. */
    const int64_t *ids;
} cfaiss_exported_rows;

/* Writes an IndexFlatL2. */
cfaiss_status cfaiss_export_flat(
    const cfaiss_exported_rows *rows, cfaiss_sink sink, void *CFAISS_NULLABLE context,
    char *CFAISS_NULLABLE message, size_t message_capacity);

/*
 * Writes an IndexHNSWFlat with the links of a graph. Memory: that of the graph once more.
 *
 *   rows     those of the graph's nodes in order, then those that are equal to one of them
 *   twins    rows->count - nodes numbers of nodes: to which node each of the rows behind is equal. Each becomes a node
 *            on level 0 in a chain that begins at the one it is equal to: rows at no distance from one another that
 *            were linked like any others would have nothing but one another for neighbors
 *   ef_search   what a search uses when nobody says otherwise; 1 or more
 */
cfaiss_status cfaiss_export_hnsw(
    const cfaiss_exported_rows *rows, const cfaiss_graph *graph, const int32_t *twins, int ef_search,
    cfaiss_sink sink, void *CFAISS_NULLABLE context, char *CFAISS_NULLABLE message, size_t message_capacity);

/* An inverted file, borrowed for the call. */
typedef struct cfaiss_exported_lists {
    /* 1 or more. */
    size_t nlist;
    /* nlist * dimension. */
    const float *centroids;
    /* For each row its list, below nlist. */
    const uint32_t *lists;
    /* Lists that a search reads when nobody says otherwise, 1 to nlist. */
    size_t nprobe;
    /* Codes of a row, a divisor of the dimension; 0: lists of bare rows. */
    size_t m;
    /* Bits of a code, 1 to 8; not looked at with m = 0. */
    size_t bits;
    /* With m: m * 2^bits * dimension / m, and for each row m codes of a byte each, each below 2^bits. */
    const float *CFAISS_NULLABLE codebooks;
    const uint8_t *CFAISS_NULLABLE codes;
    /* With m: rows that are compared exactly for each one asked for; 1 or more. */
    size_t rerank;
} cfaiss_exported_lists;

/* Writes an IndexIVFFlat, or an IndexRefineFlat around an IndexIVFPQ of residuals. Memory: that of the codes twice. */
cfaiss_status cfaiss_export_inverted_file(
    const cfaiss_exported_rows *rows, const cfaiss_exported_lists *lists, cfaiss_sink sink,
    void *CFAISS_NULLABLE context, char *CFAISS_NULLABLE message, size_t message_capacity);

/* A file of faiss that was read into memory: what an export is held against. */
typedef struct cfaiss_file cfaiss_file;

/* Reads a file by faiss::read_index; `*file` is the caller's to give to cfaiss_file_free. */
cfaiss_status cfaiss_file_read(
    const char *path, cfaiss_file *CFAISS_NULLABLE *CFAISS_NONNULL file, char *CFAISS_NULLABLE message,
    size_t message_capacity);

/* Numbers in a row, and rows. */
size_t cfaiss_file_dimension(const cfaiss_file *file);
size_t cfaiss_file_count(const cfaiss_file *file);

/* The class of the index inside the IndexIDMap2, such as "IndexFlatL2"; "" when the file has no IndexIDMap2. */
const char *cfaiss_file_class(const cfaiss_file *file);

/* The k ids nearest to each query, as cfaiss_flat_search gives row numbers; nothing is said of nprobe and the like, so
 * that the file's own numbers count. */
cfaiss_status cfaiss_file_search(
    const cfaiss_file *file, const float *queries, size_t query_count, size_t k, int threads, float *distances,
    int64_t *ids, char *CFAISS_NULLABLE message, size_t message_capacity);

/* Ends it; NULL is let pass. */
void cfaiss_file_free(cfaiss_file *CFAISS_NULLABLE file);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#ifdef __cplusplus
}
#endif

#endif
