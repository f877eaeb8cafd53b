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

    init(_ configuration: Configuration, log: Log) {
        self.log = log
        journal = KeptFile(configuration.runtimeDirectory + "/journal", isDurable: false, log: log)
        state = KeptFile(configuration.stateDirectory + "/state", isDurable: true, log: log)
        do { try makeDirectory(configuration.stateDirectory) } catch {
            log.write(.warning, error.message)
        }
    }

    /// A broker that goes on where the last one ended.
    func broker(_ settings: BrokerSettings, at now: Duration) -> Broker {
        var settings = settings
        settings.boot = boot
        let (oldJournal, oldState) = (journal.read(), state.read())
        let past = Recollection(journal: oldJournal, state: oldState, boot: boot)
        report(past.journal, journal)
        report(past.state, state)
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

    private func report(_ reading: FileReading, _ file: KeptFile) {
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

    /// Writes also what could wait.
    func close(_ broker: inout Broker, at now: Duration) {
        keep(&broker, at: now)
        let late = broker.takeLatePage()
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
