// The parameters of `initialize`, which opens a legacy session.
import { isImplementation, readIdentity, type ClientIdentity } from './client-identity.ts'
import { isWireObject, type Params, type RequestMessage } from './message.ts'
import { Method } from './methods.ts'

/** Whether a method belongs to the handshake. The handshake does not count as use of the session. */
export function isHandshake (method: string): boolean {
  return method === Method.Initialize || method === Method.Initialized
}

/** What a client says about itself when it opens a session. */
export interface Opening {
  /** The revision the client asks for. */
  readonly requested: string
  readonly client: ClientIdentity
}

/** Reads the parameters of `initialize`, or says what is wrong with them. */
export function parseInitialize (params: Params): Opening | { readonly problem: string } {
  const { protocolVersion, capabilities, clientInfo } = params
  if (typeof protocolVersion !== 'string') return { problem: "initialize needs 'protocolVersion', a string" }
  if (!isWireObject(capabilities)) return { problem: "initialize needs 'capabilities', an object" }
  if (!isImplementation(clientInfo)) {
    return { problem: "initialize needs 'clientInfo', an object with a name and a version" }
  }

  return { requested: protocolVersion, client: readIdentity(clientInfo, capabilities) }
}

/**
 * Replaces the client in an `initialize` request by its reduced identity, because a definition may keep the parameters.
 */
export function reduceInitialize (message: RequestMessage, { info, capabilities }: ClientIdentity): RequestMessage {
  return { ...message, params: { ...message.params, clientInfo: info, capabilities } }
}
