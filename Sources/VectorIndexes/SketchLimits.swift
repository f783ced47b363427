import CKernels

/// Where sketches are worth their while, and what they can have.
public enum SketchLimits {
    /// With fewer live rows than this, comparing a query with every row costs about as little.
    public static let rows = 1_000
    /// With fewer dimensions than this a sketch is hardly smaller than the row.
    public static let dimension = 64
    /// Numbers in a sketch, at most.
    static let components = Int(LK_MAX_CODES)
}
