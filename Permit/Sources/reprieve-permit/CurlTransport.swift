// SPDX-License-Identifier: Apache-2.0

internal import CCurl
internal import Permit

/// Sends requests by libcurl, each on a connection of its own. It blocks.
struct CurlTransport: HTTPTransport {
    /// The longest body of a response. A longer one is no server's of ours.
    static let longestBody = 64 * 1_024

    let certificateAuthority: String?
    let certificate: String?
    let key: String?
    let proxy: String?

    init(_ configuration: PermitConfiguration) {
        certificateAuthority = configuration.certificateAuthority
        certificate = configuration.certificate
        key = configuration.key
        proxy = configuration.proxy
    }

    var now: Duration { Clock.now }

    func send(_ request: HTTPRequest) -> HTTPReply {
        guard let curl = curl_easy_init() else { return .refused("libcurl does not start") }
        defer { curl_easy_cleanup(curl) }
        let body = ReceivedBody()
        var message = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        var headers: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(headers) }
        // "Expect" would wait for a response to the headers.
        for header in request.headers + ["Expect:", "User-Agent: reprieve-permit"] {
            headers = curl_slist_append(headers, header)
        }
        return message.withUnsafeMutableBufferPointer { message in
            request.body.withUnsafeBytes { bytes in
                _ = permit_set_pointer(curl, CURLOPT_ERRORBUFFER, message.baseAddress)
                _ = permit_set_number(curl, CURLOPT_POSTFIELDSIZE, bytes.count)
                let content = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                _ = permit_set_pointer(curl, CURLOPT_POSTFIELDS, content)
                _ = permit_set_list(curl, CURLOPT_HTTPHEADER, headers)
                if let fault = configure(curl, request, body) { return .refused(fault) }
                let code = curl_easy_perform(curl)
                if code == CURLE_OK { return .response(response(curl, body)) }
                if body.isTooLong { return .refused("a response without end") }
                let text = message.baseAddress.map { String(cString: $0) } ?? ""
                let reason = reason(of: code, request, text)
                if isOutOfReach(ofProxy: curl, code) { return .absent(reason) }
                return reply(to: code, request, reason)
            }
        }
    }

    /// Returns what is wrong with the settings.
    private func configure(
        _ curl: UnsafeMutableRawPointer,
        _ request: HTTPRequest,
        _ body: ReceivedBody
    ) -> String? {
        let milliseconds = max(1, Int(request.timeout / .milliseconds(1)))
        let numbers: [(CURLoption, Int)] = [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_FOLLOWLOCATION, 0),
            (CURLOPT_TIMEOUT_MS, milliseconds), (CURLOPT_CONNECTTIMEOUT_MS, milliseconds),
            (CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)),
            // Else the time-out is not kept where the resolver is silent: its thread is awaited.
            (CURLOPT_QUICK_EXIT, 1),
        ]
        let texts: [(CURLoption, String?)] = [
            (CURLOPT_URL, request.url), (CURLOPT_PROTOCOLS_STR, "http,https"),
            (CURLOPT_CAINFO, certificateAuthority), (CURLOPT_SSLCERT, certificate),
            (CURLOPT_SSLKEY, key), (CURLOPT_PROXY, proxy),
        ]
        var codes = numbers.map { permit_set_number(curl, $0, $1) }
        codes += texts.compactMap { option, text in text.map { permit_set_text(curl, option, $0) } }
        codes.append(
            permit_set_receiver(curl, receive, Unmanaged.passUnretained(body).toOpaque())
        )
        return codes.first { $0 != CURLE_OK }.map { String(cString: curl_easy_strerror($0)) }
    }

    private func response(_ curl: UnsafeMutableRawPointer, _ body: ReceivedBody) -> HTTPResponse {
        let type = permit_text(curl, CURLINFO_CONTENT_TYPE).map { String(cString: $0) } ?? ""
        return HTTPResponse(
            status: permit_number(curl, CURLINFO_RESPONSE_CODE),
            contentType: type.prefix { $0 != ";" && $0 != " " }.lowercased(),
            body: body.bytes
        )
    }

    /// Trouble that goes on has one text, and so one line in the log. With these two codes
    /// libcurl's own texts have milliseconds in them.
    private func reason(of code: CURLcode, _ request: HTTPRequest, _ text: String) -> String {
        let general = String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_OPERATION_TIMEDOUT, CURLE_COULDNT_CONNECT: return "\(request.url): \(general)"
        default: return text.isEmpty ? general : text
        }
    }

    /// The proxy answers, and says that it does not reach the server.
    private func isOutOfReach(ofProxy curl: UnsafeMutableRawPointer, _ code: CURLcode) -> Bool {
        if permit_number(curl, CURLINFO_HTTP_CONNECTCODE) >= 500 { return true }
        let replies = [
            CURLPX_REPLY_CONNECTION_REFUSED, CURLPX_REPLY_GENERAL_SERVER_FAILURE,
            CURLPX_REPLY_HOST_UNREACHABLE, CURLPX_REPLY_NETWORK_UNREACHABLE,
            CURLPX_REPLY_TTL_EXPIRED,
        ]
        return code == CURLE_PROXY
            && replies.contains { permit_number(curl, CURLINFO_PROXY_ERROR) == Int($0.rawValue) }
    }

    /// A server that refuses is not absent, and TLS may refuse at any time: a client's certificate
    /// only after the connection is made. So with TLS only what comes before it is absence.
    private func reply(to code: CURLcode, _ request: HTTPRequest, _ reason: String) -> HTTPReply {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
            CURLE_OPERATION_TIMEDOUT:
            .absent(reason)
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE:
            request.url.hasPrefix("http:") ? .absent(reason) : .refused(reason)
        default: .refused(reason)
        }
    }
}

private final class ReceivedBody {
    var bytes: [UInt8] = []
    var isTooLong = false
}

/// Less than all bytes taken ends the transfer.
private func receive(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let context else { return 0 }
    let body = Unmanaged<ReceivedBody>.fromOpaque(context).takeUnretainedValue()
    guard body.bytes.count + size * count <= CurlTransport.longestBody else {
        body.isTooLong = true
        return 0
    }
    body.bytes += UnsafeRawBufferPointer(start: bytes, count: size * count)
    return size * count
}
