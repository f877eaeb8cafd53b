// SPDX-License-Identifier: Apache-2.0

// Outcome, basis, participant state and the defaults, which all parts share.
@_exported public import ReprieveTypes
