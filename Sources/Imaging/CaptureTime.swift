/// When a picture was taken: a date that exists and a time of day, with the distance from UTC if the camera knew it.
public struct CaptureTime: Sendable, Equatable {
    /// 1 … 9999.
    public let year: Int
    /// 1 … 12.
    public let month: Int
    /// 1 … 31, and a day of that month.
    public let day: Int
    /// 0 … 23.
    public let hour: Int
    /// 0 … 59.
    public let minute: Int
    /// 0 … 59.
    public let second: Int
    /// Minutes east of UTC, -959 … 959; nil when only the camera's own clock is known.
    public let utcOffsetMinutes: Int?

    /// ISO 8601, `2019-07-04T12:00:09+02:00`, without the last part when the distance from UTC is not known.
    public var iso8601: String {
        let local =
            "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
            + "T\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
        guard let offset = utcOffsetMinutes else { return local }
        let sign = offset < 0 ? "-" : "+"
        return local + "\(sign)\(padded(abs(offset) / 60, 2)):\(padded(abs(offset) % 60, 2))"
    }

    /// Reads EXIF's `DateTimeOriginal`, `2019:07:04 12:00:09`, and `OffsetTimeOriginal`, `+02:00`.
    ///
    /// Nil for what cameras write that do not know the time (blanks, zeros) and for dates that do not exist. An offset
    /// that is none is left out.
    ///
    /// Source: CIPA DC-008 (Exif 2.32), 4.6.5.F.
    public init?(exif dateTime: String, offset: String? = nil) {
        let text = Array(dateTime.utf8)
        guard text.count >= 19,
            [4, 7].allSatisfy({ text[$0] == UInt8(ascii: ":") || text[$0] == UInt8(ascii: "-") }),
            [13, 16].allSatisfy({ text[$0] == UInt8(ascii: ":") }),
            let year = number(text[0..<4]), let month = number(text[5..<7]), let day = number(text[8..<10]),
            let hour = number(text[11..<13]), let minute = number(text[14..<16]), let second = number(text[17..<19]),
            year >= 1, (1...12).contains(month), day >= 1, day <= days(of: month, in: year),
            hour <= 23, minute <= 59, second <= 59
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.utcOffsetMinutes = offset.flatMap(minutes(ofOffset:))
    }
}

private func number(_ digits: ArraySlice<UInt8>) -> Int? {
    var result = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        result = 10 * result + Int(digit - UInt8(ascii: "0"))
    }
    return result
}

private func days(of month: Int, in year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

/// The minutes of `+02:00` or `-09:30`. PostgreSQL takes up to 15:59 either way, and so does this.
private func minutes(ofOffset offset: String) -> Int? {
    let text = Array(offset.utf8)
    guard text.count >= 6, text[3] == UInt8(ascii: ":"), let hours = number(text[1..<3]),
        let minutes = number(text[4..<6]), hours <= 15, minutes <= 59
    else { return nil }
    switch text[0] {
    case UInt8(ascii: "+"): return 60 * hours + minutes
    case UInt8(ascii: "-"): return -(60 * hours + minutes)
    default: return nil
    }
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
