// SPDX-License-Identifier: Apache-2.0

import Negotiation
import ReprieveBroker
import Systemd

/// The two files in which the broker's promises outlive it: `journal` in the runtime directory,
/// for whoever goes on in this boot, and `state` in the state directory, for the next boot too.
final class Archive {
    private let journal: KeptFile
    private let state: KeptFile
    private let log: Log
    private let boot = Boot.id
    /// Why a directory can neither be made nor locked. Its file may still be read.
    private var troubles: (journal: SystemError?, state: SystemError?)

    /// Fails if another process keeps its files in one of the directories.
    init(_ configuration: Configuration, log: Log) throws(SystemError) {
        self.log = log
        let runtime = KeptDirectory(configuration.runtimeDirectory, log: log)
        troubles.journal = try claim(runtime, "runtime-directory")
        let isShared = runtime.isSame(as: configuration.stateDirectory)
        let state = isShared ? runtime : KeptDirectory(configuration.stateDirectory, log: log)
        troubles.state = try isShared ? troubles.journal : claim(state, "state-directory")
        journal = KeptFile("journal", in: runtime, isDurable: false, log: log)
        self.state = KeptFile("state", in: state, isDurable: true, log: log)
    }

    /// A broker that goes on where the last one ended.
    func broker(_ settings: BrokerSettings, at now: Duration) -> Broker {
        var settings = settings
        settings.boot = boot
        let (oldJournal, oldState) = (journal.read(), state.read())
        let past = Recollection(journal: oldJournal, state: oldState, boot: boot)
        report(past.journal, journal, troubles.journal)
        report(past.state, state, troubles.state)
        let broker = Broker(settings: settings, recalling: past, at: Instant(sinceBoot: now))
        if past.state.findings.isEmpty {
            state.goOn(behind: oldState.count, isOfThisBoot: past.state.isOfThisBoot)
        } else {
            rewrite(state, .state, of: broker, at: now)
        }
        let whole = broker.wholePage(of: .journal)
        if !whole.isEmpty || past.journal.isOfOtherVersion {
            journal.writeAnew(bootPage: broker.bootPage, at: now) { whole }
        } else if !oldJournal.isEmpty {
            journal.remove()
        }
        return broker
    }

    private func report(_ reading: FileReading, _ file: KeptFile, _ trouble: SystemError?) {
        if let trouble { file.report(trouble) }
        for finding in reading.findings { log.write(.warning, "\(file.path): \(finding)") }
        if reading.isOfOtherVersion { file.leaveAlone() }
    }

    /// Writes what the broker wants kept. To be called before anybody hears of it.
    func keep(_ broker: inout Broker, at now: Duration) {
        guard broker.hasPages else { return }
        let pages = broker.takePages()
        journal.write(pages.journal, bootPage: broker.bootPage, at: now) {
            broker.wholePage(of: .journal)
        }
        guard !pages.state.isEmpty else { return }
        state.write(pages.state, bootPage: broker.bootPage, at: now) {
            broker.wholePage(of: .state)
        }
    }

    /// Writes also what could wait, and tries once more what could not be written.
    func close(_ broker: inout Broker, at now: Duration) {
        keep(&broker, at: now)
        let late = broker.takeLatePage()
        retry(broker, at: max(now, journal.retryAt ?? now, state.retryAt ?? now))
        guard !late.isEmpty else { return }
        state.write(late, bootPage: broker.bootPage, at: now) { broker.wholePage(of: .state) }
    }

    /// When a file that could not be written is to be tried again; nil while all is well.
    var retryAt: Duration? {
        [journal.retryAt, state.retryAt].compactMap { $0 }.min()
    }

    func retry(_ broker: Broker, at now: Duration) {
        for (kept, file) in [(journal, RecordFile.journal), (state, .state)] {
            guard let retryAt = kept.retryAt, retryAt <= now else { continue }
            rewrite(kept, file, of: broker, at: now)
        }
    }

    private func rewrite(
        _ kept: KeptFile,
        _ file: RecordFile,
        of broker: Broker,
        at now: Duration
    ) {
        kept.writeAnew(bootPage: broker.bootPage, at: now) { broker.wholePage(of: file) }
    }
}

/// Returns what is wrong with the directory, unless it is somebody else's: then it is no place for
/// this process.
private func claim(
    _ directory: KeptDirectory,
    _ option: String
) throws(SystemError) -> SystemError? {
    do {
        try directory.claim()
        return nil
    } catch {
        guard error.isHeld else { return error }
        throw error.adding("stop it, or give this one another --" + option)
    }
}
