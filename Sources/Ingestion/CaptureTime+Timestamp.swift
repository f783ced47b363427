import Glibc
import Imaging
import Postgres

extension CaptureTime {
    /// The moment; a camera that does not know its distance from UTC is taken to be there.
    var timestamp: Timestamp {
        var time = tm()
        time.tm_year = Int32(year - 1900)
        time.tm_mon = Int32(month - 1)
        time.tm_mday = Int32(day)
        time.tm_hour = Int32(hour)
        time.tm_min = Int32(minute)
        time.tm_sec = Int32(second)
        return Timestamp(seconds: Int64(timegm(&time)) - 60 * Int64(utcOffsetMinutes ?? 0))
    }
}
