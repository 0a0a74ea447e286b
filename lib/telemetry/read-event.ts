// What subscribers read from events: whose they are, and what they are about.
import type { FastifyInstance } from 'fastify'
import type { MountIdentity, RequestEvent } from './events.ts'

/** Returns a function that recognises the events of one app. Those of all apps arrive on the same channels. */
export function ofApp ({ server }: Pick<FastifyInstance, 'server'>): (event: MountIdentity) => boolean {
  return ({ app }) => app.server === server
}

/** Returns a function that recognises the events of one mount. */
export function ofMount ({ mount, app }: MountIdentity): (event: MountIdentity) => boolean {
  const isOfApp = ofApp(app)
  return (event) => event.mount === mount && isOfApp(event)
}

/** Returns what a request names: a tool, a prompt or a URI, as the client wrote it; undefined if it names nothing. */
export function targetOf ({ tool, prompt, uri }: RequestEvent): string | undefined {
  return tool ?? prompt ?? uri
}
