// SPDX-License-Identifier: Apache-2.0

import Systemd
import Testing

@Suite("An entry of the journal") struct JournalTests {
    @Test func `has a line for each field, whatever stands in it`() {
        var entry = Journal.Entry()
        entry.add("MESSAGE", "update \"d\nMESSAGE_ID=7\" é")
        entry.add("DEPLOYMENT_ID", "d\r\nPRIORITY=0\n")
        let lines = "MESSAGE=update \"d MESSAGE_ID=7\" é\nDEPLOYMENT_ID=d  PRIORITY=0 \n"
        #expect(entry.bytes == Array(lines.utf8))
    }
}
