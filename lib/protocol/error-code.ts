// The error codes of JSON-RPC 2.0 and of the Model Context Protocol.

/**
 * Error codes on the wire.
 * @enum
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic#error-codes
 */
export const ErrorCode = Object.freeze({
  /** The body is not JSON. */
  ParseError: -32700,
  /** The body is JSON, but not a message of the protocol. */
  InvalidRequest: -32600,
  /** The method does not exist, or the server does not offer the feature it belongs to. */
  MethodNotFound: -32601,
  /** A parameter is missing, has the wrong type, or names something that does not exist. */
  InvalidParams: -32602,
  /** The server failed. */
  InternalError: -32603,
  /** Legacy revisions only: the HTTP request is refused, whatever its message. The number is the official SDK's. */
  HttpRequestRefused: -32000,
  /** Legacy revisions only: the session has ended or never existed. The number is the official SDK's. */
  SessionNotFound: -32001,
  /** Legacy revisions only: there is no such resource. */
  ResourceNotFound: -32002,
  /** 2026-07-28: a header contradicts the body, or a required one is missing. */
  HeaderMismatch: -32020,
  /** 2026-07-28: the request needs a capability that the client did not declare. */
  MissingRequiredClientCapability: -32021,
  /** 2026-07-28: the server does not speak the revision asked for. */
  UnsupportedProtocolVersion: -32022,
  /**
   * The caller's token lacks a scope. Codes that the protocol does not define lie outside of JSON-RPC's range
   * (MCP 2026-07-28 basic, Error Codes). This one is the number of the RFC that defines `insufficient_scope`.
   */
  InsufficientScope: 6750,
  /** The user must sign in again. The number is that of the RFC by which resources ask for another sign-in. */
  SignInRequired: 9470
})
