// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Tells when the content or the permissions of a file may have changed. Neither the file nor its
/// directory has to exist. Of a symbolic link, the file that it leads to is watched as well.
///
/// It has an inotify descriptor of its own. In that of sd-event, a directory that another source
/// watches, too, keeps what this one watched for: libsystemd 252 then goes round for ever at an
/// event that no source waits for.
package final class FileWatch {
    private static let mask =
        IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE | IN_MOVED_FROM
        | IN_DELETE_SELF | IN_MOVE_SELF

    private let path: String
    private let inotify: Descriptor
    private let source: EventSource
    private unowned let loop: EventLoop
    private let handler: () -> Void
    private var watches: [Int32] = []

    package init(
        of path: String,
        on loop: EventLoop,
        _ handler: @escaping () -> Void
    ) throws(SystemError) {
        self.path = path
        self.loop = loop
        self.handler = handler
        let flags = Int32(IN_CLOEXEC | IN_NONBLOCK)
        let number = try check(inotify_init1(flags), "watch", path: path)
        inotify = Descriptor(owning: number)
        source = try EventSource("watch " + path) { made in
            sd_event_add_io(
                loop.event,
                made,
                number,
                EPOLLIN.rawValue,
                { _, _, _, userdata in
                    let watch = EventSource.owner(userdata, as: FileWatch.self)
                    watch.loop.turn(watch.change)
                    return 0
                },
                nil
            )
        }
        source.calls(self)
        try watch()
    }

    /// Each time anew: a directory may have come, gone, or been replaced by another one.
    private func watch() throws(SystemError) {
        for watch in watches { inotify_rm_watch(inotify.number, watch) }
        watches = []
        let directories = [path, try File.target(of: path)].map(Self.nearestDirectory)
        for directory in Set(directories) {
            let mask = UInt32(Self.mask)
            let watch = inotify_add_watch(inotify.number, directory.rawCString, mask)
            watches.append(try check(watch, "watch", path: directory))
        }
    }

    private func change() {
        // Where it fails, the next change is missed, and this one is not.
        do throws(SystemError) { try watch() } catch {}
        // All that is there now is one change, also what the removed watches leave.
        var events = [UInt8](repeating: 0, count: 4_096)
        while read(inotify.number, &events, events.count) > 0 {}
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
