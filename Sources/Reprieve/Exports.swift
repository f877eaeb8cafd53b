// SPDX-License-Identifier: Apache-2.0

// The types that all libraries share: outcome, basis, state.
@_exported public import ReprieveTypes
