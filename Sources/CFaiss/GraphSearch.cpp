#include "Graph.h"

#include <functional>

namespace {

using likeness::Scratch;
using Found = Scratch::Found;

/* One of the graph's scratches for the time of a search. */
class Borrowed {
public:
    explicit Borrowed(const cfaiss_graph &graph) : graph(graph) {
        {
            const std::lock_guard<std::mutex> lock(graph.idle_lock);
            if (!graph.idle.empty()) {
                scratch = std::move(graph.idle.back());
                graph.idle.pop_back();
            }
        }
        if (!scratch) scratch = std::make_unique<Scratch>();
        scratch->stamps.resize(graph.count());
        if (++scratch->stamp == 0) {
            std::fill(scratch->stamps.begin(), scratch->stamps.end(), uint16_t{0});
            scratch->stamp = 1;
        }
    }

    ~Borrowed() {
        const std::lock_guard<std::mutex> lock(graph.idle_lock);
        try {
            graph.idle.push_back(std::move(scratch));
        } catch (const std::bad_alloc &) {
            /* Then the next search makes another one. */
        }
    }

    Borrowed(const Borrowed &) = delete;
    Borrowed &operator=(const Borrowed &) = delete;

    Scratch *operator->() const { return scratch.get(); }
    Scratch &operator*() const { return *scratch; }

private:
    const cfaiss_graph &graph;
    std::unique_ptr<Scratch> scratch;
};

/* Puts the distances of scratch.nodes into scratch.distances. */
void measure(const cfaiss_graph &graph, const float *query, Scratch &scratch) {
    scratch.rows.clear();
    for (const int32_t node : scratch.nodes) scratch.rows.push_back(graph.rows[static_cast<size_t>(node)]);
    scratch.distances.resize(scratch.nodes.size());
    graph.distances.many(
        query, scratch.rows.data(), scratch.rows.size(), graph.dimension, scratch.distances.data());
    for (float &distance : scratch.distances) distance = likeness::ordered(distance);
}

/* The node on a level from which no neighbor is nearer. */
Found descend(const cfaiss_graph &graph, const float *query, Found from, int level, Scratch &scratch) {
    while (true) {
        const auto [begin, end] = graph.room(static_cast<size_t>(from.second), level);
        scratch.nodes.assign(begin, std::find(begin, end, -1));
        measure(graph, query, scratch);
        Found nearest = from;
        for (size_t i = 0; i < scratch.nodes.size(); i++) {
            nearest = std::min(nearest, Found(scratch.distances[i], scratch.nodes[i]));
        }
        if (!(nearest.first < from.first)) return from;
        from = nearest;
    }
}

/* Takes those out of scratch.nodes that are known to be farther than `farthest`. */
void pass_over(const cfaiss_bounds &bounds, float farthest, Scratch &scratch) {
    auto &nodes = scratch.nodes;
    scratch.distances.resize(nodes.size());
    bounds.compute(bounds.context, nodes.data(), nodes.size(), scratch.distances.data());
    const float threshold = bounds.threshold(bounds.context, farthest);
    size_t left = 0;
    for (size_t i = 0; i < nodes.size(); i++) {
        /* Not "<=": a bound that is NaN says nothing. */
        if (!(scratch.distances[i] > threshold)) nodes[left++] = nodes[i];
    }
    nodes.resize(left);
}

/* Looks at the neighbors of the nearest node that has not been looked at, until that is farther than all ef that are kept. */
void explore(
    const cfaiss_graph &graph, const float *query, const cfaiss_bounds *bounds, Found from, size_t ef,
    Scratch &scratch) {
    auto &candidates = scratch.candidates;
    auto &kept = scratch.kept;
    candidates.assign(1, from);
    kept.assign(1, from);
    scratch.stamps[static_cast<size_t>(from.second)] = scratch.stamp;
    while (!candidates.empty()) {
        const Found nearest = candidates.front();
        if (kept.size() == ef && nearest.first > kept.front().first) return;
        std::pop_heap(candidates.begin(), candidates.end(), std::greater<>());
        candidates.pop_back();

        const auto [begin, end] = graph.room(static_cast<size_t>(nearest.second), 0);
        scratch.nodes.clear();
        for (const int32_t *other = begin; other < end && *other >= 0; other++) {
            uint16_t &stamp = scratch.stamps[static_cast<size_t>(*other)];
            if (stamp == scratch.stamp) continue;
            stamp = scratch.stamp;
            scratch.nodes.push_back(*other);
        }
        /* What is farther than all that are kept now would not be kept later, when the farthest of them is nearer. */
        if (bounds && kept.size() == ef && !scratch.nodes.empty()) pass_over(*bounds, kept.front().first, scratch);
        measure(graph, query, scratch);
        for (size_t i = 0; i < scratch.nodes.size(); i++) {
            const Found found(scratch.distances[i], scratch.nodes[i]);
            if (kept.size() == ef) {
                if (!(found < kept.front())) continue;
                std::pop_heap(kept.begin(), kept.end());
                kept.pop_back();
            }
            kept.push_back(found);
            std::push_heap(kept.begin(), kept.end());
            candidates.push_back(found);
            std::push_heap(candidates.begin(), candidates.end(), std::greater<>());
        }
    }
}

}  // namespace

extern "C" cfaiss_status cfaiss_graph_search(
    const cfaiss_graph *graph, const float *query, const cfaiss_bounds *bounds, size_t k, size_t ef, int32_t *nodes,
    float *distances, size_t *found, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        *found = 0;
        if (graph->count() == 0) return;
        const Borrowed scratch(*graph);
        scratch->nodes.assign(1, graph->hnsw.entry_point);
        measure(*graph, query, *scratch);
        Found from(scratch->distances[0], graph->hnsw.entry_point);
        for (int level = graph->hnsw.max_level; level > 0; level--) {
            from = descend(*graph, query, from, level, *scratch);
        }
        explore(*graph, query, bounds, from, std::max(k, ef), *scratch);
        auto &kept = scratch->kept;
        std::sort_heap(kept.begin(), kept.end());
        *found = std::min(k, kept.size());
        for (size_t i = 0; i < *found; i++) {
            distances[i] = kept[i].first;
            nodes[i] = kept[i].second;
        }
    });
}
