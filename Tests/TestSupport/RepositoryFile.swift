// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The bytes of a file that the tests need; `path` is relative to the top of the repository.
package func repositoryFile(_ path: String, here: String = #filePath) -> [UInt8] {
    let top = here.split(separator: "/").dropLast(3).joined(separator: "/")
    return file("/" + top + "/" + path)
}

/// The bytes of the file at `path`, which must be there.
package func file(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { preconditionFailure("cannot open \(path)") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        if count == 0 { return bytes }
        bytes += buffer[..<count]
    }
}

/// What an environment variable holds.
package func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}

/// Makes a file of these bytes, in the place of one that was there.
package func writeFile(_ path: String, _ bytes: [UInt8]) {
    guard let file = fopen(path, "w") else { preconditionFailure("cannot write \(path)") }
    defer { fclose(file) }
    precondition(fwrite(bytes, 1, bytes.count, file) == bytes.count, "cannot write \(path)")
}
