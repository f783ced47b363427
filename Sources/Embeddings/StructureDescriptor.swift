import Imaging

public struct StructureDescriptor { static let architecture = "structure-2048" }
