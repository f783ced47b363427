// What lies beyond the edge of a picture is the picture reflected at it, the pixels at the edge included. Black corners
// would be a thing of their own to a network, and pixels drawn out into streaks too; a reflection looks like more of
// the same, exists for pictures of one pixel, and has no step at the edge.

/// A pixel beyond an edge, reflected at it: -1 is 0, `count` is `count - 1`.
@inline(__always)
func reflected(_ index: Int, _ count: Int) -> Int {
    index >= 0 && index < count ? index : folded(index, count)
}

private func folded(_ index: Int, _ count: Int) -> Int {
    let rest = index % (2 * count)
    let positive = rest < 0 ? rest + 2 * count : rest
    return positive < count ? positive : 2 * count - 1 - positive
}

/// A point beyond an edge, reflected at it.
func reflected(_ value: Double, _ length: Double) -> Double {
    if value >= 0 && value <= length { return value }
    let folded = abs(value).truncatingRemainder(dividingBy: 2 * length)
    return folded <= length ? folded : 2 * length - folded
}
