// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd

/// Makes a directory, and those above it that are not there.
func makeDirectory(_ path: String) throws(SystemError) {
    if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
    for end in path.indices.dropFirst() where path[end] == "/" {
        mkdir(String(path[..<end]), 0o755)
    }
    guard mkdir(path, 0o755) != 0, errno != EEXIST else { return }
    throw SystemError("make the directory", path: path, errno: errno)
}
