#include "Failure.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <faiss/IndexFlat.h>
#pragma GCC diagnostic pop

struct cfaiss_flat {
    explicit cfaiss_flat(size_t dimension) : index(static_cast<faiss::Index::idx_t>(dimension)) {}
    faiss::IndexFlatL2 index;
};

extern "C" cfaiss_status cfaiss_flat_new(
    size_t dimension, cfaiss_flat **index, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] { *index = new cfaiss_flat(dimension); });
}

extern "C" cfaiss_status cfaiss_flat_add(
    cfaiss_flat *index, const float *rows, size_t count, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        index->index.add(static_cast<faiss::Index::idx_t>(count), rows);
    });
}

extern "C" cfaiss_status cfaiss_flat_search(
    const cfaiss_flat *index, const float *queries, size_t query_count, size_t k, int threads,
    float *distances, int64_t *row_numbers,
    char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        omp_set_num_threads(threads);
        index->index.search(
            static_cast<faiss::Index::idx_t>(query_count), queries, static_cast<faiss::Index::idx_t>(k), distances,
            row_numbers);
    });
}

extern "C" void cfaiss_flat_free(cfaiss_flat *index) { delete index; }
