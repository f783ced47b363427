/// The k nearest of the rows it was offered: a heap with the farthest on top.
///
/// Nearer means a smaller distance, and among equal distances a smaller id, so that the outcome does not depend on the
/// order of the offers.
struct NearestNeighbors {
    private let capacity: Int
    private var heap: [Neighbor] = []

    init(_ k: Int) {
        capacity = k
    }

    /// A row whose distance is above this need not be offered.
    var bound: Float { heap.count < capacity ? .infinity : heap[0].distance }

    /// Takes a row in if it is among the nearest so far. A distance that is NaN, which only a damaged row can have, counts
    /// as infinitely far.
    ///
    /// - Complexity: O(log k), O(1) for a row that is too far.
    mutating func offer(_ id: VectorID, at distance: Float) {
        let neighbor = Neighbor(id: id, distance: distance.isNaN ? .infinity : distance)
        if heap.count < capacity {
            heap.append(neighbor)
            rise()
        } else if neighbor.isNearer(than: heap[0]) {
            heap[0] = neighbor
            sink()
        }
    }

    /// What was kept, nearest first.
    func sorted() -> [Neighbor] { heap.sorted { $0.isNearer(than: $1) } }

    private mutating func rise() {
        var place = heap.count - 1
        while place > 0, heap[(place - 1) / 2].isNearer(than: heap[place]) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink() {
        var place = 0
        while true {
            var farthest = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < heap.count && heap[farthest].isNearer(than: heap[child]) {
                farthest = child
            }
            if farthest == place { return }
            heap.swapAt(place, farthest)
            place = farthest
        }
    }
}

extension Neighbor {
    /// Whether this one comes before another in an answer.
    func isNearer(than other: Neighbor) -> Bool {
        distance < other.distance || distance == other.distance && id < other.id
    }
}
