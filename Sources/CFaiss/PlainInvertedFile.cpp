#include "Failure.h"
#include "cfaiss_ivf.h"

#include <memory>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#pragma GCC diagnostic pop

using idx_t = faiss::Index::idx_t;

struct cfaiss_inverted_file {
    explicit cfaiss_inverted_file(size_t dimension) : centroids(static_cast<idx_t>(dimension)) {}
    faiss::IndexFlatL2 centroids;
    std::unique_ptr<faiss::IndexIVF> index;
};

extern "C" cfaiss_status cfaiss_inverted_file_new(
    size_t dimension, size_t nlist, size_t m, size_t bits, cfaiss_inverted_file **index,
    char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        auto made = std::make_unique<cfaiss_inverted_file>(dimension);
        if (m == 0)
            made->index = std::make_unique<faiss::IndexIVFFlat>(&made->centroids, dimension, nlist);
        else
            made->index = std::make_unique<faiss::IndexIVFPQ>(&made->centroids, dimension, nlist, m, bits);
        *index = made.release();
    });
}

extern "C" cfaiss_status cfaiss_inverted_file_train(
    cfaiss_inverted_file *index, const float *rows, size_t count, int threads,
    char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        omp_set_num_threads(threads);
        index->index->train(static_cast<idx_t>(count), rows);
    });
}

extern "C" cfaiss_status cfaiss_inverted_file_add(
    cfaiss_inverted_file *index, const float *rows, size_t count, int threads,
    char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        omp_set_num_threads(threads);
        index->index->add(static_cast<idx_t>(count), rows);
    });
}

extern "C" cfaiss_status cfaiss_inverted_file_search(
    const cfaiss_inverted_file *index, const float *queries, size_t query_count, size_t k, size_t nprobe, int threads,
    float *distances, int64_t *row_numbers,
    char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        omp_set_num_threads(threads);
        /* IndexIVFPQ takes no other parameters than its own. */
        faiss::IVFPQSearchParameters compressed;
        faiss::SearchParametersIVF flat;
        const bool isCompressed = dynamic_cast<const faiss::IndexIVFPQ *>(index->index.get()) != nullptr;
        faiss::SearchParametersIVF &parameters = isCompressed ? compressed : flat;
        parameters.nprobe = nprobe;
        index->index->search(
            static_cast<idx_t>(query_count), queries, static_cast<idx_t>(k), distances, row_numbers, &parameters);
    });
}

extern "C" void cfaiss_inverted_file_free(cfaiss_inverted_file *index) { delete index; }
