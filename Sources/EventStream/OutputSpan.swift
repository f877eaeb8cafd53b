// SPDX-License-Identifier: Apache-2.0

#if compiler(<6.3)

    /// What arrays can do from Swift 6.3 on. Here they are appended to element by element.
    struct OutputSpan<Element>: ~Copyable {
        fileprivate(set) var elements: [Element]

        /// There is always room.
        var freeCapacity: Int { .max }

        mutating func append(_ element: Element) { elements.append(element) }

        mutating func append(repeating element: Element, count: Int) {
            elements.append(contentsOf: repeatElement(element, count: count))
        }
    }

    extension Array {
        init(capacity: Int, initializingWith write: (inout OutputSpan<Element>) -> Void) {
            self = []
            reserveCapacity(capacity)
            append(addingCapacity: capacity, initializingWith: write)
        }

        mutating func append(
            addingCapacity: Int,
            initializingWith write: (inout OutputSpan<Element>) -> Void
        ) {
            var output = OutputSpan(elements: self)
            // Otherwise two would hold the same elements, and the first change would copy them.
            self = []
            write(&output)
            self = output.elements
        }
    }

#endif
