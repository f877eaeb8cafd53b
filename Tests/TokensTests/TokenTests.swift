// SPDX-License-Identifier: Apache-2.0

import Testing
import Tokens

@Suite("SHA-256") struct SHA256Tests {
    @Test(
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ]
    )
    func `gives the digests of FIPS 180-4`(message: String, digest: String) {
        #expect(SHA256(of: Array(message.utf8)).hexadecimal == digest)
    }

    @Test func `of a million letters is that of FIPS 180-4`() {
        let message = Array(repeating: UInt8(ascii: "a"), count: 1_000_000)
        let digest = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(SHA256(of: message).hexadecimal == digest)
    }

    /// Around the ends of a block, where the padding changes: digests of coreutils.
    @Test(
        arguments: [
            (55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
            (56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
            (64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
            (119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"),
        ]
    )
    func `pads messages of any length`(length: Int, digest: String) {
        let message = Array(repeating: UInt8(ascii: "a"), count: length)
        #expect(SHA256(of: message).hexadecimal == digest)
    }

    @Test func `is read back from its digits, and from nothing else`() {
        let digest = SHA256(of: [1, 2, 3])
        #expect(SHA256(hexadecimal: digest.hexadecimal) == digest)
        #expect(SHA256(hexadecimal: digest.hexadecimal.dropLast()) == nil)
        #expect(SHA256(hexadecimal: digest.hexadecimal.uppercased()) == nil)
        #expect(SHA256(hexadecimal: String(repeating: "+", count: 64)) == nil)
        #expect(SHA256(of: [1, 2, 4]) != digest)
    }
}

@Suite("A token") struct TokenTests {
    private let token = Token(random: Array(0..<26))

    @Test func `is made of random bytes, five bits each`() {
        #expect(token.text == "0123456789abcdefghjkmnpqrs")
        #expect(Token(random: Array(32..<58)) == token)
    }

    @Test func `is known by its form`() {
        #expect(Token(token.text) == token)
        for text in ["", "com.example.Camera", token.text + "0", token.text.uppercased()] {
            #expect(Token(text) == nil)
        }
    }
}

@Suite("The list of tokens") struct TokenListTests {
    private let first = Token(random: Array(0..<26))
    private let second = Token(random: Array(1..<27))
    private var list = TokenList()

    @Test mutating func `knows whose a token is`() {
        list.issue(first, to: "com.example.Camera")
        #expect(list.component(of: first.digest) == "com.example.Camera")
        #expect(list.component(of: second.digest) == nil)
    }

    @Test mutating func `revokes all tokens of a component`() {
        list.issue(first, to: "a")
        list.issue(second, to: "a")
        list.issue(second, to: "b")
        list.revoke(list.entries(of: "a"))
        #expect(list.component(of: first.digest) == nil)
        #expect(list.component(of: second.digest) == "b")
        #expect(list.entries(of: "a").isEmpty)
    }

    @Test mutating func `revokes one of several tokens, known by the first digits of its digest`() {
        list.issue(first, to: "a")
        list.issue(second, to: "a")
        let digits = list.entries[0].digits
        let found = list.entries(of: "a", beginning: digits)
        #expect(found.map(\.digest) == [first.digest])
        #expect(list.entries(of: "b", beginning: digits).isEmpty)
        list.revoke(found)
        #expect(list.entries.map(\.digest) == [second.digest])
    }

    @Test mutating func `has another digest after each change`() {
        let empty = list.digest
        list.issue(first, to: "a")
        #expect(list.digest != empty)
        list.revoke(list.entries)
        #expect(list.digest == empty)
    }

    @Test mutating func `is written without the tokens and read back`() throws {
        list.issue(first, to: "com.example.Camera")
        list.issue(second, to: "camera/left")
        let text = list.encoded()
        #expect(!text.contains(first.text))
        #expect(try TokenList(decoding: text) == list)
    }

    @Test(
        arguments: [
            "com.example.Camera", "com.example.Camera 12", "a b c", "\u{1B}[2J x",
            "/ " + String(repeating: "0", count: 64),
        ]
    )
    func `says which line is wrong`(line: String) {
        #expect {
            try TokenList(decoding: "# comment\n\n" + line + "\n")
        } throws: {
            ($0 as? TokenListError)?.line == 3
        }
    }
}
