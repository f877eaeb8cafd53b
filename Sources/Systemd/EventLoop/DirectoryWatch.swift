// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Tells when a file is removed from a directory, or the directory itself is. New files are not
/// told of, so that other programs do not wake this one.
package final class DirectoryWatch {
    private let source: EventSource
    private unowned let loop: EventLoop
    private let handler: () -> Void

    /// Watches the directory in which `path` is.
    package init(
        of path: String,
        on loop: EventLoop,
        _ handler: @escaping () -> Void
    ) throws(SystemError) {
        let directory = File.directory(of: path)
        source = try EventSource("watch " + directory) { made in
            sd_event_add_inotify(
                loop.event,
                made,
                directory.rawCString,
                UInt32(IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF),
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
