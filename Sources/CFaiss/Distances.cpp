#include "Failure.h"

#include <vector>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <faiss/Index.h>
#include <faiss/utils/distances.h>
#pragma GCC diagnostic pop

#define LIKENESS_TEXT_OF(value) #value
#define LIKENESS_TEXT(value) LIKENESS_TEXT_OF(value)

extern "C" const char *cfaiss_version(void) {
    return LIKENESS_TEXT(FAISS_VERSION_MAJOR) "." LIKENESS_TEXT(FAISS_VERSION_MINOR) "." LIKENESS_TEXT(
        FAISS_VERSION_PATCH);
}

extern "C" int cfaiss_usable_cores(void) { return std::max(1, omp_get_num_procs()); }

extern "C" cfaiss_status cfaiss_squared_distances(
    const float *queries, size_t query_count,
    const float *rows, size_t dimension,
    const int64_t *selected, size_t selected_count,
    int threads,
    float *distances,
    char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        if (query_count == 0 || selected_count == 0) return;

        // Waking other threads and waiting for them costs microseconds, and on a busy machine a time slice.
        const size_t work = query_count * selected_count * dimension;
        const size_t workers = work < 1u << 19 ? 1 : static_cast<size_t>(threads);
        omp_set_num_threads(static_cast<int>(workers));

        // faiss shares out queries among threads, never the rows of one query. Fewer queries than threads are
        // therefore asked several times over, each time of another part of the rows.
        const size_t wanted = query_count >= workers ? 1 : (workers + query_count - 1) / query_count;
        const size_t parts = std::min(wanted, selected_count);
        const size_t length = (selected_count + parts - 1) / parts;

        const float *asked = queries;
        std::vector<float> repeated;
        if (parts > 1) {
            repeated.reserve(query_count * parts * dimension);
            for (size_t query = 0; query < query_count; query++) {
                const float *first = queries + query * dimension;
                for (size_t part = 0; part < parts; part++) {
                    repeated.insert(repeated.end(), first, first + dimension);
                }
            }
            asked = repeated.data();
        }

        // The last part may be shorter than the others: faiss skips negative row numbers.
        std::vector<int64_t> numbers(query_count * parts * length, -1);
        std::vector<float> found(numbers.size());
        for (size_t query = 0; query < query_count; query++) {
            std::copy(selected, selected + selected_count, numbers.begin() + query * parts * length);
        }
        faiss::fvec_L2sqr_by_idx(found.data(), asked, rows, numbers.data(), dimension, query_count * parts, length);
        for (size_t query = 0; query < query_count; query++) {
            const float *first = found.data() + query * parts * length;
            std::copy(first, first + selected_count, distances + query * selected_count);
        }
    });
}
