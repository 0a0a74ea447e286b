// The names of OpenTelemetry's conventions for MCP, and of what this package adds to them.
// See https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md

/** The attributes of spans and metrics. */
export const Attribute = Object.freeze({
  Method: 'mcp.method.name',
  Revision: 'mcp.protocol.version',
  Session: 'mcp.session.id',
  ResourceUri: 'mcp.resource.uri',
  Tool: 'gen_ai.tool.name',
  Prompt: 'gen_ai.prompt.name',
  Operation: 'gen_ai.operation.name',
  Arguments: 'gen_ai.tool.call.arguments',
  Result: 'gen_ai.tool.call.result',
  RequestId: 'jsonrpc.request.id',
  StatusCode: 'rpc.response.status_code',
  ErrorType: 'error.type',
  Transport: 'network.transport',
  ProtocolName: 'network.protocol.name',
  ProtocolVersion: 'network.protocol.version',
  ClientAddress: 'client.address',
  // The conventions have none of these.
  Mount: 'fastify_mcp_mount.mount',
  Outcome: 'fastify_mcp_mount.outcome',
  Reason: 'fastify_mcp_mount.reason'
})

/** The metrics. */
export const Metric = Object.freeze({
  OperationDuration: 'mcp.server.operation.duration',
  SessionDuration: 'mcp.server.session.duration',
  // The conventions have none of these.
  Sessions: 'fastify_mcp_mount.sessions',
  Exchanges: 'fastify_mcp_mount.exchanges',
  Streams: 'fastify_mcp_mount.streams',
  UnreadBytes: 'fastify_mcp_mount.unread_bytes',
  ClusterReachable: 'fastify_mcp_mount.cluster.reachable',
  Refusals: 'fastify_mcp_mount.refusals'
})

/** The buckets of both durations, in seconds. */
export const BUCKETS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]

/** The label of names that clients have made up. */
export const OTHER = '_other'
