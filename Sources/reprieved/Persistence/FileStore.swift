// SPDX-License-Identifier: Apache-2.0

import ReprieveBroker
import Systemd

/// The broker's two files: `journal` in the runtime directory, `state` in the state directory.
final class FileStore {
    private let journal: RecordFile
    private let state: RecordFile
    /// Why files cannot be written from the start. They may still be read.
    private(set) var failures: [(file: StoredFile, StorageFailure)] = []

    /// Fails if another process keeps its files in one of the directories, or another user could
    /// have put them there.
    init(_ configuration: Configuration, log: Log) throws(SystemError) {
        let runtime = RecordDirectory(configuration.runtimeDirectory, log: log)
        let runtimeError = try claim(runtime, "runtime-directory")
        let isShared = runtime.isSame(as: configuration.stateDirectory)
        let other = isShared ? runtime : RecordDirectory(configuration.stateDirectory, log: log)
        let stateError = isShared ? runtimeError : try claim(other, "state-directory")
        journal = RecordFile(StoredFile.journal.rawValue, in: runtime, isDurable: false, log: log)
        state = RecordFile(StoredFile.state.rawValue, in: other, isDurable: true, log: log)
        for case (let file, let error?) in [
            (StoredFile.journal, runtimeError), (.state, stateError),
        ] {
            failures.append((file, StorageFailure(error, self[file].path)))
        }
        for file in StoredFile.allCases {
            do throws(SystemError) { try self[file].ensureTrusted() } catch {
                // What cannot be looked at cannot be read either, which is reported then.
                if error.isDistrust { throw error }
            }
        }
    }

    /// What an earlier broker has left.
    func read() -> [StoredFile: FoundFile] {
        var found: [StoredFile: FoundFile] = [:]
        for file in StoredFile.allCases {
            found[file] = FoundFile(path: self[file].path, bytes: self[file].read())
        }
        return found
    }

    func append(_ record: [UInt8], to file: StoredFile) throws(StorageFailure) -> Bool {
        do throws(SystemError) { return try self[file].append(record) } catch {
            throw StorageFailure(error, self[file].path)
        }
    }

    func replace(
        _ file: StoredFile,
        with bytes: [UInt8],
        keepsOld: Bool
    ) throws(StorageFailure) {
        do throws(SystemError) {
            try self[file].replace(with: bytes, keepsOld: keepsOld)
        } catch {
            throw StorageFailure(error, self[file].path)
        }
    }

    private subscript(file: StoredFile) -> RecordFile {
        switch file {
        case .journal: journal
        case .state: state
        }
    }
}

/// Returns what is wrong with the directory, unless another process keeps its files there, or
/// another user may: then it is no place for this one.
private func claim(
    _ directory: RecordDirectory,
    _ option: String
) throws(SystemError) -> SystemError? {
    do throws(SystemError) {
        try directory.claim()
        return nil
    } catch {
        guard error.isHeld || error.isDistrust else { return error }
        throw error.adding((error.isHeld ? "stop it, or " : "or ") + "use another --" + option)
    }
}

extension StorageFailure {
    fileprivate init(_ error: SystemError, _ path: String) {
        self.init(code: error.errno, path: path, message: error.message)
    }
}
