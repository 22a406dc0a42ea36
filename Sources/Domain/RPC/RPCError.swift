/// An RPC failure as LiveKit knows it: its codes, message and data.
public struct RPCError: Error, Sendable, Equatable {
    /// LiveKit's code (`Code`), or an application's own outside 1001…1999.
    public var code: UInt32
    /// At most 256 bytes on the wire.
    public var message: String
    /// At most 15,360 bytes on the wire.
    public var data: String?

    public init(code: UInt32, message: String, data: String? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    /// One of LiveKit's own codes with its usual message.
    public init(_ code: Code, data: String? = nil) {
        self.init(code: code.rawValue, message: code.message, data: data)
    }

    /// Whether it is the given one of LiveKit's own codes.
    public func isCode(_ code: Code) -> Bool { self.code == code.rawValue }
}

extension RPCError {
    /// LiveKit's own codes (livekit/rust-sdks, `rpc` module).
    public enum Code: UInt32, Sendable, CaseIterable {
        case unsupportedMethod = 1400
        case recipientNotFound = 1401
        case requestPayloadTooLarge = 1402
        case unsupportedServer = 1403
        case unsupportedVersion = 1404
        case applicationError = 1500
        case connectionTimeout = 1501
        case responseTimeout = 1502
        case recipientDisconnected = 1503
        case responsePayloadTooLarge = 1504
        case sendFailed = 1505

        /// The message that LiveKit's SDKs use for it.
        public var message: String {
            switch self {
            case .unsupportedMethod: "Method not supported at destination"
            case .recipientNotFound: "Recipient not found"
            case .requestPayloadTooLarge: "Request payload too large"
            case .unsupportedServer: "RPC not supported by server"
            case .unsupportedVersion: "Unsupported RPC version"
            case .applicationError: "Application error in method handler"
            case .connectionTimeout: "Connection timeout"
            case .responseTimeout: "Response timeout"
            case .recipientDisconnected: "Recipient disconnected"
            case .responsePayloadTooLarge: "Response payload too large"
            case .sendFailed: "Failed to send"
            }
        }
    }
}

/// LiveKit's limits for RPC, version 1, in bytes of UTF-8.
public enum RPCLimits {
    /// Of a call's payload, and of the answer to it.
    public static let payloadBytes = 15_360
    /// Of a method's name.
    public static let methodNameBytes = 64
    /// Of `RPCError.message`; the rest is cut off on the way out.
    public static let errorMessageBytes = 256
    /// Of `RPCError.data`; the rest is cut off on the way out.
    public static let errorDataBytes = 15_360
}
