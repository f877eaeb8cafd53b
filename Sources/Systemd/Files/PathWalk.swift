// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The way that the kernel takes along a path: each directory on it, each link, and what the path
/// leads to.
struct PathWalk {
    /// Where the walk is, without a link in it.
    private var place = "/"
    /// The latest step.
    private var latest = ""
    /// The last name first.
    private var rest: [Substring]
    private var links = 0
    private let path: String

    init(_ path: String) throws(SystemError) {
        self.path = path
        rest = path.split(separator: "/").reversed()
        if path.hasPrefix("/") { return }
        guard let current = getcwd(nil, 0) else {
            throw SystemError("find", path: path, errno: errno)
        }
        defer { free(current) }
        rest += String(rawCString: current).split(separator: "/").reversed()
    }

    /// The path of the next step; nil at the end. The step before is taken for a directory.
    mutating func next() -> String? {
        if !latest.isEmpty { place = latest }
        guard let name = rest.popLast() else { return nil }
        switch name {
        case ".": latest = place
        case "..": latest = File.directory(of: place)
        default: latest = place == "/" ? "/" + name : place + "/" + name
        }
        return latest
    }

    /// Goes where the link leads that is the latest step.
    mutating func follow() throws(SystemError) {
        links += 1
        guard links <= File.maximumLinks, let target = File.link(at: latest) else {
            throw SystemError("follow", path: path, errno: ELOOP)
        }
        latest = target.hasPrefix("/") ? "/" : place
        rest += target.split(separator: "/").reversed()
    }
}
