// SPDX-License-Identifier: Apache-2.0

import Negotiation
import ReprieveBroker
import Systemd

// What does not work: it is logged once, and tried again.

extension ShutdownMonitor {
    static let shortestRetryPause = Duration.seconds(10)
    private static let longestRetryPause = Duration.seconds(3_600)

    var isRefused: Bool { delay.isRefused || block.isRefused }

    /// Asks for the locks that were refused.
    func retry() {
        delay.retry()
        block.retry()
    }

    /// Less and less often. Only a lock that is wanted is refused: a device on which no component
    /// is subscribed does not wake up for this.
    func retryAfterPause() {
        retryPause = min(retryPause * 2, Self.longestRetryPause)
        retry()
    }

    private func retryLater() { retrying.set(to: loop.now + retryPause) }

    func stopRetrying() {
        retrying.set(to: nil)
        retryPause = Self.shortestRetryPause
    }
}

extension ShutdownMonitor {
    private static let loss = "; shutdowns do not wait for components"

    func reportLoss(_ error: SystemError) {
        // A shutdown ends the bus, too, and nothing is lost by that.
        guard wanted.delays || wanted.block != nil else { return }
        let result = delay.isHeld ? "; the delay inhibitor is still held" : Self.loss
        complain(.noBus, error.message + result)
    }

    func reportDelay(_ error: BusError?) {
        guard let error else { return logind.delayLimit { [weak self] in self?.reportLimit($0) } }
        retryLater()
        complain(.noInhibitor, "logind refuses a delay inhibitor: \(error.message)" + Self.loss)
    }

    func reportBlock(_ error: BusError?) {
        guard let error else {
            complaints.remove(.noBlock)
            return
        }
        retryLater()
        let result = "; shutdowns are not refused"
        complain(.noBlock, "logind refuses a block inhibitor: \(error.message)" + result)
    }

    private func reportLimit(_ limit: Duration?) {
        guard let limit else { return }
        guard limit > .zero else {
            let setting = "InhibitDelayMaxSec= in /etc/systemd/logind.conf.d/zz-reprieve.conf"
            let text = "logind is configured not to wait for inhibitors; \(setting) changes that"
            return complain(.noDelay, text + Self.loss)
        }
        complaints.subtract([.noBus, .noInhibitor, .noDelay])
        guard !isWell else { return }
        isWell = true
        log.write(.info, "shutdowns wait for components, \(limit.wholeMilliseconds) ms at most")
    }

    private func complain(_ message: MessageID, _ text: String) {
        if message != .noBlock { isWell = false }
        guard complaints.insert(message).inserted else { return }
        log.write(.warning, text, message: message)
    }
}
