// What a mount needs of a server definition, of whatever kind.
import type { FastifyInstance } from 'fastify'
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import type { ChangeEvent } from '../protocol/change.ts'
import type { ReceivedHeaders } from '../protocol/headers.ts'
import type { Params, RequestMessage } from '../protocol/message.ts'
import type { Caller, Channel } from './context.ts'
import type { Entered } from './server-options.ts'

/** What a mount serves. An `McpServer` is one. */
export interface ServerDefinition {
  /** Who the server is; absent where that is not known before there is a client. */
  readonly info?: Implementation
  /** @hidden Whether other processes open the states that this one seals for its clients; absent where it seals none. */
  readonly opensElsewhere?: boolean
  /** @hidden Listens to what changes in the definition while it is served; the function returned ends it. */
  onChange (listener: (event: ChangeEvent) => void): () => void
  /** @internal Tells what the author should know, at once and whenever there is more; the function returned ends it. */
  onWarning? (listener: (warning: string) => void): () => void
  /** @hidden Enters the lifespan for one mount. */
  enter (app: FastifyInstance): Promise<Entered<unknown>>
  /** @hidden Serves one request and comes to the JSON of its result. @throws RpcError and nothing else. */
  handle (message: RequestMessage, caller: Caller, channel: Channel): Promise<string>
  /** @internal Serves one request and comes to the JSON of its reply; absent where that is made of what `handle` comes to. */
  reply? (message: RequestMessage, caller: Caller, channel: Channel): Promise<string>
  /** @hidden Serves one request and comes to its result. @throws RpcError and nothing else. */
  serve (message: RequestMessage, caller: Caller, channel: Channel): Promise<object>
  /** @hidden Tells how the `Mcp-Param-*` headers of a request contradict its arguments. */
  findHeaderMismatch? (message: RequestMessage, headers: ReceivedHeaders): string | undefined
  /** @hidden Takes a notification of a legacy client, other than a cancellation. */
  notified? (method: string, params: Params, caller: Caller, channel: Channel): void
  /** @hidden Lets go of what it keeps for a session, which has ended. @param session The caller that it was. */
  ended? (session: object): void | Promise<void>
}
