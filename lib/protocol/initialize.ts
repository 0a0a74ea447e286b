// The parameters of `initialize`, which opens a legacy session.
import { isImplementation, readIdentity, type ClientIdentity } from './client-identity.ts'
import { isWireObject, type Params, type RequestMessage } from './message.ts'

/** Whether a method only opens a session, by which its client has not done anything yet. */
export function isHandshake (method: string): boolean {
  return method === 'initialize' || method === 'notifications/initialized'
}

/** What a client says of itself when it opens a session. */
export interface Opening {
  /** The revision the client asks for. */
  readonly requested: string
  readonly client: ClientIdentity
}

/** Reads the parameters of `initialize`, or tells what is wrong with them. */
export function parseInitialize (params: Params): Opening | { readonly problem: string } {
  const { protocolVersion, capabilities, clientInfo } = params
  if (typeof protocolVersion !== 'string') return { problem: "initialize needs 'protocolVersion', a string" }
  if (!isWireObject(capabilities)) return { problem: "initialize needs 'capabilities', an object" }
  if (!isImplementation(clientInfo)) return { problem: "initialize needs 'clientInfo', an object with a name and a version" }

  return { requested: protocolVersion, client: readIdentity(clientInfo, capabilities) }
}

/** The request as a server is given it, which may keep its parameters: with the client as it was read. */
export function reduceInitialize (message: RequestMessage, { info, capabilities }: ClientIdentity): RequestMessage {
  return { ...message, params: { ...message.params, clientInfo: info, capabilities } }
}
