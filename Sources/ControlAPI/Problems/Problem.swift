import Domain
import HTTPServer

/// A problem as it is answered (RFC 9457). Routes throw it where no
/// `TurngateError` says what they mean.
struct Problem: Error, Sendable, Equatable {
    var type: ProblemType
    /// About this occurrence, for a person.
    var detail: String
    var errors: [FieldError] = []
    /// Members beside RFC 9457's, in their order: what stands in the way.
    var extra: [Extra] = []
    /// Header fields that go with it, for instance `Allow`.
    var headers: [Header] = []

    struct Extra: Sendable, Equatable {
        var name: String
        var value: Value

        enum Value: Sendable, Equatable {
            case text(String?)
            case number(Int64?)
            case texts([String])
        }
    }

    struct Header: Sendable, Equatable {
        var name: String
        var value: String
    }

    init(_ type: ProblemType, _ detail: String) {
        self.type = type
        self.detail = detail
        if type.status == 503 { headers.append(Header(name: "Retry-After", value: "1")) }
    }

    /// With a text, or null where there is none.
    func adding(_ name: String, _ text: String?) -> Problem { adding(name, value: .text(text)) }

    func adding(_ name: String, _ texts: [String]) -> Problem { adding(name, value: .texts(texts)) }

    /// With a number, or null where there is none.
    func adding(_ name: String, _ number: (some BinaryInteger)?) -> Problem {
        adding(name, value: .number(number.map { Int64(clamping: $0) }))
    }

    private func adding(_ name: String, value: Extra.Value) -> Problem {
        var problem = self
        problem.extra.append(Extra(name: name, value: value))
        return problem
    }

    /// With the field of the request that it is about.
    func naming(_ field: String, _ message: String) -> Problem {
        var problem = self
        problem.errors.append(FieldError(field: field, message: message))
        return problem
    }

    func header(_ name: String, _ value: String) -> Problem {
        var problem = self
        problem.headers.append(Header(name: name, value: value))
        return problem
    }

    /// The answer. `instance` is the path that was asked for.
    func response(instance: String, requestID: String) -> HTTPResponse {
        var fields: HTTPHeaders = ["Content-Type": "application/problem+json"]
        for header in headers { fields.add(header.name, header.value) }
        return HTTPResponse(
            status: type.status, headers: fields, body: .bytes(json(instance: instance, requestID: requestID)))
    }

    private func json(instance: String, requestID: String) -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("type", "/problems/\(type.slug)")
            writer.member("title", type.title)
            writer.member("status", type.status)
            writer.member("detail", detail)
            writer.member("instance", instance)
            writer.member("request_id", requestID)
            for member in extra {
                switch member.value {
                case .text(let text): writer.member(member.name, text)
                case .number(let number): writer.member(member.name, raw: number.map { String($0) } ?? "null")
                case .texts(let texts): writer.member(member.name, texts)
                }
            }
            if !errors.isEmpty { writeErrors(to: &writer) }
        }
    }

    private func writeErrors(to writer: inout JSONWriter) {
        writer.key("errors")
        writer.array { writer in
            for error in errors {
                writer.object { writer in
                    writer.member("field", error.field)
                    writer.member("message", error.message)
                }
            }
        }
    }
}
