// SPDX-License-Identifier: Apache-2.0

/// The version of both programs, and of the package.
package let productVersion = "1.0.0"
