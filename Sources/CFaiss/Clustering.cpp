#include "Failure.h"
#include "cfaiss_ivf.h"

#include <cstring>
#include <stdexcept>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <faiss/Clustering.h>
#pragma GCC diagnostic pop

namespace {

using idx_t = faiss::Index::idx_t;

/* What faiss::Clustering takes for encoded vectors: their addresses. So it copies a block at a time, not all. */
struct Addresses final : faiss::Index {
    explicit Addresses(idx_t dimension) : faiss::Index(dimension) {}

    size_t sa_code_size() const override { return sizeof(const float *); }

    /* Called in OpenMP regions too: throws nothing. */
    void sa_decode(idx_t n, const uint8_t *bytes, float *x) const override {
        for (idx_t i = 0; i < n; i++) {
            const float *row;
            std::memcpy(&row, bytes + i * sizeof row, sizeof row);
            std::memcpy(x + i * d, row, d * sizeof(float));
        }
    }

    void add(idx_t, const float *) override {}
    void reset() override {}
    void search(idx_t, const float *, idx_t, float *, idx_t *, const faiss::SearchParameters *) const override {
        throw std::logic_error("addresses are not searched");
    }
};

/* The index that faiss::Clustering assigns with; it leaves the work to the caller. */
struct Assigner final : faiss::Index {
    Assigner(idx_t dimension, cfaiss_assigner assign, void *context)
        : faiss::Index(dimension), assign_(assign), context_(context) {}

    void add(idx_t n, const float *x) override {
        centroids_ = x;
        ntotal = n;
        pass_++;
    }

    void reset() override { ntotal = 0; }

    void search(
        idx_t n, const float *x, idx_t, float *distances, idx_t *labels,
        const faiss::SearchParameters *) const override {
        if (assign_(context_, x, static_cast<size_t>(n), centroids_, pass_, labels) != 0)
            throw std::runtime_error("ended by the caller");
        /* Only summed up for statistics that nobody reads. */
        std::fill_n(distances, n, 0.0f);
    }

private:
    cfaiss_assigner assign_;
    void *context_;
    const float *centroids_ = nullptr;
    int pass_ = -1;
};

}  // namespace

extern "C" cfaiss_status cfaiss_cluster(
    const float *const *rows, size_t count, size_t dimension, size_t k, int iterations, int seed, size_t block,
    int threads, cfaiss_assigner assign, void *context, float *centroids,
    char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        omp_set_num_threads(threads);
        faiss::Clustering clustering(static_cast<int>(dimension), static_cast<int>(k));
        clustering.niter = iterations;
        clustering.seed = seed;
        clustering.decode_block_size = block;
        /* The caller has chosen the sample, and has said what he thinks of a small one. */
        clustering.min_points_per_centroid = 1;
        clustering.max_points_per_centroid = 1 << 30;
        const Addresses codec(static_cast<idx_t>(dimension));
        Assigner assigner(static_cast<idx_t>(dimension), assign, context);
        clustering.train_encoded(
            static_cast<idx_t>(count), reinterpret_cast<const uint8_t *>(rows), &codec, assigner);
        std::copy(clustering.centroids.begin(), clustering.centroids.end(), centroids);
    });
}
