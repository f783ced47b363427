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

/* Puts their bounds there. */
void bound(const cfaiss_bounds &bounds, Scratch &scratch) {
    scratch.distances.resize(scratch.nodes.size());
    bounds.compute(bounds.context, scratch.nodes.data(), scratch.nodes.size(), scratch.distances.data());
    /* What is NaN says nothing; and so does what is below 0. */
    for (float &bound : scratch.distances) bound = bound > 0 ? bound : 0;
}

/* The node on a level from which no neighbor is nearer, by what `assess` puts into scratch.distances. */
template <typename Assess>
Found descend(const cfaiss_graph &graph, Found from, int level, Scratch &scratch, Assess assess) {
    while (true) {
        const auto [begin, end] = graph.room(static_cast<size_t>(from.second), level);
        scratch.nodes.assign(begin, std::find(begin, end, -1));
        assess();
        Found nearest = from;
        for (size_t i = 0; i < scratch.nodes.size(); i++) {
            nearest = std::min(nearest, Found(scratch.distances[i], scratch.nodes[i]));
        }
        if (!(nearest.first < from.first)) return from;
        from = nearest;
    }
}

/* Where the search of level 0 begins. */
template <typename Assess>
Found enter(const cfaiss_graph &graph, Scratch &scratch, Assess assess) {
    scratch.nodes.assign(1, graph.hnsw.entry_point);
    assess();
    Found from(scratch.distances[0], graph.hnsw.entry_point);
    for (int level = graph.hnsw.max_level; level > 0; level--) from = descend(graph, from, level, scratch, assess);
    return from;
}

/* Adds to a heap of the nearest, whose top is the farthest of them; false when `found` is none of the `most` nearest. */
bool keep(std::vector<Found> &kept, size_t most, Found found) {
    if (kept.size() == most) {
        if (!(found < kept.front())) return false;
        std::pop_heap(kept.begin(), kept.end());
        kept.pop_back();
    }
    kept.push_back(found);
    std::push_heap(kept.begin(), kept.end());
    return true;
}

/* Puts a node in view that nothing is known of yet but what it was assessed as. */
void offer(Scratch &scratch, size_t ef, Found found) {
    if (!keep(scratch.kept, ef, found)) return;
    scratch.candidates.push_back(found);
    std::push_heap(scratch.candidates.begin(), scratch.candidates.end(), std::greater<>());
}

/* Looks at the neighbors of the nearest node that has not been looked at, until that is farther than all ef that are kept. */
template <typename Assess>
void explore(const cfaiss_graph &graph, size_t ef, Scratch &scratch, Assess assess) {
    auto &candidates = scratch.candidates;
    const auto &kept = scratch.kept;
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
        if (scratch.nodes.empty()) continue;
        assess();
        for (size_t i = 0; i < scratch.nodes.size(); i++) {
            offer(scratch, ef, Found(scratch.distances[i], scratch.nodes[i]));
        }
    }
}

void begin(Scratch &scratch, Found from) {
    scratch.candidates.assign(1, from);
    scratch.kept.assign(1, from);
    scratch.stamps[static_cast<size_t>(from.second)] = scratch.stamp;
}

/* Measures scratch.nodes, notes what was found, and keeps the k nearest. */
void settle(const cfaiss_graph &graph, const float *query, size_t k, Scratch &scratch) {
    measure(graph, query, scratch);
    for (size_t i = 0; i < scratch.nodes.size(); i++) {
        scratch.measured.emplace_back(scratch.distances[i], scratch.nodes[i]);
        keep(scratch.kept, k, scratch.measured.back());
    }
}

/*
 * Keeps the k nearest of the nodes that were bounded, of which it measures those with the smallest bounds, until the
 * others are known to be farther. Gives up, and returns false, when more than half would have to be measured: then bounds
 * hardly tell near nodes from others, and the way that they showed is not to be trusted.
 */
bool settle_bounded(
    const cfaiss_graph &graph, const float *query, const cfaiss_bounds &bounds, size_t k, Scratch &scratch) {
    /* One row is fetched while another is compared; more of them, and the threshold sinks too late. */
    constexpr size_t at_once = 8;
    auto &rest = scratch.bounded;
    const size_t most = rest.size() / 2;
    scratch.kept.clear();
    scratch.measured.clear();
    std::make_heap(rest.begin(), rest.end(), std::greater<>());
    while (!rest.empty()) {
        const float threshold = scratch.kept.size() < k
            ? std::numeric_limits<float>::infinity()
            : bounds.threshold(bounds.context, scratch.kept.front().first);
        if (rest.front().first > threshold) return true;
        if (scratch.measured.size() >= most) return false;
        scratch.nodes.clear();
        while (!rest.empty() && scratch.nodes.size() < at_once && !(rest.front().first > threshold)) {
            scratch.nodes.push_back(rest.front().second);
            std::pop_heap(rest.begin(), rest.end(), std::greater<>());
            rest.pop_back();
        }
        settle(graph, query, k, scratch);
    }
    return true;
}

/* Puts all nodes that were bounded in view with their distances, so that the search goes on from there by distances. */
void measure_bounded(const cfaiss_graph &graph, const float *query, size_t ef, Scratch &scratch) {
    scratch.nodes.clear();
    for (const Found &found : scratch.bounded) scratch.nodes.push_back(found.second);
    settle(graph, query, ef, scratch);
    scratch.candidates.clear();
    scratch.kept.clear();
    for (const Found &found : scratch.measured) offer(scratch, ef, found);
}

/* Keeps the nearest nodes; see cfaiss_graph_search. */
void search(
    const cfaiss_graph &graph, const float *query, const cfaiss_bounds *bounds, size_t k, size_t ef,
    Scratch &scratch) {
    const auto by_distance = [&] { measure(graph, query, scratch); };
    if (bounds) {
        const auto by_bound = [&] { bound(*bounds, scratch); };
        const Found from = enter(graph, scratch, by_bound);
        begin(scratch, from);
        scratch.bounded.assign(1, from);
        explore(graph, ef, scratch, [&] {
            by_bound();
            for (size_t i = 0; i < scratch.nodes.size(); i++) {
                scratch.bounded.emplace_back(scratch.distances[i], scratch.nodes[i]);
            }
        });
        if (settle_bounded(graph, query, *bounds, k, scratch)) return;
        measure_bounded(graph, query, ef, scratch);
    } else {
        begin(scratch, enter(graph, scratch, by_distance));
    }
    explore(graph, ef, scratch, by_distance);
}

}  // namespace

extern "C" cfaiss_status cfaiss_graph_search(
    const cfaiss_graph *graph, const float *query, const cfaiss_bounds *bounds, size_t k, size_t ef, int32_t *nodes,
    float *distances, size_t *found, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        *found = 0;
        if (graph->count() == 0) return;
        const Borrowed scratch(*graph);
        search(*graph, query, bounds, k, std::max(k, ef), *scratch);
        auto &kept = scratch->kept;
        std::sort_heap(kept.begin(), kept.end());
        *found = std::min(k, kept.size());
        for (size_t i = 0; i < *found; i++) {
            distances[i] = kept[i].first;
            nodes[i] = kept[i].second;
        }
    });
}
