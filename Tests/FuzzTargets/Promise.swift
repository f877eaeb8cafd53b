// SPDX-License-Identifier: Apache-2.0

/// Ends the program with a sentence where a promise is broken, in optimised builds, too, where a
/// precondition says nothing.
func promise(_ holds: Bool, _ otherwise: @autoclosure () -> String) {
    if !holds { fatalError(otherwise()) }
}
