// Sends requests of the app itself to a server that it mounts.
import { withoutRefusal } from './errors.ts'
import { HOST_APP } from './conversation/callers.ts'
import { createNoOpChannel } from './conversation/no-op-channel.ts'
import type { MountParts } from './http/parts.ts'
import { serveFor } from './conversation/serve.ts'
import { resultOf } from './server/call/result.ts'

/** Sends a request as the host app, which neither `scopes` nor `visible` restrict. @throws RpcError */
export async function callAsHost (
  parts: MountParts, method: string, params: { readonly [name: string]: unknown } = {}
): Promise<object> {
  // A copy: checking the arguments of a tool writes defaults into them.
  const message = { id: 0, method, params: structuredClone(params) }
  try {
    const { definition, identity, log, lifespan } = parts
    const channel = { ...createNoOpChannel(log, lifespan, { identity }), isTrusted: true }
    return await serveFor(definition, { message, caller: HOST_APP, channel }, resultOf)
  } catch (error) {
    // A handler of another mount may call this one and rethrow the error: it must not refuse that other request.
    throw withoutRefusal(error)
  }
}
