import Postgres

/// How a picture was made, as far as it is told. Recipes are texts as PostgreSQL writes them, so that equal ones are equal.
struct Making: Equatable {
    let recipe: String
    let seed: Int64?
    let ordinal: Int?

    private var saysHow: Bool { recipe != "[]" }

    /// Whether both can be true: what one of them does not tell contradicts nothing.
    func agrees(with other: Making) -> Bool {
        (!saysHow || !other.saysHow || recipe == other.recipe)
            && (seed == nil || other.seed == nil || seed == other.seed)
            && (ordinal == nil || other.ordinal == nil || ordinal == other.ordinal)
    }

    /// Whether it tells something that an agreeing one does not.
    func tellsMore(than other: Making) -> Bool {
        (saysHow && !other.saysHow) || (seed != nil && other.seed == nil) || (ordinal != nil && other.ordinal == nil)
    }

    /// In words, for messages.
    var description: String {
        var parts = [saysHow ? recipe : "operations unknown"]
        if let seed { parts.append("seed \(seed)") }
        if let ordinal { parts.append("ordinal \(ordinal)") }
        return parts.joined(separator: ", ")
    }
}

/// What the catalog knows of the pictures of an edge.
struct KnownEdge {
    let hasChild: Bool
    let hasParent: Bool
    /// Whether the recipe of the edge is an array.
    let isArray: Bool
    /// How the edge says that the child was made.
    let making: Making
    /// The child's lineage, if it has one.
    let recorded: (parent: ImageID, making: Making)?
}

/// What is to be written for some edges, and which of them cannot be: a pure function of them and of what is known.
struct LineagePlan {
    /// For children without lineage, with their places in their families.
    private(set) var added: [(edge: LineageEdge, root: ImageID, depth: Int)] = []
    /// For children whose parent is recorded, with more than is recorded of how they were made.
    private(set) var completed: [LineageEdge] = []
    /// Edges that say nothing new.
    private(set) var unchanged = 0
    private(set) var refusals: [LineageRefusal] = []

    /// - Parameters:
    ///   - known: for each edge what is known of it.
    ///   - ancestors: the parent of each picture that has one, for the parents of the edges and all above them.
    ///   - parentSuffices: whether an edge with the recorded parent counts as recorded however it was made.
    /// - Complexity: O(n) in the number of edges and ancestors.
    init(
        _ edges: [LineageEdge], known: [KnownEdge], ancestors: [ImageID: ImageID], parentSuffices: Bool = false
    ) {
        var places: [ImageID: Int] = [:]
        for (place, edge) in edges.enumerated() {
            let knowledge = known[place]
            let earlier = places[edge.child].map { (parent: edges[$0].parent, making: known[$0].making) }
            let standing = knowledge.recorded ?? earlier
            if let reason = Self.objection(to: edge, knowledge, standing, parentSuffices: parentSuffices) {
                refusals.append(LineageRefusal(place: place, reason: reason))
            } else if let standing {
                let tellsMore = knowledge.recorded != nil && knowledge.making.tellsMore(than: standing.making)
                if tellsMore, !parentSuffices { completed.append(edge) } else { unchanged += 1 }
            } else {
                places[edge.child] = place
            }
        }
        var parents = ancestors
        for (child, place) in places { parents[child] = edges[place].parent }
        for cycle in Self.cycles(places.keys.sorted(), parents) {
            for (position, image) in cycle.enumerated() {
                guard let place = places.removeValue(forKey: image) else { continue }
                let images = cycle[position...] + cycle[...position]
                refusals.append(LineageRefusal(place: place, reason: .isCycle(Array(images))))
                parents[image] = nil
            }
        }
        refusals.sort { $0.place < $1.place }
        place(edges, at: places.values.sorted(), parents)
    }

    private static func objection(
        to edge: LineageEdge, _ known: KnownEdge, _ standing: (parent: ImageID, making: Making)?, parentSuffices: Bool
    ) -> LineageRefusal.Reason? {
        if !known.hasChild { return .noChild(edge.child) }
        if !known.hasParent { return .noParent(edge.parent) }
        if edge.child == edge.parent { return .isItsOwnParent(edge.child) }
        if !known.isArray { return .recipeIsNoArray(known.making.recipe) }
        guard let standing else { return nil }
        if standing.parent != edge.parent {
            return .hasAnotherParent("image \(edge.child)", recorded: standing.parent, given: edge.parent)
        }
        if parentSuffices || known.making.agrees(with: standing.making) { return nil }
        return .wasMadeOtherwise(
            edge.child, parent: edge.parent, recorded: standing.making.description, given: known.making.description)
    }

    /// The circles among the ancestors of some pictures, each from one of its pictures up; nobody is in two.
    private static func cycles(_ images: [ImageID], _ parents: [ImageID: ImageID]) -> [[ImageID]] {
        var seen: Set<ImageID> = []
        var cycles: [[ImageID]] = []
        for image in images {
            var path: [ImageID] = []
            var next: ImageID? = image
            while let current = next, seen.insert(current).inserted {
                path.append(current)
                next = parents[current]
            }
            // Where the way ended in a picture that it came by itself, it went round.
            if let next, let start = path.firstIndex(of: next) { cycles.append(Array(path[start...])) }
        }
        return cycles
    }

    /// Finds root and depth of each new child, the way up of each picture once.
    private mutating func place(_ edges: [LineageEdge], at places: [Int], _ parents: [ImageID: ImageID]) {
        var known: [ImageID: (root: ImageID, depth: Int)] = [:]
        for place in places {
            var path: [ImageID] = []
            var top = edges[place].child
            while known[top] == nil, let parent = parents[top] {
                path.append(top)
                top = parent
            }
            var (root, depth) = known[top] ?? (top, 0)
            for image in path.reversed() {
                depth += 1
                known[image] = (root, depth)
            }
            (root, depth) = known[edges[place].child] ?? (root, depth)
            added.append((edges[place], root, depth))
        }
    }
}
