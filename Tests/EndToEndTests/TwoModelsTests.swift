import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// Two models in one catalog: each has its embeddings and its index, and they never mix.
@Suite struct TwoModelsTests {
    private struct Answer: Decodable {
        struct Result: Decodable { let distance: Float }
        let model: String
        let results: [Result]
    }

    private struct Summary: Decodable {
        let seen: Int
        let added: Int
        let unchanged: Int
    }

    @Test func `the built-in descriptor and the network live in one catalog without mixing`() async throws {
        let home = try HomeWithDatabase()
        let likeness = LikenessBinary(home: home.path)
        let weights = try SharedData.path("models/resnet50-pqf.safetensors").string
        let photos = try SharedData.path("photos/edited-copies/mixed_images").string

        func summary(of run: LikenessBinary.Run) throws -> Summary {
            try JSONDecoder().decode(Summary.self, from: Data(run.output.utf8))
        }

        // Without a model nothing is guessed.
        let none = try await likeness("ingest", photos)
        #expect(none.status == 1)
        #expect(none.errors.contains("--model structure-2048") && none.errors.contains("likeness model fetch"))

        let first = try await likeness("ingest", "--model", "structure-2048", "--format", "json", photos)
        #expect(try summary(of: first).added == 5, "\(first.errors)")
        #expect(try await likeness("index", "create", "shape", "--type", "flat").status == 0)
        #expect(try await likeness("model", "add", weights, "--name", "resnet").status == 0)
        // ResNet-50 is the default from here on: the pictures are known, their embeddings are not.
        let second = try await likeness("ingest", "--format", "json", photos)
        #expect(try summary(of: second).added == 0)
        #expect(try summary(of: second).unchanged == 5)
        #expect(try await likeness("index", "create", "meaning", "--type", "flat").status == 0)
        #expect(try await likeness("sync", "--once").status == 0)
        #expect(try await likeness("verify").status == 0)

        let picture = photos + "/ukbench00120.jpg"
        for (flag, value, model) in [
            ("--model", "structure-2048", "structure-2048"), ("--index", "shape", "structure-2048"),
            ("--model", "resnet", "resnet"), ("--index", "meaning", "resnet"),
        ] {
            let run = try await likeness("query", "-k", "2", "--format", "json", flag, value, picture)
            let answer = try #require(try JSONDecoder().decode([Answer].self, from: Data(run.output.utf8)).first)
            #expect(answer.model == model)
            #expect(answer.results[0].distance == 0 && answer.results[1].distance > 0)
        }
        let mixed = try await likeness("query", "--model", "resnet", "--index", "shape", picture)
        #expect(mixed.status == 1)
        #expect(mixed.errors.contains("error: index \"shape\" holds vectors of model structure-2048, not resnet"))
        let unknown = try await likeness("query", "--model", "vgg", picture)
        #expect(unknown.status == 1)
        #expect(unknown.errors.contains("there is no model \"vgg\"; the catalog has structure-2048, resnet"))
        let renamed = try await likeness("model", "add", weights, "--name", "other")
        #expect(renamed.status == 1)
        #expect(renamed.errors.contains("this model is in the catalog as \"resnet\", not \"other\""))
    }
}
