// SPDX-License-Identifier: Apache-2.0

import FuzzTargets
import TestSupport

private let target: Target = {
    let name = environment("REPRIEVE_FUZZ") ?? ""
    guard let target = Target(rawValue: name) else {
        print("REPRIEVE_FUZZ=\(name) is none of", Target.allCases.map(\.rawValue))
        exitWithFailure()
    }
    return target
}()

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

/// What libFuzzer calls first: the target's own inputs go where it finds them.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _: UnsafeMutablePointer<Int32>?,
    _: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> Int32 {
    guard let folder = environment("REPRIEVE_SEEDS") else { return 0 }
    for (number, seed) in target.seeds.enumerated() {
        writeFile("\(folder)/\(number)", seed)
    }
    return 0
}
