// Creates the second argument of an SDK v1 handler: its request, and the way to its client.
import type { AuthInfo } from '../../auth/auth-info.ts'
import type { RequestId, RequestMessage, WireObject } from '../../protocol/message.ts'
import type { SdkCall } from '../sdk-call.ts'
import type { SdkMessageExtra, SdkV1Server } from '../shape.ts'
import { readRequestInfo } from '../web-request.ts'
import type { SharedTransport } from './shared-transport.ts'

/** The SDK's `RequestHandlerExtra`, without its experimental tasks. */
export interface SdkExtra extends Omit<SdkMessageExtra, 'authInfo'> {
  readonly signal: AbortSignal
  readonly sessionId: string | undefined
  readonly requestId: RequestId
  readonly _meta: WireObject | undefined
  readonly authInfo: AuthInfo | undefined
  sendNotification (notification: object): Promise<void>
  sendRequest (request: object, resultSchema: object, options?: object): Promise<unknown>
}

/** One request that a shared server is serving. */
export interface Serving { readonly server: SdkV1Server, readonly transport: SharedTransport, readonly call: SdkCall }

/** Creates the second argument of a handler. All members are own properties, because handlers copy it. */
export function createExtra ({ server, transport, call }: Serving, { id, params }: RequestMessage): SdkExtra {
  const { caller, channel } = call

  return {
    get signal () { return call.signal },
    sessionId: caller.sessionId,
    requestId: id,
    _meta: params._meta,
    authInfo: channel.auth,
    get requestInfo () { return readRequestInfo(channel) },
    async sendNotification (notification) {
      await transport.run(call, () => server.notification(notification, { relatedRequestId: id }))
    },
    async sendRequest (request, resultSchema, options) {
      const related = { ...options, relatedRequestId: id }
      return await transport.run(call, () => server.request(request, resultSchema, related))
    },
    closeSSEStream: () => channel.closeStream?.(),
    closeStandaloneSSEStream: () => caller.closeListening?.()
  }
}
