/*
 * CFAISS_GRAPH(3): the graph of HNSW over rows that lie somewhere else, and faiss's own index to compare it with.
 *
 * A graph is a faiss::HNSW, that is the links alone. Each of its nodes, numbered from 0 in the order in which they
 * were added, has the address of a row that the caller keeps readable and unchanged while the graph lives. Nodes are
 * added by faiss's algorithm; the search is the same algorithm as HNSW::search, over all unvisited neighbors of a node at
 * a time, so that rows are fetched ahead of the arithmetic.
 *
 * Source: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable
 * Small World graphs", IEEE TPAMI 42 (2020); algorithms 1 to 5.
 *
 * CONVENTIONS
 *   As in cfaiss.h. A level is counted from 0, the one that all nodes are on; a node on levels 0 to l has l + 1 of them.
 *   A node has room for 2 m neighbors on level 0 and for m on each level above. A distance that is NaN counts as
 *   infinite.
 *
 * THREADS
 *   cfaiss_graph_search may be called from several threads at once, as long as none calls anything else on the graph.
 *   Everything else is for one thread at a time.
 */
#ifndef LIKENESS_CFAISS_GRAPH_H
#define LIKENESS_CFAISS_GRAPH_H

#include "cfaiss.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__clang__)
#pragma clang assume_nonnull begin
#define CFAISS_NONNULL _Nonnull
#define CFAISS_NULLABLE _Nullable
#else
#define CFAISS_NONNULL
#define CFAISS_NULLABLE
#endif

/* Squared L2 distances, equal vectors exactly 0 apart; called from any thread. */
typedef struct cfaiss_distances {
    /* That of x and y, d numbers each. */
    float (*CFAISS_NONNULL one)(const float *x, const float *y, size_t d);
    /* out[i] = that of q and rows[i], n rows of d numbers. The same, bit for bit, as `one` gives. */
    void (*CFAISS_NONNULL many)(
        const float *q, const float *CFAISS_NONNULL const *CFAISS_NONNULL rows, size_t n, size_t d, float *out);
} cfaiss_distances;

typedef struct cfaiss_graph cfaiss_graph;

/*
 * Makes a graph without nodes; `*graph` is the caller's to give to cfaiss_graph_free.
 *
 *   dimension        1 or more
 *   m                2 to 1024
 *   ef_construction  nodes that are kept in view when the neighbors of a new one are looked for; 1 or more
 */
cfaiss_status cfaiss_graph_new(
    size_t dimension, int m, int ef_construction, cfaiss_distances distances,
    cfaiss_graph *CFAISS_NULLABLE *CFAISS_NONNULL graph, char *CFAISS_NULLABLE message, size_t message_capacity);

/*
 * Makes a graph with the same nodes, links and entry over the same rows; `*copy` is the caller's to give to cfaiss_graph_free.
 * Searches of `graph` may run meanwhile.
 */
cfaiss_status cfaiss_graph_copy(
    const cfaiss_graph *graph, cfaiss_graph *CFAISS_NULLABLE *CFAISS_NONNULL copy, char *CFAISS_NULLABLE message,
    size_t message_capacity);

/* Ends a graph; NULL is let pass. */
void cfaiss_graph_free(cfaiss_graph *CFAISS_NULLABLE graph);

/* Nodes in the graph. */
size_t cfaiss_graph_count(const cfaiss_graph *graph);

/*
 * Adds a node for each of `count` rows. The number of levels that a node gets depends on nothing but its number.
 *
 * With `recording` on, one thread adds in order, the outcome depends on nothing but the order, and each list of neighbors
 * that changed is remembered; see cfaiss_graph_changes. Otherwise up to `threads` threads add, this one included, those
 * with most levels first, and what is remembered is not added to.
 *
 * After an error the graph is good for nothing but to be freed. Memory that runs out on another thread ends the process,
 * as it does in faiss's own OpenMP regions. At most 2^31 - 1 nodes in all.
 *
 * Cost: about ef_construction * log(nodes) distances a row, and as many for the lists of its neighbors.
 */
cfaiss_status cfaiss_graph_add(
    cfaiss_graph *graph, const float *CFAISS_NONNULL const *CFAISS_NONNULL rows, size_t count, bool recording,
    int threads, char *CFAISS_NULLABLE message, size_t message_capacity);

/* A list of neighbors: that of a node on a level. */
typedef struct cfaiss_list {
    int32_t node;
    int32_t level;
} cfaiss_list;

/* Lends the lists that changed since cfaiss_graph_forget_changes, each once, by node and level; NULL for none. The
 * memory stays what it is until the graph is changed. */
cfaiss_status cfaiss_graph_changes(
    cfaiss_graph *graph, const cfaiss_list *CFAISS_NULLABLE *CFAISS_NONNULL lists, size_t *count,
    char *CFAISS_NULLABLE message, size_t message_capacity);

/* Begins anew with remembering. */
void cfaiss_graph_forget_changes(cfaiss_graph *graph);

/* Lends the neighbors in a list, without the room behind them. `list` must be one of the graph. */
const int32_t *CFAISS_NULLABLE cfaiss_graph_list(const cfaiss_graph *graph, cfaiss_list list, size_t *count);

/* The number of levels of a node of the graph. */
int cfaiss_graph_levels(const cfaiss_graph *graph, size_t node);

/* The node at which searches begin and its highest level; -1 and -1 in an empty graph. */
void cfaiss_graph_entry(const cfaiss_graph *graph, int32_t *node, int32_t *level);

/* Lends all lists one after the other: those of node 0 from level 0 up, then those of node 1, room that is not used filled
 * with -1. */
const int32_t *CFAISS_NULLABLE cfaiss_graph_neighbors(const cfaiss_graph *graph, size_t *count);

/*
 * Reading a graph back: nodes first, then their lists and the entry, then cfaiss_graph_check, which must find nothing before
 * anything is searched or added. These functions take any numbers; those that return false have changed nothing.
 */

/* Adds nodes without neighbors. levels: `count` numbers of levels, each 1 or more; false when one has more levels than
 * nodes of this m can have. */
cfaiss_status cfaiss_graph_extend(
    cfaiss_graph *graph, const uint8_t *levels, const float *CFAISS_NONNULL const *CFAISS_NONNULL rows, size_t count,
    bool *taken, char *CFAISS_NULLABLE message, size_t message_capacity);

/* Sets all lists as cfaiss_graph_neighbors lends them; false when there are not as many numbers. */
bool cfaiss_graph_set_neighbors(cfaiss_graph *graph, const int32_t *neighbors, size_t count);

/* Sets one list; false when the graph has no such list or the list has no room for so many. */
bool cfaiss_graph_set_list(cfaiss_graph *graph, cfaiss_list list, const int32_t *neighbors, size_t count);

void cfaiss_graph_set_entry(cfaiss_graph *graph, int32_t node, int32_t level);

/* What is wrong with the numbers of a graph. */
typedef enum cfaiss_graph_fault {
    CFAISS_GRAPH_SOUND = 0,
    /* The entry is no node, or not on its level, or not on the highest level of all. */
    CFAISS_GRAPH_BAD_ENTRY = 1,
    /* A list names a node that is not there, or not on the list's level. */
    CFAISS_GRAPH_BAD_NEIGHBOR = 2
} cfaiss_graph_fault;

/* Looks at every number of the graph. `*node` is set to the node whose list is bad. */
cfaiss_graph_fault cfaiss_graph_check(const cfaiss_graph *graph, int32_t *node);

/* Looks at the entry and at some lists, which the graph must have: enough where all others were looked at before, for
 * nodes neither go nor lose levels. */
cfaiss_graph_fault cfaiss_graph_check_lists(
    const cfaiss_graph *graph, const cfaiss_list *CFAISS_NULLABLE lists, size_t count, int32_t *node);

/* What is known of a query's distances without reading rows. Called on the searching thread alone. */
typedef struct cfaiss_bounds {
    /* Sets out[i] to the bound of node nodes[i], n of them. A NaN rules nothing out. */
    void (*CFAISS_NONNULL compute)(
        const void *CFAISS_NONNULL context, const int32_t *nodes, size_t n, float *out);
    /* The distance of a node whose bound is above what this gives is above `distance`, as `many` computes it. */
    float (*CFAISS_NONNULL threshold)(const void *CFAISS_NONNULL context, float distance);
    const void *CFAISS_NONNULL context;
} cfaiss_bounds;

/*
 * The nodes that the search finds nearest to a query, nearest first, of equal ones that with the lower number first.
 *
 *   query      dimension finite numbers; borrowed for the call
 *   bounds     of this query, or NULL. With bounds the search finds its way by them, and measures only those of the nodes
 *              it has come by that may be among the k nearest of them. When these are more than half, it goes on from there by
 *              distances, as it does from the start without bounds
 *   k          1 or more
 *   ef         nodes that are kept in view; as many as k when it is smaller
 *   nodes, distances   room for k each; the caller's. The distances are what `one` gives
 *   found      set to the number of nodes found: k, or fewer where no more can be reached
 *
 * Cost: the distances of about 10 ef nodes, or their bounds and the distances of a few, and ef * log(ef). No memory is taken from the second search on.
 */
cfaiss_status cfaiss_graph_search(
    const cfaiss_graph *graph, const float *query, const cfaiss_bounds *CFAISS_NULLABLE bounds, size_t k, size_t ef,
    int32_t *nodes, float *distances, size_t *found, char *CFAISS_NULLABLE message, size_t message_capacity);

/* A faiss::IndexHNSWFlat with its own copy of its rows: what a graph is compared with. */
typedef struct cfaiss_plain_hnsw cfaiss_plain_hnsw;

/* Makes an empty index; `*index` is the caller's to give to cfaiss_plain_hnsw_free. m: 2 or more. */
cfaiss_status cfaiss_plain_hnsw_new(
    size_t dimension, int m, int ef_construction, cfaiss_plain_hnsw *CFAISS_NULLABLE *CFAISS_NONNULL index,
    char *CFAISS_NULLABLE message, size_t message_capacity);

/* Adds `count` rows (count * dimension, copied); the first row ever added has number 0. One thread at a time. */
cfaiss_status cfaiss_plain_hnsw_add(
    cfaiss_plain_hnsw *index, const float *rows, size_t count, int threads,
    char *CFAISS_NULLABLE message, size_t message_capacity);

/* The k nearest rows of each query as IndexHNSWFlat::search gives them with this efSearch. As cfaiss_flat_search. */
cfaiss_status cfaiss_plain_hnsw_search(
    const cfaiss_plain_hnsw *index, const float *queries, size_t query_count, size_t k, int ef_search, int threads,
    float *distances, int64_t *row_numbers, char *CFAISS_NULLABLE message, size_t message_capacity);

/* Ends an index; NULL is let pass. */
void cfaiss_plain_hnsw_free(cfaiss_plain_hnsw *CFAISS_NULLABLE index);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#ifdef __cplusplus
}
#endif

#endif
