// The page that a person gets who opens an endpoint in a browser, in place of a refusal.
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Sends the page. @param status The status of the refusal. */
export type SendPage = (reply: FastifyReply, status: number) => void

const PAGE = Symbol('fastify-mcp-mount.page')

interface PageConfig { readonly [PAGE]?: SendPage }

/** Returns the `config` of routes whose refusals are a page for people. */
export function createPageConfig (send: SendPage): object {
  return { [PAGE]: send } satisfies PageConfig
}

// Of a request that no method, session or token makes valid. A refused Host or Origin gets no page.
const STATUSES: ReadonlySet<number> = new Set([400, 401, 405, 406])

/** Finds the function that sends the page; undefined if the reply is for a client of MCP. */
export function findPage (request: FastifyRequest, status: number): SendPage | undefined {
  const send = (request.routeOptions.config as PageConfig)[PAGE]
  return STATUSES.has(status) && isOfBrowser(request) ? send : undefined
}

// No client of MCP accepts HTML, and no browser sends the headers of MCP.
function isOfBrowser ({ method, headers }: FastifyRequest): boolean {
  const { accept = '' } = headers
  return method === 'GET' && accept.includes('text/html') && !accept.includes('text/event-stream') &&
    headers['mcp-session-id'] === undefined && headers['mcp-protocol-version'] === undefined
}
