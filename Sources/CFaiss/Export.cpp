#include "Graph.h"
#include "cfaiss_export.h"

#include <stdexcept>
#include <unordered_map>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexRefine.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>
#include <faiss/invlists/DirectMap.h>
#include <faiss/invlists/InvertedLists.h>
#pragma GCC diagnostic pop

using idx_t = faiss::Index::idx_t;

namespace {

/*
 * Gathers what faiss writes and gives it to the sink. Where faiss writes the contents of an array that stands for rows, the
 * rows are written, from where they lie.
 */
class Output final : public faiss::IOWriter {
public:
    Output(const cfaiss_exported_rows &rows, cfaiss_sink sink, void *context)
        : rows(rows), sink(sink), context(context) {
        name = "the export";
        gathered.reserve(capacity);
    }

    /* Makes an array without contents stand for rows, all of them in order. */
    void stand_for_all(std::vector<uint8_t> &array) {
        array.reserve(1);
        all = array.data();
    }

    /* Makes it stand for some of them. */
    void stand_for(std::vector<uint8_t> &array, const std::vector<idx_t> &some) {
        array.reserve(1);
        parts.emplace(array.data(), &some);
    }

    size_t operator()(const void *bytes, size_t size, size_t count) override {
        if (all != nullptr && bytes == all) {
            /* Right before it, faiss wrote how many numbers an array has that it takes for empty. */
            const size_t numbers = rows.count * rows.dimension;
            if (gathered.size() < sizeof numbers) throw std::logic_error("faiss did not say how long its rows are");
            std::memcpy(gathered.data() + gathered.size() - sizeof numbers, &numbers, sizeof numbers);
            for (size_t row = 0; row < rows.count; row++) put(rows.rows[row], row_size());
            all = nullptr;
        } else if (const auto part = parts.find(bytes); part != parts.end()) {
            for (const idx_t row : *part->second) put(rows.rows[row], row_size());
            parts.erase(part);
        } else {
            put(bytes, size * count);
        }
        return count;
    }

    /* Gives the rest to the sink. */
    void finish() {
        if (all != nullptr || !parts.empty()) throw std::logic_error("faiss did not write the rows");
        flush();
    }

private:
    static constexpr size_t capacity = 1 << 20;

    size_t row_size() const { return rows.dimension * sizeof(float); }

    void put(const void *bytes, size_t count) {
        const char *next = static_cast<const char *>(bytes);
        /* In front of what has no room, not in the midst of it: a number may have to be written over. */
        if (gathered.size() + count > capacity) flush();
        for (; count > capacity; next += capacity, count -= capacity) give(next, capacity);
        gathered.insert(gathered.end(), next, next + count);
    }

    void flush() {
        if (!gathered.empty()) give(gathered.data(), gathered.size());
        gathered.clear();
    }

    void give(const char *bytes, size_t count) {
        if (sink(context, bytes, count) != 0) throw std::runtime_error("ended by the caller");
    }

    const cfaiss_exported_rows &rows;
    const cfaiss_sink sink;
    void *const context;
    const void *all = nullptr;
    std::unordered_map<const void *, const std::vector<idx_t> *> parts;
    std::vector<char> gathered;
};

/* Makes flat storage as large as the rows without having any. */
void fill(faiss::IndexFlat &storage, const cfaiss_exported_rows &rows, Output &output) {
    storage.ntotal = static_cast<idx_t>(rows.count);
    output.stand_for_all(storage.codes);
}

/* Writes an index whose rows are numbered from 0, with their ids. */
void write(faiss::Index &index, const cfaiss_exported_rows &rows, Output &output) {
    index.ntotal = static_cast<idx_t>(rows.count);
    index.is_trained = true;
    faiss::IndexIDMap2 map;
    map.index = &index;
    map.d = index.d;
    map.ntotal = index.ntotal;
    map.is_trained = true;
    map.metric_type = index.metric_type;
    map.id_map.assign(rows.ids, rows.ids + rows.count);
    faiss::write_index(&map, &output);
    output.finish();
}

/*
 * Adds nodes for rows that are equal to those of nodes: a chain that begins at the node. Each has the next one in its list,
 * and the neighbors of the node. What the list of the node has no room for any more is in the list of the first.
 */
void append_twins(faiss::HNSW &hnsw, const int32_t *twins, size_t count) {
    const size_t nodes = hnsw.levels.size();
    const size_t room = static_cast<size_t>(hnsw.cum_nneighbor_per_level[1]);
    hnsw.levels.insert(hnsw.levels.end(), count, 1);
    for (size_t twin = 0; twin < count; twin++) hnsw.offsets.push_back(hnsw.offsets.back() + room);
    hnsw.neighbors.resize(hnsw.offsets.back(), -1);

    const auto neighbors = [&](size_t node) { return hnsw.neighbors.begin() + static_cast<long>(hnsw.offsets[node]); };
    for (size_t twin = count; twin-- > 0;) {
        const size_t first = static_cast<size_t>(twins[twin]);
        const auto list = neighbors(first);
        const auto end = std::find(list, list + static_cast<long>(room), -1);
        const auto own = neighbors(nodes + twin);
        /* The node's list begins with the twin that was put in last: the chain goes on there. */
        std::copy(list, end, own);
        /* The last place: what stood there is in the list of the twin. */
        const auto place = end - list == static_cast<long>(room) ? end - 1 : end;
        if (place != list) *place = *list;
        *list = static_cast<int32_t>(nodes + twin);
    }
}

}  // namespace

extern "C" cfaiss_status cfaiss_export_flat(
    const cfaiss_exported_rows *rows, cfaiss_sink sink, void *context, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        Output output(*rows, sink, context);
        faiss::IndexFlatL2 index(static_cast<idx_t>(rows->dimension));
        fill(index, *rows, output);
        write(index, *rows, output);
    });
}

extern "C" cfaiss_status cfaiss_export_hnsw(
    const cfaiss_exported_rows *rows, const cfaiss_graph *graph, const int32_t *twins, int ef_search, cfaiss_sink sink,
    void *context, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        Output output(*rows, sink, context);
        faiss::IndexHNSWFlat index;
        index.d = static_cast<int>(rows->dimension);
        index.hnsw = graph->hnsw;
        index.hnsw.efSearch = ef_search;
        append_twins(index.hnsw, twins, rows->count - graph->count());
        faiss::IndexFlatL2 storage(static_cast<idx_t>(rows->dimension));
        fill(storage, *rows, output);
        index.storage = &storage;
        index.own_fields = false;
        write(index, *rows, output);
    });
}

extern "C" cfaiss_status cfaiss_export_inverted_file(
    const cfaiss_exported_rows *rows, const cfaiss_exported_lists *lists, cfaiss_sink sink, void *context,
    char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        Output output(*rows, sink, context);
        const size_t dimension = rows->dimension;
        faiss::IndexFlatL2 quantizer(static_cast<idx_t>(dimension));
        quantizer.add(static_cast<idx_t>(lists->nlist), lists->centroids);

        std::unique_ptr<faiss::IndexIVF> index;
        faiss::IndexIVFPQ *compressed = nullptr;
        if (lists->m == 0) {
            index = std::make_unique<faiss::IndexIVFFlat>(&quantizer, dimension, lists->nlist);
        } else {
            auto made =
                std::make_unique<faiss::IndexIVFPQ>(&quantizer, dimension, lists->nlist, lists->m, lists->bits);
            compressed = made.get();
            index = std::move(made);
            faiss::ProductQuantizer &pq = compressed->pq;
            pq.centroids.assign(lists->codebooks, lists->codebooks + pq.centroids.size());
        }
        index->nprobe = lists->nprobe;
        index->is_trained = true;

        auto &inverted = dynamic_cast<faiss::ArrayInvertedLists &>(*index->invlists);
        for (size_t row = 0; row < rows->count; row++) {
            inverted.ids[lists->lists[row]].push_back(static_cast<idx_t>(row));
        }
        for (size_t list = 0; list < lists->nlist; list++) {
            const std::vector<idx_t> &members = inverted.ids[list];
            if (members.empty()) continue;
            std::vector<uint8_t> &codes = inverted.codes[list];
            if (compressed == nullptr) {
                output.stand_for(codes, members);
                continue;
            }
            codes.resize(members.size() * compressed->code_size);
            for (size_t place = 0; place < members.size(); place++) {
                const uint8_t *code = lists->codes + static_cast<size_t>(members[place]) * lists->m;
                faiss::PQEncoderGeneric encoder(
                    codes.data() + place * compressed->code_size, static_cast<int>(lists->bits));
                for (size_t part = 0; part < lists->m; part++) encoder.encode(code[part]);
            }
        }
        if (compressed == nullptr) {
            /* With it a row can be asked for by its id, as in the other types. */
            index->direct_map.type = faiss::DirectMap::Array;
            index->direct_map.array.resize(rows->count);
            for (size_t list = 0; list < lists->nlist; list++) {
                const std::vector<idx_t> &members = inverted.ids[list];
                for (size_t place = 0; place < members.size(); place++) {
                    index->direct_map.array[static_cast<size_t>(members[place])] =
                        static_cast<idx_t>(faiss::lo_build(list, place));
                }
            }
            write(*index, *rows, output);
            return;
        }
        faiss::IndexRefineFlat refined(index.get());
        /* Refining begins with an empty index. */
        index->ntotal = static_cast<idx_t>(rows->count);
        refined.k_factor = static_cast<float>(lists->rerank);
        fill(dynamic_cast<faiss::IndexFlat &>(*refined.refine_index), *rows, output);
        write(refined, *rows, output);
    });
}
