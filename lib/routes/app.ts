// Prepares an app for route tools: adds `request.mcp`, and gives all log lines of a call one request id.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { RequestContext } from '../server/call/request-context.ts'
import { collectRoutes } from './collector.ts'
import { InnerRequest } from './inner-request.ts'

/** Prepares the scope of a mount, and those below it, for the requests of route tools. */
export function prepareScope (scope: FastifyInstance): void {
  // From now on at the latest, for an app that was made before this package was loaded.
  collectRoutes(scope)
  if (!scope.hasRequestDecorator('mcp')) {
    scope.decorateRequest('mcp', { getter (this: FastifyRequest) { return findContext(this) } })
  }
  // Fastify's types leave out this getter, which its reference has.
  const { genReqId } = scope as unknown as { readonly genReqId: (raw: unknown) => string }
  scope.setGenReqId((raw) => idOf(raw) ?? genReqId(raw))
}

function findContext ({ raw }: FastifyRequest): RequestContext | undefined {
  return raw instanceof InnerRequest ? raw.ctx : undefined
}

// Fastify asks for the id of a request first of all, once the router has found its route.
function idOf (raw: unknown): string | undefined {
  if (!(raw instanceof InnerRequest)) return undefined
  raw.isRouted = true
  return raw.ctx.request?.id
}
