import Foundation

/// How payloads are looked at on their way to a users' system, and what it
/// answers on its way to the caller.
extension RPCEnvelope {
    /// What the caller of `payload` gets without anybody being asked; nil: ask.
    public func refusal(of payload: String) -> String? {
        guard self == .json, !JSONText.isBlank(payload.utf8) else { return nil }
        do throws(JSONText.Problem) {
            _ = try JSONText(payload)
            return nil
        } catch {
            return Self.failed(
                error == .tooDeep ? "The payload is nested too deeply." : "The payload is not JSON.")
        }
    }

    /// What the caller gets of an HTTP answer, within `RPCLimits`.
    public func result(of answer: HandlerAnswer) -> Result<String, RPCError> {
        guard (200...299).contains(answer.status) else { return .failure(RPCError(answer)) }
        let body = answer.status == 204 ? [] : answer.body
        switch self {
        case .json: return .success(Self.enveloped(body)).withinLimits
        case .raw:
            guard let text = String(validating: body, as: UTF8.self) else { return .failure(RPCError(.backendNotText)) }
            return .success(text).withinLimits
        }
    }

    /// What the caller gets of an answer to a pending call, within
    /// `RPCLimits`. Throws `invalid` where the answer is none for this envelope:
    /// no JSON, or with `raw` no string.
    public func result(of answer: InvocationAnswer) throws(TurngateError) -> Result<String, RPCError> {
        switch answer {
        case .error(let error): return .failure(error.withinLimits)
        case .result(let text):
            switch self {
            case .json:
                do throws(JSONText.Problem) {
                    return .success(Self.enveloped(try JSONText(text))).withinLimits
                } catch {
                    throw .invalid([
                        FieldError(field: "result", message: "must be JSON, nested at most \(JSONText.depth) deep")
                    ])
                }
            case .raw:
                guard let string = try? JSONDecoder().decode(String.self, from: Data(text.utf8)) else {
                    throw .invalid([
                        FieldError(field: "result", message: "must be a string: the method's envelope is raw")
                    ])
                }
                return .success(string).withinLimits
            }
        }
    }

    private static func enveloped(_ body: [UInt8]) -> String {
        if JSONText.isBlank(body) { return #"{"success":true,"result":null}"# }
        do throws(JSONText.Problem) {
            return enveloped(try JSONText(body))
        } catch {
            return failed(
                error == .tooDeep
                    ? "The backend's answer is nested too deeply." : "The backend's answer is not JSON.")
        }
    }

    private static func enveloped(_ json: JSONText) -> String {
        json.hasBooleanSuccess ? json.compact : #"{"success":true,"result":\#(json.compact)}"#
    }

    /// `sentence` has nothing in it that JSON would escape.
    private static func failed(_ sentence: StaticString) -> String {
        #"{"success":false,"error":"\#(sentence)"}"#
    }
}

extension RPCError {
    /// What the caller gets of an HTTP answer that is no success: the RPC error
    /// that it holds, or its status.
    fileprivate init(_ answer: HandlerAnswer) {
        guard (try? JSONText(answer.body)) != nil,
            let refusal = try? JSONDecoder().decode(BackendRefusal.self, from: Data(answer.body)).error,
            let code = Self.code(ofAnswer: refusal.code)
        else {
            self.init(.backendStatus(answer.status))
            return
        }
        self = RPCError(code: code, message: refusal.message, data: refusal.data).withinLimits
    }
}

/// `{"error": {"code": …, "message": …, "data": …}}`, as a users' system
/// answers where it wants its caller to have an RPC error.
private struct BackendRefusal: Decodable {
    struct Content: Decodable {
        var code: Int64
        var message: String
        var data: String?
    }

    var error: Content
}
