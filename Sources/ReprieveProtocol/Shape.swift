// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// A payload with a meaning. Absent members are omitted when written: a null in the place of a
/// union's member breaks the Python SDK.
package protocol Shape: Hashable, Sendable {
    init(decoding json: JSON) throws(JSONError)
    /// Each member once, in a fixed order.
    func write(to object: inout ObjectWriter)
}

extension Shape {
    package init(decoding payload: [UInt8], limits: JSONLimits = .default) throws(JSONError) {
        // The JavaScript SDK sends nothing at all where others send an empty object.
        try self.init(decoding: payload.isEmpty ? [:] : JSON(decoding: payload, limits: limits))
    }

    package func encoded() -> [UInt8] {
        var object = ObjectWriter()
        write(to: &object)
        return object.finished()
    }
}

/// The shape without members.
package struct Empty: Shape {
    package init() {}

    package init(decoding json: JSON) throws(JSONError) {
        guard case .object = json else { throw JSONError("expected an object") }
    }

    package func write(to object: inout ObjectWriter) {}
}

extension ObjectWriter {
    mutating func member(_ name: String, _ shape: (some Shape)?) {
        guard let shape else { return }
        open(name, "{")
        shape.write(to: &self)
        close("}")
    }

    mutating func member(_ name: String, _ shapes: [some Shape]) {
        open(name, "[")
        for shape in shapes {
            openElement()
            shape.write(to: &self)
            close("}")
        }
        close("]")
    }

    /// A text of whoever uses a library, cut as its reader would: a frame that is too long ends the
    /// connection.
    mutating func text(_ name: String, _ text: String?) {
        member(name, text.map { cut($0) })
    }

    /// A flag that is absent when false.
    mutating func flag(_ name: String, _ value: Bool) {
        if value { member(name, true) }
    }

    /// A count that is absent when 0.
    mutating func count(_ name: String, _ value: Int64) {
        if value != 0 { member(name, value) }
    }
}

extension JSON {
    func required<Value>(_ name: String, _ value: Value?) throws(JSONError) -> Value {
        guard let value else { throw JSONError("\(name) is missing") }
        return value
    }

    func requiredString(_ name: String) throws(JSONError) -> String {
        try required(name, string(name))
    }

    func requiredInteger(_ name: String) throws(JSONError) -> Int64 {
        try required(name, integer(name))
    }

    /// A duration in milliseconds, at least 0.
    func milliseconds(_ name: String) throws(JSONError) -> Int64? {
        guard let value = try integer(name) else { return nil }
        guard value >= 0 else { throw JSONError("\(name): \(value) is negative") }
        return value
    }

    /// A duration that a broker sends, in milliseconds: between 0 and a century, so that sums of
    /// durations and instants do not overflow.
    func time(_ name: String) throws(JSONError) -> Int64? {
        try integer(name).map { min(max(0, $0), longestDuration) }
    }

    func deploymentID() throws(JSONError) -> String {
        let id = try requiredString("deploymentId")
        guard !id.isEmpty else { throw JSONError("deploymentId is empty") }
        guard id.utf8.count <= Limits.deploymentID else {
            throw JSONError(
                "deploymentId: \(id.utf8.count) bytes, the maximum is \(Limits.deploymentID)"
            )
        }
        return id
    }

    /// A list of component names.
    func names(_ name: String) throws(JSONError) -> [String]? {
        guard let names = try strings(name) else { return nil }
        guard names.count <= Limits.names else {
            throw JSONError("\(name): \(names.count) names, the maximum is \(Limits.names)")
        }
        if let bad = names.first(where: { !isComponentName($0) }) {
            throw JSONError("\(name): \(quoted(bad)) is not a component name")
        }
        return names
    }

    func text(_ name: String) throws(JSONError) -> String? {
        try string(name).map { cut($0) }
    }
}

extension JSON {
    /// A text that is one of a fixed set.
    func word<Word>(
        _ name: String
    ) throws(JSONError) -> Word?
    where Word: RawRepresentable & CaseIterable, Word.RawValue == String {
        guard let text = try string(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw JSONError("\(name): \(quoted(text)) is not one of \(known)")
        }
        return word
    }
}
