/// A type of PostgreSQL by its object id, which is fixed for built-in types.
///
/// Source: `pg_type.dat` of PostgreSQL; ids from 16384 upwards belong to types that somebody created.
public struct PostgresType: Hashable, Sendable, CustomStringConvertible {
    /// The object id, as `pg_type.oid` has it.
    public let oid: UInt32

    /// Names a type by its object id.
    public init(oid: UInt32) { self.oid = oid }

    /// The name that SQL uses, `type 16402` when it is not a built-in type that Likeness knows.
    public var description: String { Self.names[oid] ?? "type \(oid)" }

    /// Whether somebody created it with `create type`; an enum or a domain as a rule.
    var isUserDefined: Bool { oid >= 16384 }
}

extension PostgresType {
    static let bool = PostgresType(oid: 16)
    static let bytea = PostgresType(oid: 17)
    static let name = PostgresType(oid: 19)
    static let int8 = PostgresType(oid: 20)
    static let int2 = PostgresType(oid: 21)
    static let int4 = PostgresType(oid: 23)
    static let text = PostgresType(oid: 25)
    static let oid = PostgresType(oid: 26)
    static let json = PostgresType(oid: 114)
    static let float4 = PostgresType(oid: 700)
    static let float8 = PostgresType(oid: 701)
    static let unknown = PostgresType(oid: 705)
    static let bpchar = PostgresType(oid: 1042)
    static let varchar = PostgresType(oid: 1043)
    static let timestamp = PostgresType(oid: 1114)
    static let timestamptz = PostgresType(oid: 1184)
    static let numeric = PostgresType(oid: 1700)
    static let uuid = PostgresType(oid: 2950)
    static let jsonb = PostgresType(oid: 3802)
    static let xid8 = PostgresType(oid: 5069)

    static let xid8Array = PostgresType(oid: 271)
    static let boolArray = PostgresType(oid: 1000)
    static let byteaArray = PostgresType(oid: 1001)
    static let int2Array = PostgresType(oid: 1005)
    static let int4Array = PostgresType(oid: 1007)
    static let textArray = PostgresType(oid: 1009)
    static let int8Array = PostgresType(oid: 1016)
    static let float4Array = PostgresType(oid: 1021)
    static let float8Array = PostgresType(oid: 1022)
    static let timestamptzArray = PostgresType(oid: 1185)
    static let uuidArray = PostgresType(oid: 2951)
    static let jsonbArray = PostgresType(oid: 3807)

    private static let names: [UInt32: String] = [
        16: "boolean", 17: "bytea", 19: "name", 20: "bigint", 21: "smallint", 23: "integer", 25: "text", 26: "oid",
        114: "json", 271: "xid8[]", 700: "real", 701: "double precision", 705: "unknown", 1000: "boolean[]",
        1001: "bytea[]", 1005: "smallint[]", 1007: "integer[]", 1009: "text[]", 1016: "bigint[]", 1021: "real[]",
        1022: "double precision[]", 1042: "character", 1043: "character varying", 1082: "date", 1114: "timestamp",
        1184: "timestamp with time zone", 1185: "timestamp with time zone[]", 1186: "interval", 1700: "numeric",
        2278: "void", 2950: "uuid", 2951: "uuid[]", 3802: "jsonb", 3807: "jsonb[]", 5069: "xid8",
    ]
}
