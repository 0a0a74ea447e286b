// Serves modern clients of SDK v2 servers with the SDK's own handler, even if another copy of the SDK created the
// server.
import type { NotificationMessage } from '../protocol/message.ts'
import type { Incoming } from '../server/call/incoming.ts'
import { FetchExchange } from './fetch/exchange.ts'
import { findSdkServer, type FetchHandler, type SdkServer } from './shape.ts'

const NOT_INSTALLED = "the factory returned a server of the SDK v2, but '@modelcontextprotocol/server' cannot be " +
  'loaded; install it beside this package, or mount createMcpHandler(factory) instead'

/** The part of the SDK v2 that is used here. The SDK's own types accept only servers of the same copy. */
interface SdkV2 {
  createMcpHandler (
    factory: () => SdkServer, options: { readonly legacy: 'reject', readonly keepAliveMs: number }
  ): FetchHandler
  readonly McpServer: { readonly prototype: object }
}

/** The members of a high-level server that the SDK's handler calls before a request. Scopes exist since SDK 2.3. */
interface HighLevelServer extends SdkServer {
  toolInputSchemaJson? (name: string): unknown
  resolveScopeChallenge? (context: object): unknown
}

/** Serves one request of a modern client. @throws RpcError, or whatever the server threw while it was connected */
export async function serveByV2 (server: SdkServer, incoming: Incoming): Promise<object> {
  return await new FetchExchange(await createHandler(server), incoming).serve(incoming.message)
}

/** Passes on one notification of a modern client. */
export async function notifyByV2 (server: SdkServer, incoming: Incoming<NotificationMessage>): Promise<void> {
  await new FetchExchange(await createHandler(server), incoming).send(incoming.message)
}

async function createHandler (server: SdkServer): Promise<FetchHandler> {
  const sdk = await loadV2()
  return sdk.createMcpHandler(() => adopt(server, sdk), { legacy: 'reject', keepAliveMs: 0 })
}

/**
 * Returns the server itself if the same copy of the SDK created it. The handler finds the low-level server and the
 * checks of headers and scopes only on instances of its own class, so a high-level server of another copy is wrapped in
 * such an instance. What the handler writes to the low-level server is the same in all copies.
 */
function adopt (server: HighLevelServer, { McpServer }: SdkV2): SdkServer {
  const lowLevel = findSdkServer(server)
  if (lowLevel === server || Object.prototype.isPrototypeOf.call(McpServer.prototype, server)) return server
  // The cast holds: the prototype makes the object an instance of the class, and it has all members that are used.
  return Object.assign(Object.create(McpServer.prototype), {
    server: lowLevel,
    connect: (transport: never) => server.connect(transport),
    close: () => server.close(),
    toolInputSchemaJson: (name: string) => server.toolInputSchemaJson?.(name),
    resolveScopeChallenge: (context: object) => server.resolveScopeChallenge?.(context)
  }) as SdkServer
}

async function loadV2 (): Promise<SdkV2> {
  try {
    return await import('@modelcontextprotocol/server') as object as SdkV2
  } catch (cause) {
    throw new Error(NOT_INSTALLED, { cause })
  }
}
