#include "Graph.h"

#include <atomic>
#include <thread>

namespace {

/* How faiss asks for distances of rows that it does not own. */
struct RowDistances final : faiss::DistanceComputer {
    explicit RowDistances(const cfaiss_graph &graph) : graph(graph) {}

    void set_query(const float *x) override { query = x; }

    float operator()(idx_t node) override { return distance(query, graph.rows[static_cast<size_t>(node)]); }

    float symmetric_dis(idx_t left, idx_t right) override {
        return distance(graph.rows[static_cast<size_t>(left)], graph.rows[static_cast<size_t>(right)]);
    }

private:
    float distance(const float *x, const float *y) const {
        return likeness::ordered(graph.distances.one(x, y, graph.dimension));
    }

    const cfaiss_graph &graph;
    const float *query = nullptr;
};

/* The number of levels of a node: what HNSW::random_level draws, from the node's number in place of a generator, whose
 * state would have to be stored for a graph to grow as if it had never been read back. */
int levels_of(const faiss::HNSW &hnsw, size_t node) {
    /* Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014). */
    uint64_t mixed = (static_cast<uint64_t>(node) + 1) * 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    mixed ^= mixed >> 31;
    double drawn = static_cast<double>(mixed >> 11) * 0x1p-53;
    for (size_t level = 0; level < hnsw.assign_probas.size(); level++) {
        if (drawn < hnsw.assign_probas[level]) return static_cast<int>(level) + 1;
        drawn -= hnsw.assign_probas[level];
    }
    return static_cast<int>(hnsw.assign_probas.size());
}

/* Makes room for nodes whose levels stand in hnsw.levels already. */
void extend(cfaiss_graph &graph, const float *const *rows, size_t count) {
    graph.rows.insert(graph.rows.end(), rows, rows + count);
    graph.hnsw.prepare_level_tab(count, true);
    const size_t before = graph.locks.size();
    graph.locks.resize(graph.count());
    for (size_t node = before; node < graph.count(); node++) omp_init_lock(&graph.locks[node]);
    graph.visited.visited.resize(graph.count());
}

void insert(cfaiss_graph &graph, size_t node, RowDistances &distances, faiss::VisitedTable &visited) {
    distances.set_query(graph.rows[node]);
    graph.hnsw.add_with_locks(
        distances, graph.hnsw.levels[node] - 1, static_cast<int>(node), graph.locks, visited);
}

/* faiss puts the node into the lists of exactly those that are in its own lists right after it was added. */
void remember(cfaiss_graph &graph, size_t node) {
    for (int level = 0; level < graph.hnsw.levels[node]; level++) {
        graph.changed.push_back(static_cast<uint64_t>(node) << 8 | static_cast<uint64_t>(level));
        const auto [begin, end] = graph.room(node, level);
        for (const int32_t *other = begin; other < end && *other >= 0; other++) {
            graph.changed.push_back(static_cast<uint64_t>(*other) << 8 | static_cast<uint64_t>(level));
        }
    }
}

void keep_changes_once(cfaiss_graph &graph) {
    std::sort(graph.changed.begin(), graph.changed.end());
    graph.changed.erase(std::unique(graph.changed.begin(), graph.changed.end()), graph.changed.end());
}

void add_in_order(cfaiss_graph &graph, size_t first) {
    RowDistances distances(graph);
    size_t most = 1 << 20;
    for (size_t node = first; node < graph.count(); node++) {
        insert(graph, node, distances, graph.visited);
        remember(graph, node);
        /* The same lists change again and again: memory stays in proportion to those that there are. */
        if (graph.changed.size() > most) {
            keep_changes_once(graph);
            most = std::max(most, 2 * graph.changed.size());
        }
    }
}

void add_at_once(cfaiss_graph &graph, size_t first, int threads) {
    std::vector<size_t> order;
    for (size_t node = first; node < graph.count(); node++) order.push_back(node);
    std::sort(order.begin(), order.end(), [&](size_t left, size_t right) {
        return std::make_pair(-graph.hnsw.levels[left], left) < std::make_pair(-graph.hnsw.levels[right], right);
    });

    /* faiss sets the entry and the highest level without a lock: the nodes that do so are added while nobody else is. */
    size_t alone = 0;
    RowDistances distances(graph);
    while (alone < order.size() && graph.hnsw.levels[order[alone]] - 1 > graph.hnsw.max_level) {
        insert(graph, order[alone++], distances, graph.visited);
    }

    std::atomic<size_t> next{alone};
    const auto work = [&](faiss::VisitedTable &visited) noexcept {
        RowDistances distances(graph);
        for (size_t place = next++; place < order.size(); place = next++) {
            insert(graph, order[place], distances, visited);
        }
    };
    std::vector<faiss::VisitedTable> seen(
        static_cast<size_t>(threads) - 1, faiss::VisitedTable(static_cast<int>(graph.count())));
    /* Declared last: its end waits for the threads, which use everything above. */
    struct Joined : std::vector<std::thread> {
        ~Joined() {
            for (std::thread &thread : *this) thread.join();
        }
    } helpers;
    helpers.reserve(static_cast<size_t>(threads));
    for (faiss::VisitedTable &visited : seen) helpers.emplace_back(work, std::ref(visited));
    work(graph.visited);
}

}  // namespace

extern "C" cfaiss_status cfaiss_graph_new(
    size_t dimension, int m, int ef_construction, cfaiss_distances distances, cfaiss_graph **graph, char *message,
    size_t message_capacity) {
    return likeness::guarded(
        message, message_capacity, [&] { *graph = new cfaiss_graph(dimension, m, ef_construction, distances); });
}

extern "C" cfaiss_status cfaiss_graph_copy(
    const cfaiss_graph *graph, cfaiss_graph **copy, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] { *copy = new cfaiss_graph(*graph); });
}

extern "C" void cfaiss_graph_free(cfaiss_graph *graph) { delete graph; }

extern "C" size_t cfaiss_graph_count(const cfaiss_graph *graph) { return graph->count(); }

extern "C" cfaiss_status cfaiss_graph_add(
    cfaiss_graph *graph, const float *const *rows, size_t count, bool recording, int threads, char *message,
    size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        const size_t first = graph->count();
        for (size_t node = first; node < first + count; node++) {
            graph->hnsw.levels.push_back(levels_of(graph->hnsw, node));
        }
        extend(*graph, rows, count);
        if (recording) {
            add_in_order(*graph, first);
        } else {
            add_at_once(*graph, first, threads);
        }
    });
}

extern "C" cfaiss_status cfaiss_graph_changes(
    cfaiss_graph *graph, const cfaiss_list **lists, size_t *count, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        keep_changes_once(*graph);
        graph->changes.clear();
        for (const uint64_t list : graph->changed) {
            graph->changes.push_back({static_cast<int32_t>(list >> 8), static_cast<int32_t>(list & 0xFF)});
        }
        *lists = graph->changes.data();
        *count = graph->changes.size();
    });
}

extern "C" void cfaiss_graph_forget_changes(cfaiss_graph *graph) {
    graph->changed.clear();
    graph->changes.clear();
}

extern "C" const int32_t *cfaiss_graph_list(const cfaiss_graph *graph, cfaiss_list list, size_t *count) {
    const auto [begin, end] = graph->room(static_cast<size_t>(list.node), list.level);
    *count = static_cast<size_t>(std::find_if(begin, end, [](int32_t other) { return other < 0; }) - begin);
    return begin;
}

extern "C" int cfaiss_graph_levels(const cfaiss_graph *graph, size_t node) { return graph->hnsw.levels[node]; }

extern "C" void cfaiss_graph_entry(const cfaiss_graph *graph, int32_t *node, int32_t *level) {
    *node = graph->hnsw.entry_point;
    *level = graph->hnsw.max_level;
}

extern "C" const int32_t *cfaiss_graph_neighbors(const cfaiss_graph *graph, size_t *count) {
    *count = graph->hnsw.neighbors.size();
    return graph->hnsw.neighbors.data();
}

extern "C" cfaiss_status cfaiss_graph_extend(
    cfaiss_graph *graph, const uint8_t *levels, const float *const *rows, size_t count, bool *taken, char *message,
    size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        const size_t most = graph->hnsw.assign_probas.size();
        *taken = std::all_of(levels, levels + count, [&](uint8_t level) { return level >= 1 && level <= most; });
        if (!*taken) return;
        graph->hnsw.levels.insert(graph->hnsw.levels.end(), levels, levels + count);
        extend(*graph, rows, count);
    });
}

extern "C" bool cfaiss_graph_set_neighbors(cfaiss_graph *graph, const int32_t *neighbors, size_t count) {
    if (count != graph->hnsw.neighbors.size()) return false;
    std::copy(neighbors, neighbors + count, graph->hnsw.neighbors.begin());
    return true;
}

extern "C" bool cfaiss_graph_set_list(
    cfaiss_graph *graph, cfaiss_list list, const int32_t *neighbors, size_t count) {
    if (list.node < 0 || static_cast<size_t>(list.node) >= graph->count()) return false;
    const auto node = static_cast<size_t>(list.node);
    if (list.level < 0 || list.level >= graph->hnsw.levels[node]) return false;
    const auto [begin, end] = graph->room(node, list.level);
    if (count > static_cast<size_t>(end - begin)) return false;
    const auto place = graph->hnsw.neighbors.begin() + (begin - graph->hnsw.neighbors.data());
    std::fill(std::copy(neighbors, neighbors + count, place), place + (end - begin), -1);
    return true;
}

extern "C" void cfaiss_graph_set_entry(cfaiss_graph *graph, int32_t node, int32_t level) {
    graph->hnsw.entry_point = node;
    graph->hnsw.max_level = level;
}

static bool has_sound_entry(const cfaiss_graph *graph) {
    const faiss::HNSW &hnsw = graph->hnsw;
    const int highest = graph->count() == 0 ? 0 : *std::max_element(hnsw.levels.begin(), hnsw.levels.end());
    const int entry = hnsw.entry_point;
    if (graph->count() == 0) return entry == -1 && hnsw.max_level == -1;
    return entry >= 0 && static_cast<size_t>(entry) < graph->count()
        && hnsw.levels[static_cast<size_t>(entry)] == highest && hnsw.max_level == highest - 1;
}

static bool is_sound(const cfaiss_graph *graph, size_t node, int level) {
    const auto [begin, end] = graph->room(node, level);
    return std::all_of(begin, end, [&](int32_t other) {
        return other == -1
            || (other >= 0 && static_cast<size_t>(other) < graph->count()
                && graph->hnsw.levels[static_cast<size_t>(other)] > level);
    });
}

extern "C" cfaiss_graph_fault cfaiss_graph_check(const cfaiss_graph *graph, int32_t *node) {
    if (!has_sound_entry(graph)) return CFAISS_GRAPH_BAD_ENTRY;
    for (size_t each = 0; each < graph->count(); each++) {
        for (int level = 0; level < graph->hnsw.levels[each]; level++) {
            if (is_sound(graph, each, level)) continue;
            *node = static_cast<int32_t>(each);
            return CFAISS_GRAPH_BAD_NEIGHBOR;
        }
    }
    return CFAISS_GRAPH_SOUND;
}

extern "C" cfaiss_graph_fault cfaiss_graph_check_lists(
    const cfaiss_graph *graph, const cfaiss_list *lists, size_t count, int32_t *node) {
    if (!has_sound_entry(graph)) return CFAISS_GRAPH_BAD_ENTRY;
    for (size_t place = 0; place < count; place++) {
        if (is_sound(graph, static_cast<size_t>(lists[place].node), lists[place].level)) continue;
        *node = lists[place].node;
        return CFAISS_GRAPH_BAD_NEIGHBOR;
    }
    return CFAISS_GRAPH_SOUND;
}
