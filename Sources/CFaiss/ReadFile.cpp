#include "Failure.h"
#include "cfaiss_export.h"

#include <memory>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexRefine.h>
#include <faiss/index_io.h>
#pragma GCC diagnostic pop

using idx_t = faiss::Index::idx_t;

struct cfaiss_file {
    std::unique_ptr<faiss::Index> index;
};

extern "C" cfaiss_status cfaiss_file_read(
    const char *path, cfaiss_file **file, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        auto made = std::make_unique<cfaiss_file>();
        made->index.reset(faiss::read_index(path));
        *file = made.release();
    });
}

extern "C" size_t cfaiss_file_dimension(const cfaiss_file *file) { return static_cast<size_t>(file->index->d); }

extern "C" size_t cfaiss_file_count(const cfaiss_file *file) { return static_cast<size_t>(file->index->ntotal); }

extern "C" const char *cfaiss_file_class(const cfaiss_file *file) {
    const auto *map = dynamic_cast<const faiss::IndexIDMap2 *>(file->index.get());
    if (map == nullptr) return "";
    const faiss::Index *index = map->index;
    if (dynamic_cast<const faiss::IndexFlatL2 *>(index)) return "IndexFlatL2";
    if (dynamic_cast<const faiss::IndexHNSWFlat *>(index)) return "IndexHNSWFlat";
    if (dynamic_cast<const faiss::IndexIVFFlat *>(index)) return "IndexIVFFlat";
    const auto *refined = dynamic_cast<const faiss::IndexRefineFlat *>(index);
    const bool isCompressed = refined && dynamic_cast<const faiss::IndexIVFPQ *>(refined->base_index);
    return isCompressed ? "IndexRefineFlat(IndexIVFPQ)" : "Index";
}

extern "C" cfaiss_status cfaiss_file_search(
    const cfaiss_file *file, const float *queries, size_t query_count, size_t k, int threads, float *distances,
    int64_t *ids, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        omp_set_num_threads(threads);
        file->index->search(
            static_cast<idx_t>(query_count), queries, static_cast<idx_t>(k), distances, ids);
    });
}

extern "C" void cfaiss_file_free(cfaiss_file *file) { delete file; }
