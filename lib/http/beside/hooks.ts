// The user's Fastify hooks for the endpoint of one mount.
import type { FastifyInstance, onRequestHookHandler, RouteShorthandOptions } from 'fastify'
import { isObject, kind } from '../../options/checks.ts'

// Fastify runs preSerialization hooks for objects only, and the endpoint sends text or a stream.
const HOOK_NAMES = [
  'onRequest', 'preParsing', 'preValidation', 'preHandler', 'onSend', 'onResponse', 'onError', 'onTimeout',
  'onRequestAbort'
] as const

type HookName = typeof HOOK_NAMES[number]
type HookOf<Name extends HookName> = Exclude<NonNullable<RouteShorthandOptions[Name]>, readonly unknown[]>

/**
 * Fastify hooks that run only for requests to one endpoint. Each is a function or an array of functions.
 *
 * They run after the hooks of the app. If a request is a preflight, or if the checks of the mount refuse it, the hooks
 * that precede the handler are skipped; the hooks that follow the reply still run. `preSerialization` is not available,
 * because the endpoint sends text and streams.
 * @see https://fastify.dev/docs/latest/Reference/Hooks/
 * @example
 * app.register(mcpPlugin, {
 *   server,
 *   hooks: { onRequest: async (request, reply) => { reply.header('x-request-id', request.id) } }
 * })
 */
export type MountHooks = { readonly [Name in HookName]?: HookOf<Name> | ReadonlyArray<HookOf<Name>> }

/** Adds the hooks to the endpoint's scope. */
export function addMountHooks (scope: FastifyInstance, hooks: MountHooks): void {
  for (const name of HOOK_NAMES) {
    for (const hook of [hooks[name] ?? []].flat()) {
      // addHook has an overload for each name, but no overload for the union of the names.
      scope.addHook(name as 'onRequest', hook as onRequestHookHandler)
    }
  }
}

/** The `hooks` option. */
export const hooksOption = kind<MountHooks>(findHooksProblem)({})

function findHooksProblem (value: unknown): string | undefined {
  if (!isObject(value)) return 'must be an object, such as { preHandler: async (request) => {} }'
  const unknown = Object.keys(value).filter((name) => !HOOK_NAMES.some((known) => known === name))
  if (unknown.length > 0) {
    return `has '${unknown.join("', '")}', which does not run here; the hooks are ${HOOK_NAMES.join(', ')}`
  }
  const wrong = Object.entries(value).find(([, hooks]) => {
    return ![hooks ?? []].flat().every((hook) => typeof hook === 'function')
  })
  if (wrong !== undefined) return `has '${wrong[0]}', which must be a function or an array of functions`
}
