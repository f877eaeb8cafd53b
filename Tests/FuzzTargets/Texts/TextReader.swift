// SPDX-License-Identifier: Apache-2.0

import Deployments
import EventStream
import ReprieveProtocol
import StrictJSON
import Tokens

/// What reads the bytes of others: a broker those of its peers and files, a client those of its
/// broker, a command those of its operator.
enum TextReader: String, CaseIterable {
    case json
    case equalJSON
    case frames
    case damagedFrames
    case nestedFrames
    case answer
    case gate
    case componentEvent
    case gateEvent
    case status
    case history
    case failure
    case tokens
    case words
    case deployment
    case installed
    case catalogue
    case recipe
    case range

    func read(_ bytes: [UInt8]) {
        switch self {
        case .json: readPayload(bytes)
        case .equalJSON: compare(bytes)
        case .frames: readFrames(bytes)
        case .damagedFrames: search(repaired(bytes) + [1] + repaired(bytes))
        case .nestedFrames: search(nested(bytes))
        case .answer: _ = try? DeferRequest(decoding: bytes)
        case .gate: _ = try? GateRequest(decoding: bytes, limits: .fromCoordinator)
        case .componentEvent: _ = try? ComponentEvent(decoding: bytes)
        case .gateEvent: _ = try? GateEvent(decoding: bytes, limits: .fromBroker)
        case .status: _ = try? StatusEvent(decoding: bytes, limits: .fromBroker)
        case .history: _ = try? HistoryShape(decoding: bytes, limits: .fromBroker)
        case .failure: _ = ErrorShape(decoding: bytes, model: nil)
        case .tokens: _ = try? TokenList(decoding: String(decoding: bytes, as: UTF8.self))
        case .words: readWords(String(decoding: bytes, as: UTF8.self))
        case .deployment: plan(try? Deployment(decoding: bytes), Catalogue())
        case .installed: _ = try? InstalledComponents(decoding: bytes)
        case .catalogue: readCatalogue { try $0.add(decoding: bytes) }
        case .recipe: readCatalogue { try $0.add(recipe: bytes, file: "A-1.0.0.json") }
        case .range: _ = VersionRange(String(decoding: bytes, as: UTF8.self))
        }
    }

    private func compare(_ bytes: [UInt8]) {
        guard let value = try? JSON(decoding: bytes, limits: .fromBroker) else { return }
        promise(value.canonical == value, "a value is another one with its members sorted")
    }

    private func readCatalogue(_ read: (inout Catalogue) throws -> Void) {
        var catalogue = Catalogue()
        guard (try? read(&catalogue)) != nil else { return }
        plan(
            try? Deployment(decoding: Array(#"{"components":{"A":{"version":"*"}}}"#.utf8)),
            catalogue
        )
    }

    private func plan(_ deployment: Deployment?, _ catalogue: Catalogue) {
        guard let deployment else { return }
        _ = DeploymentPlan(deployment, installed: nil, catalogue: catalogue).json
    }

    /// The frames in a file, and the damage between them, are the whole file.
    private func search(_ bytes: [UInt8]) {
        var search = FrameSearch(bytes)
        var found = 0
        while let frame = search.next() { found += frame.encodedLength }
        found += search.damage.reduce(0) { $0 + $1.count }
        promise(found == bytes.count, "\(found) of \(bytes.count) bytes are found in a file")
    }

    /// Names, durations, and what is shown of a text.
    private func readWords(_ text: String) {
        _ = isComponentName(text)
        _ = milliseconds(spelled: text)
        promise(cut(text).utf8.count <= Limits.text, "a text is not cut")
        for shown in [quoted(text), printable(text)] {
            promise(!shown.unicodeScalars.contains(where: \.isInstruction), "an escape is shown")
        }
    }
}

/// Each frame claims to hold all that follows it, and none is whole.
private func nested(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for start in stride(from: 0, to: bytes.count - 16, by: 12) {
        bytes.replaceSubrange(start..<start + 12, with: prelude(of: bytes.count - start))
    }
    return bytes
}

private func prelude(of length: Int) -> [UInt8] {
    var bytes = bigEndian(UInt32(length)) + [0, 0, 0, 0]
    bytes += bigEndian(crc32(bytes.span))
    return bytes
}

private func bigEndian(_ number: UInt32) -> [UInt8] {
    stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
}

/// What a reader makes of a text, and what that costs.
func readText(_ input: [UInt8]) {
    var decisions = FuzzDecisions(input)
    let reader = decisions.pick(TextReader.allCases)
    let text = StretchedText(&decisions)
    promiseProportion(text, reader.rawValue, reader.read)
}
