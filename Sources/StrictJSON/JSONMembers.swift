// SPDX-License-Identifier: Apache-2.0

/// An object's members by name and kind. A member that is absent and one that is null both read
/// as `nil`; one of another kind is an error that names it.
extension JSON {
    /// What stands under `name`, null included; `nil` if this is no object or has no such member.
    package subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.value(name)
    }

    package func string(_ name: String) throws(JSONError) -> String? {
        guard let value = try member(name) else { return nil }
        guard case .string(let text) = value else { throw value.isNot("a string", name) }
        return text
    }

    package func integer(_ name: String) throws(JSONError) -> Int64? {
        switch try member(name) {
        case nil: return nil
        case .integer(let value): return value
        case .number(let spelling): throw Self.notAnInteger(spelling, name)
        case .some(let value): throw value.isNot("an integer", name)
        }
    }

    package func bool(_ name: String) throws(JSONError) -> Bool? {
        guard let value = try member(name) else { return nil }
        guard case .bool(let flag) = value else { throw value.isNot("a boolean", name) }
        return flag
    }

    /// An array of texts.
    package func strings(_ name: String) throws(JSONError) -> [String]? {
        guard let value = try member(name) else { return nil }
        guard case .array(let elements) = value else { throw value.isNot("an array", name) }
        var texts: [String] = []
        texts.reserveCapacity(elements.count)
        for element in elements {
            guard case .string(let text) = element else {
                throw element.isNot("a string", "\(name)[\(texts.count)]")
            }
            texts.append(text)
        }
        return texts
    }

    package func object(_ name: String) throws(JSONError) -> JSON? {
        guard let value = try member(name) else { return nil }
        guard case .object = value else { throw value.isNot("an object", name) }
        return value
    }

    private func member(_ name: String) throws(JSONError) -> JSON? {
        guard case .object(let members) = self else {
            throw JSONError("expected an object, found \(kind)")
        }
        guard let value = members.value(name) else { return nil }
        if case .null = value { return nil }
        return value
    }

    private func isNot(_ wanted: String, _ place: String) -> JSONError {
        JSONError("\(place): expected \(wanted), found \(kind)")
    }

    private static func notAnInteger(_ spelling: String, _ place: String) -> JSONError {
        let shown = JSON.number(spelling).shown
        return switch NumberReading(spelling.utf8) {
        case .beyond64Bits: JSONError("\(place): \(shown) does not fit into 64 bits")
        default: JSONError("\(place): \(shown) is not an integer")
        }
    }
}
