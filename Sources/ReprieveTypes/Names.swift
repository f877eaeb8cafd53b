// SPDX-License-Identifier: Apache-2.0

package typealias ComponentName = String
package typealias DeploymentID = String
