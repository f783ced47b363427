#ifndef LIKENESS_CFAISS_GRAPH_INTERNAL_H
#define LIKENESS_CFAISS_GRAPH_INTERNAL_H

#include "Failure.h"
#include "cfaiss_graph.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/DistanceComputer.h>
#include <faiss/impl/HNSW.h>
#pragma GCC diagnostic pop

#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace likeness {

/* Heaps and lists must not meet a number that is neither below nor above another one. */
inline float ordered(float distance) {
    return std::isnan(distance) ? std::numeric_limits<float>::infinity() : distance;
}

/* The memory that a search works in, kept for the next one. */
struct Scratch {
    using Found = std::pair<float, int32_t>;

    /* The nodes whose stamp is this were seen. */
    uint16_t stamp = 0;
    std::vector<uint16_t> stamps;
    /* A heap with the nearest on top of nodes whose neighbors have not been looked at, and one with the farthest on top
     * of the nearest so far. */
    std::vector<Found> candidates, kept;
    /* Nodes with bounds whose distances are not known, and nodes whose distances were found after that. */
    std::vector<Found> bounded, measured;
    std::vector<int32_t> nodes;
    std::vector<const float *> rows;
    std::vector<float> distances;
};

}  // namespace likeness

struct cfaiss_graph {
    cfaiss_graph(size_t dimension, int m, int ef_construction, cfaiss_distances distances)
        : hnsw(m), dimension(dimension), distances(distances) {
        hnsw.efConstruction = ef_construction;
    }

    cfaiss_graph(const cfaiss_graph &other)
        : hnsw(other.hnsw), dimension(other.dimension), distances(other.distances), rows(other.rows),
          locks(other.count()), visited(static_cast<int>(other.count())) {
        for (omp_lock_t &lock : locks) omp_init_lock(&lock);
    }

    faiss::HNSW hnsw;
    const size_t dimension;
    const cfaiss_distances distances;
    /* For each node the address of its row, and the lock that faiss takes while it changes the node's lists. */
    std::vector<const float *> rows;
    std::vector<omp_lock_t> locks;
    /* What the thread that adds has seen; kept, since making it costs a byte a node. */
    faiss::VisitedTable visited{0};
    /* node << 8 | level of each list that changed. */
    std::vector<uint64_t> changed;
    std::vector<cfaiss_list> changes;

    mutable std::mutex idle_lock;
    mutable std::vector<std::unique_ptr<likeness::Scratch>> idle;

    size_t count() const { return rows.size(); }

    /* The list of a node on a level: begin and end of its room. */
    std::pair<const int32_t *, const int32_t *> room(size_t node, int level) const {
        const int32_t *begin = hnsw.neighbors.data() + hnsw.offsets[node] + hnsw.cum_nneighbor_per_level[level];
        return {begin, begin + hnsw.cum_nneighbor_per_level[level + 1] - hnsw.cum_nneighbor_per_level[level]};
    }
};

#endif
