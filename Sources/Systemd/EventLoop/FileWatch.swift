// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Tells when the content or the permissions of a file may have changed. Neither the file nor its
/// directory has to exist. Of a symbolic link, the file that it leads to is watched as well.
package final class FileWatch {
    private let path: String
    private let loop: EventLoop
    private let handler: () -> Void
    private var watches: [DirectoryWatch] = []

    package init(
        of path: String,
        on loop: EventLoop,
        _ handler: @escaping () -> Void
    ) throws(SystemError) {
        self.path = path
        self.loop = loop
        self.handler = handler
        try watch()
    }

    /// Each time anew: a directory may have come, gone, or been replaced by another one.
    private func watch() throws(SystemError) {
        watches = []
        let directories = [path, try File.target(of: path)].map(Self.nearestDirectory)
        for directory in Set(directories) {
            let watch = try DirectoryWatch(directory: directory, .allChanges, on: loop) {
                [unowned self] in change()
            }
            watches.append(watch)
        }
    }

    private func change() {
        // Where it fails, the next change is missed, and this one is not.
        do throws(SystemError) { try watch() } catch {}
        handler()
    }

    /// The directory of a file, or the nearest one above it that exists.
    private static func nearestDirectory(of path: String) -> String {
        var directory = File.directory(of: path)
        while access(directory.rawCString, F_OK) != 0, directory != "/", directory != "." {
            directory = File.directory(of: directory)
        }
        return directory
    }
}
