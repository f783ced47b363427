import Faults
import Foundation

/// A chart of lines over numbers, as SVG: for documentation and reports, readable on any background.
public struct LineChart: Sendable {
    /// What runs along an axis.
    public struct Axis: Sendable {
        let label: String
        let isLogarithmic: Bool

        /// - Parameter isLogarithmic: whether equal distances are equal factors; then all numbers are positive.
        public init(_ label: String, isLogarithmic: Bool = false) {
            self.label = label
            self.isLogarithmic = isLogarithmic
        }
    }

    /// One line with its name.
    public struct Line: Sendable {
        let name: String
        let points: [(x: Double, y: Double)]

        /// - Parameter points: at least one, in the order of their x.
        public init(_ name: String, _ points: [(x: Double, y: Double)]) {
            self.name = name
            self.points = points
        }
    }

    private static let (width, height) = (460.0, 320.0)
    private static let (left, right, top, bottom) = (64.0, 96.0, 36.0, 48.0)
    /// Told apart by people who do not see all colors. Source: Okabe and Ito, "Color universal design" (2008).
    private static let colors = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]

    private let title: String
    private let lines: [Line]
    private let (x, y): (Scale, Scale)
    private let (xLabel, yLabel): (String, String)

    /// Describes a chart.
    ///
    /// - Precondition: there is a point, and no more lines than six.
    public init(_ title: String, x: Axis, y: Axis, _ lines: [Line]) {
        precondition(lines.count <= Self.colors.count && lines.contains { !$0.points.isEmpty })
        self.title = title
        self.lines = lines
        (xLabel, yLabel) = (x.label, y.label)
        let points = lines.flatMap(\.points)
        self.x = Scale(points.map(\.x), x.isLogarithmic, from: Self.left, to: Self.width - Self.right)
        self.y = Scale(points.map(\.y), y.isLogarithmic, from: Self.height - Self.bottom, to: Self.top)
    }

    /// The chart as a file of its own.
    public var svg: String { Self.svg([self]) }

    /// Several charts side by side, as one file.
    public static func svg(_ charts: [LineChart]) -> String {
        let total = width * Double(charts.count)
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(fixed(total, 0)) \(fixed(height, 0))" \
            font-family="sans-serif" font-size="12">
              <rect width="100%" height="100%" fill="white"/>

            """
        for (place, chart) in charts.enumerated() {
            text += "  <g transform=\"translate(\(fixed(width * Double(place), 0)) 0)\">\n\(chart.body)  </g>\n"
        }
        return text + "</svg>\n"
    }

    private var body: String {
        let (floor, middle) = (Self.height - Self.bottom, (Self.top + Self.height - Self.bottom) / 2)
        var text = label(title, at: (Self.left, 20), "font-weight=\"bold\"")
        for tick in x.ticks {
            let at = x.place(tick)
            text += stroke([(at, floor), (at, Self.top)], "#e4e7ea", 1)
            text += label(Self.words(tick), at: (at, floor + 16), "text-anchor=\"middle\"")
        }
        for tick in y.ticks {
            let at = y.place(tick)
            text += stroke([(Self.left, at), (Self.width - Self.right, at)], "#e4e7ea", 1)
            text += label(Self.words(tick), at: (Self.left - 6, at + 4), "text-anchor=\"end\"")
        }
        text += label(
            xLabel, at: ((Self.left + Self.width - Self.right) / 2, Self.height - 10), "text-anchor=\"middle\"")
        text += label(
            yLabel, at: (14, middle), "text-anchor=\"middle\" transform=\"rotate(-90 14 \(fixed(middle, 0)))\"")
        var taken: [Double] = []
        for (line, color) in zip(lines, Self.colors) {
            let points = line.points.map { (x.place($0.x), y.place($0.y)) }
            text += stroke(points, color, 2)
            for point in points {
                text +=
                    "    <circle cx=\"\(fixed(point.0, 1))\" cy=\"\(fixed(point.1, 1))\" r=\"3\" fill=\"\(color)\"/>\n"
            }
            guard let last = points.last else { continue }
            // Names of lines that end at the same height stand below each other.
            var at = last.1 + 4
            while let other = taken.first(where: { abs($0 - at) < 13 }) { at = other + 13 }
            taken.append(at)
            text += label(line.name, at: (Self.width - Self.right + 8, at), "fill=\"\(color)\"")
        }
        return text
    }

    private func stroke(_ points: [(Double, Double)], _ color: String, _ width: Int) -> String {
        let path = points.map { "\(fixed($0.0, 1)),\(fixed($0.1, 1))" }.joined(separator: " ")
        return "    <polyline points=\"\(path)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"\(width)\"/>\n"
    }

    private func label(_ words: String, at place: (Double, Double), _ style: String) -> String {
        let escaped = words.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        return "    <text x=\"\(fixed(place.0, 1))\" y=\"\(fixed(place.1, 1))\" \(style)>\(escaped)</text>\n"
    }

    private static func words(_ number: Double) -> String {
        if number >= 1_000_000 { return fixed(number / 1_000_000, 0) + " M" }
        if number >= 1_000 { return fixed(number / 1_000, 0) + " k" }
        return number == number.rounded() ? fixed(number, 0) : "\(number)"
    }
}

/// From numbers to places along an axis.
private struct Scale {
    let ticks: [Double]
    private let isLogarithmic: Bool
    private let (low, high): (Double, Double)
    private let (from, to): (Double, Double)

    init(_ numbers: [Double], _ isLogarithmic: Bool, from: Double, to: Double) {
        self.isLogarithmic = isLogarithmic
        (self.from, self.to) = (from, to)
        let (least, most) = (numbers.min() ?? 0, numbers.max() ?? 1)
        if isLogarithmic {
            precondition(least > 0, "\(least) has no logarithm")
            low = log10(least).rounded(.down)
            high = max(low + 1, log10(most).rounded(.up))
            ticks = (Int(low)...Int(high)).map { pow(10, Double($0)) }
        } else {
            let span = max(most - min(0, least), 1e-9)
            let power = pow(10, log10(span / 5).rounded(.down))
            let step = [1, 2, 5, 10].map { $0 * power }.first { span / $0 <= 5 } ?? 10 * power
            low = (min(0, least) / step).rounded(.down) * step
            high = max(low + step, (most / step).rounded(.up) * step)
            let (bottom, steps) = (low, Int(((high - low) / step).rounded()))
            // Multiples, not sums: a tick at 0.3 is to read 0.3.
            ticks = (0...steps).map { (bottom / step + Double($0)) / (1 / step) }
        }
    }

    func place(_ number: Double) -> Double {
        let share = ((isLogarithmic ? log10(number) : number) - low) / (high - low)
        return from + share * (to - from)
    }
}
