import CLibPQ
import Glibc

/// Where a database is and how to get in, as libpq's connection parameters.
public struct ConnectionTarget: Sendable, Equatable {
    /// A connection parameter by libpq's keyword.
    struct Setting: Sendable, Equatable {
        let keyword: String
        let value: String
        /// Whether libpq says that it must not be shown.
        let isSecret: Bool
    }

    /// In the order of their keywords, so that equal targets are equal.
    private(set) var settings: [Setting] {
        didSet { settings.sort { $0.keyword < $1.keyword } }
    }

    /// Reads a URL (`postgresql://user@host:5432/database?sslmode=require`) or key=value pairs.
    ///
    /// What it leaves out comes from the environment and from libpq's defaults when the connection is made.
    public init(url: String) throws(PostgresError) {
        // libpq ends the password at the first @ and takes the rest of it for the host, which is no secret and is shown.
        if let start = url.firstRange(of: "://")?.upperBound,
            url[start...].prefix(while: { !"/?#".contains($0) }).count(where: { $0 == "@" }) > 1
        {
            throw .malformedTarget(reason: "more than one @ before the host; write an @ in a password as %40")
        }
        var complaint: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(url, &complaint)
        defer {
            PQconninfoFree(options)
            PQfreemem(complaint)
        }
        guard let options else {
            let reason = complaint.map { String(cString: $0) } ?? "out of memory"
            throw .malformedTarget(reason: Self.withoutQuotations(reason, of: url))
        }
        self.init(settings: Self.settings(of: options) { option in option.val.map { String(cString: $0) } })
    }

    private init(settings: [Setting]) { self.settings = settings.sorted { $0.keyword < $1.keyword } }

    /// A server on this machine, by the folder of its Unix socket.
    ///
    /// - Parameter serverUser: the system user the server must run as; the connection is refused when another user
    ///   listens there. nil accepts any.
    public static func socket(
        directory: String, database: String, user: String, serverUser: String? = nil
    ) -> ConnectionTarget {
        let settings = [
            Setting(keyword: "host", value: directory, isSecret: false),
            Setting(keyword: "port", value: "5432", isSecret: false),
            Setting(keyword: "dbname", value: database, isSecret: false),
            Setting(keyword: "user", value: user, isSecret: false),
        ]
        let peer = serverUser.map { [Setting(keyword: "requirepeer", value: $0, isSecret: false)] } ?? []
        return ConnectionTarget(settings: settings + peer)
    }

    /// What the `PG*` variables say now; libpq's defaults for the rest.
    public static func environment() -> ConnectionTarget { environment(reading: environmentVariable) }

    /// What the `PG*` variables of some environment say.
    package static func environment(reading variable: (String) -> String?) -> ConnectionTarget {
        guard let options = PQconndefaults() else { return ConnectionTarget(settings: []) }
        defer { PQconninfoFree(options) }
        return ConnectionTarget(
            settings: settings(of: options) { option in option.envvar.flatMap { variable(String(cString: $0)) } })
    }

    /// Whether a variable says which database to use; `PGUSER`, `PGPASSWORD` and the like alone do not.
    public static var isSetInEnvironment: Bool { isSet(reading: environmentVariable) }

    /// Whether a variable of some environment says which database to use.
    package static func isSet(reading variable: (String) -> String?) -> Bool {
        let variables = ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGPORT", "PGDATABASE"]
        return variables.contains { name in variable(name).map { !$0.isEmpty } ?? false }
    }

    private static func environmentVariable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// The same server and user, another database.
    public func with(database: String) -> ConnectionTarget {
        var copy = self
        copy.settings.removeAll { $0.keyword == "dbname" }
        copy.settings.append(Setting(keyword: "dbname", value: database, isSecret: false))
        return copy
    }

    /// The value of a parameter by libpq's keyword; nil when it is not given or must not be shown.
    package func value(of keyword: String) -> String? {
        settings.first { $0.keyword == keyword && !$0.isSecret }?.value
    }

    /// The password, for a program that is started to connect in its turn; never to be shown.
    public var password: String? { settings.first { $0.keyword == "password" }?.value }

    /// A URL that `psql` takes, passwords left out.
    public var url: String {
        var rest = settings.filter { !$0.isSecret }
        func take(_ keyword: String) -> String? {
            guard let index = rest.firstIndex(where: { $0.keyword == keyword }) else { return nil }
            return rest.remove(at: index).value
        }
        var url = "postgresql://"
        if let user = take("user") { url += percentEncoded(user) + "@" }
        // A folder or a list of hosts does not fit before the database's name; as a parameter anything does.
        if let host = value(of: "host"), !host.contains(where: { "/@,:".contains($0) }) {
            url += percentEncoded(take("host") ?? "")
            if let port = take("port") { url += ":" + percentEncoded(port) }
        }
        if let database = take("dbname") { url += "/" + percentEncoded(database) }
        let parameters = rest.map { "\($0.keyword)=\(percentEncoded($0.value))" }
        return parameters.isEmpty ? url : url + (url.hasSuffix("//") ? "/?" : "?") + parameters.joined(separator: "&")
    }

    private static func settings(
        of options: UnsafeMutablePointer<PQconninfoOption>, value: (PQconninfoOption) -> String?
    ) -> [Setting] {
        var settings: [Setting] = []
        var option = options
        while let keyword = option.pointee.keyword {
            // libpq marks what must not be shown with an asterisk.
            let isSecret = option.pointee.dispchar.map { $0.pointee == UInt8(ascii: "*") } ?? false
            if let value = value(option.pointee), !value.isEmpty {
                settings.append(Setting(keyword: String(cString: keyword), value: value, isSecret: isSecret))
            }
            option += 1
        }
        return settings
    }

    /// libpq's complaint without the parts of the input that it quotes, for those may be a piece of a password.
    private static func withoutQuotations(_ complaint: String, of input: String) -> String {
        if !input.contains("@"), !input.lowercased().contains("pass") { return oneLine(complaint) }
        let parts = complaint.split(separator: "\"", omittingEmptySubsequences: false)
        return oneLine(parts.enumerated().map { $0.offset % 2 == 0 ? $0.element : "…" }.joined(separator: "\""))
    }
}

extension ConnectionTarget: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URL, passwords left out.
    public var description: String { url }
    /// The URL, passwords left out.
    public var debugDescription: String { url }
    /// Shows the URL alone, so that neither `dump` nor a failed expectation shows a password.
    public var customMirror: Mirror { Mirror(self, children: ["url": url]) }
}

/// The text with every byte but letters, digits and `-._~/` as `%XX`.
private func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "/"):
            String(UnicodeScalar(byte))
        default:
            "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }.joined()
}
