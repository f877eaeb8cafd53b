// SPDX-License-Identifier: Apache-2.0

// The words that all parts share: outcome, basis, state.
@_exported public import ReprieveTypes
