// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The paths of all files below a folder of the repository, relative to its top, sorted. What
/// builds and tools leave there is not of it.
package func repositoryFiles(in folder: String, here: String = #filePath) -> [String] {
    let top = "/" + here.split(separator: "/").dropLast(3).joined(separator: "/")
    return files(in: folder, top: top).sorted()
}

private func files(in folder: String, top: String) -> [String] {
    guard let directory = opendir(top + "/" + folder) else { return [] }
    defer { closedir(directory) }
    var paths: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        guard !name.hasPrefix("."), name != "__pycache__" else { continue }
        let path = folder + "/" + name
        let isDirectory = entry.pointee.d_type == UInt8(DT_DIR)
        paths += isDirectory ? files(in: path, top: top) : [path]
    }
    return paths
}
