#include "Failure.h"
#include "cfaiss_graph.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <faiss/IndexHNSW.h>
#pragma GCC diagnostic pop

struct cfaiss_plain_hnsw {
    cfaiss_plain_hnsw(size_t dimension, int m, int ef_construction) : index(static_cast<int>(dimension), m) {
        index.hnsw.efConstruction = ef_construction;
    }
    faiss::IndexHNSWFlat index;
};

extern "C" cfaiss_status cfaiss_plain_hnsw_new(
    size_t dimension, int m, int ef_construction, cfaiss_plain_hnsw **index, char *message, size_t message_capacity) {
    return likeness::guarded(
        message, message_capacity, [&] { *index = new cfaiss_plain_hnsw(dimension, m, ef_construction); });
}

extern "C" cfaiss_status cfaiss_plain_hnsw_add(
    cfaiss_plain_hnsw *index, const float *rows, size_t count, int threads, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        omp_set_num_threads(threads);
        index->index.add(static_cast<faiss::Index::idx_t>(count), rows);
    });
}

extern "C" cfaiss_status cfaiss_plain_hnsw_search(
    const cfaiss_plain_hnsw *index, const float *queries, size_t query_count, size_t k, int ef_search, int threads,
    float *distances, int64_t *row_numbers, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        omp_set_num_threads(threads);
        faiss::SearchParametersHNSW parameters;
        parameters.efSearch = ef_search;
        index->index.search(
            static_cast<faiss::Index::idx_t>(query_count), queries, static_cast<faiss::Index::idx_t>(k), distances,
            row_numbers, &parameters);
    });
}

extern "C" void cfaiss_plain_hnsw_free(cfaiss_plain_hnsw *index) { delete index; }
