// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Tells when something changes in a directory.
package final class DirectoryWatch {
    package enum Kind {
        /// A file is removed, or the directory is. New files are not told of, so that other
        /// programs do not wake this one.
        case removals
        /// A file is also made, written or put in the place of another, or its permissions change.
        case allChanges

        fileprivate var mask: Int32 {
            let removals = IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF
            switch self {
            case .removals: return removals
            case .allChanges:
                return removals | IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB
            }
        }
    }

    private let source: EventSource
    private unowned let loop: EventLoop
    private let handler: () -> Void

    /// Watches the directory in which `path` is.
    package convenience init(
        of path: String,
        on loop: EventLoop,
        _ handler: @escaping () -> Void
    ) throws(SystemError) {
        try self.init(directory: File.directory(of: path), .removals, on: loop, handler)
    }

    package init(
        directory: String,
        _ kind: Kind,
        on loop: EventLoop,
        _ handler: @escaping () -> Void
    ) throws(SystemError) {
        source = try EventSource("watch " + directory) { made in
            sd_event_add_inotify(
                loop.event,
                made,
                directory,
                UInt32(kind.mask),
                { _, _, userdata in
                    let watch = EventSource.owner(userdata, as: DirectoryWatch.self)
                    watch.loop.turn(watch.handler)
                    return 0
                },
                nil
            )
        }
        self.loop = loop
        self.handler = handler
        source.calls(self)
    }
}
