// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Ends the program: something that was promised does not hold.
package func exitWithFailure() -> Never {
    exit(1)
}
