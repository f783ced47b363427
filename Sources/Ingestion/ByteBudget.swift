import Synchronization

/// So many bytes that many may take and give back; who asks for more than there are waits in line.
final class ByteBudget: Sendable {
    private struct State {
        var free: Int
        var line: [(bytes: Int, turn: CheckedContinuation<Void, Never>)] = []
    }

    private let total: Int
    private let state: Mutex<State>

    init(_ total: Int) {
        self.total = total
        state = Mutex(State(free: total))
    }

    /// Waits until so many bytes are free, or the whole budget when that is less, and takes them.
    ///
    /// First come, first served: a large demand is not passed by small ones for ever.
    func take(_ bytes: Int) async {
        let bytes = min(bytes, total)
        await withCheckedContinuation { turn in
            let isMine = state.withLock { state in
                if state.line.isEmpty, state.free >= bytes {
                    state.free -= bytes
                    return true
                }
                state.line.append((bytes, turn))
                return false
            }
            if isMine { turn.resume() }
        }
    }

    /// Gives back what was taken, by the same number.
    func giveBack(_ bytes: Int) {
        let bytes = min(bytes, total)
        let turns = state.withLock { state in
            state.free += bytes
            var turns: [CheckedContinuation<Void, Never>] = []
            while let first = state.line.first, first.bytes <= state.free {
                state.free -= first.bytes
                turns.append(state.line.removeFirst().turn)
            }
            return turns
        }
        for turn in turns { turn.resume() }
    }
}
