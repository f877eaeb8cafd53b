// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveProtocol
internal import StrictJSON
internal import Synchronization
internal import Systemd

/// Standard output or standard error.
final class OutputStream: Sendable {
    /// The result of the program. A write waits for the reader; `check` tells of a failure.
    static let standard = OutputStream(1, diagnostic: nil)
    /// What happens meanwhile, on standard output: it does not wait long for its reader.
    static let events = OutputStream(1, patience: 1_000)
    /// Messages about the work, which never keep the work from being done.
    static let error = OutputStream(2, patience: 100)

    let descriptor: Int32
    private let diagnostic: DiagnosticOutput?
    private let failure = Mutex<SystemError?>(nil)

    private init(_ descriptor: Int32, diagnostic: DiagnosticOutput?) {
        self.descriptor = descriptor
        self.diagnostic = diagnostic
    }

    private convenience init(_ descriptor: Int32, patience: Int32) {
        let output = DiagnosticOutput(descriptor, program: "reprieve", patience: patience)
        self.init(descriptor, diagnostic: output)
    }

    var isTerminal: Bool { isatty(descriptor) == 1 }

    func write(_ bytes: [UInt8]) {
        if let diagnostic { return diagnostic.write(bytes) }
        failure.withLock { failure in
            do throws(SystemError) {
                if failure == nil { try ResultOutput(descriptor).write(bytes) }
            } catch { failure = error }
        }
    }

    /// Throws a `Failure` if a result was not written as a whole.
    func check() throws {
        guard let error = failure.withLock({ $0 }) else { return }
        throw Failure(.fileError, error.message)
    }

    func write(_ text: String) {
        write(Array(text.utf8))
    }

    func line(_ text: String) {
        write(text + "\n")
    }

    /// Writes a document on a line of its own.
    func line(_ json: JSON) {
        line(jsonText(json.encoded()))
    }

    func line(_ shape: some Shape) {
        line(jsonText(shape.encoded()))
    }
}
