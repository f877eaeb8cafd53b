// SPDX-License-Identifier: Apache-2.0

private let progress = #"{"deploymentId":"d","state":"waiting","ageMs":1,"deadlineInMs":1,"#

/// A text for each reader, which it takes in whole.
let textSeeds: [(TextReader, StretchedText)] = [
    (.json, StretchedText("[", #"{"a":1,"b":[2.5e3,"\u0001é"]},"#, "0]")),
    (.json, StretchedText("{", #""a":1,"#, #""b":2}"#)),
    (.json, StretchedText("[1e", "9", "]")),
    (.json, StretchedText("[", "[1e18,1e18,1e18],", "0]")),
    (.equalJSON, StretchedText("[", #"{"b":{"d":1,"c":2},"a":[]},"#, "0]")),
    (.frames, StretchedText("", "\0\0\0\u{10}\0\0\0\0xxxxxxxx", "")),
    (.damagedFrames, StretchedText("", "\0\0\0\u{14}\0\0\0\0xxxxpaylxxxx", "x")),
    (.nestedFrames, StretchedText("", "x", "")),
    (.answer, StretchedText(#"{"deploymentId":"d","recheckAfterMs":1,"message":""#, "é", #""}"#)),
    (.gate, StretchedText(#"{"deploymentId":"d","components":["#, #""a","#, #""b"]}"#)),
    (.componentEvent, StretchedText(#"{"postUpdateEvent":{"deploymentId":""#, "d", #""}}"#)),
    (.gateEvent, StretchedText(#"{"progress":\#(progress)"blockedBy":["#, #""a","#, #""b"]}}"#)),
    (
        .status,
        StretchedText(
            #"{"status":{"updates":[],"components":["#,
            #"{"component":"a","connections":1,"pids":[1]},"#,
            #"{"component":"b","connections":1,"pids":[2]}]}}"#
        )
    ),
    (.history, StretchedText(#"{"decisions":["#, #"{"deploymentId":"d"},"#, "{}]}")),
    (.failure, StretchedText(#"{"_message":""#, "x", #""}"#)),
    (
        .tokens,
        StretchedText("", "com.example.A " + String(repeating: "0a", count: 32) + "\n", "# end")
    ),
    (.words, StretchedText("com.example.", "e\u{301}\u{202E}", "")),
    (.words, StretchedText("", "9", "ms")),
    (
        .deployment,
        StretchedText(
            #"{"componentUpdatePolicy":{"timeout":1.5},"Packages":["#,
            #"{"Name":"A","ResolvedVersion":"1.0.0"},"#,
            #"{"Name":"B","ResolvedVersion":"1.0.0","RootComponent":true}]}"#
        )
    ),
    (
        .deployment,
        StretchedText(
            #"{"components":{"A":{"version":"1.0.0","configurationUpdate":{"reset":["#,
            #""/mqtt","#,
            #""/b"],"merge":"{}"}}}}"#
        )
    ),
    (.installed, StretchedText("", "Component Name: A\n    Version: null\n", "")),
    (.installed, StretchedText("[", #"{"name":"A"},"#, #"{"name":"A","version":"1.0.0"}]"#)),
    (
        .catalogue,
        StretchedText(
            #"{"A":{"1.0.0":{"dependencies":{"B":{"range":"~1 || ^3"}}}},"B":{"1.0.0":{"x":["#,
            "1,",
            "2]}}}"
        )
    ),
    (
        .recipe,
        StretchedText(
            #"{"ComponentName":"A","ComponentVersion":"1.0.0","Manifests":["#,
            #"{"Lifecycle":{"install":"x"}},"#,
            #"{"Lifecycle":{"bootstrap":"x"}}]}"#
        )
    ),
    (.range, StretchedText("", ">=1.0.0 ", "<2.0.0 || ~1")),
]

extension TextReader {
    /// The byte of a fuzzer's input that is this reader.
    var encoded: UInt8 { UInt8(Self.allCases.firstIndex(of: self) ?? 0) }
}
