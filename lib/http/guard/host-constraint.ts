// The host of a mount's route constraints. Fastify compares the text of a constraint with the whole Host header; this
// constraint strategy compares hosts and ports.
import type { FastifyInstance, RouteShorthandOptions } from 'fastify'
import { parseAuthority, parseEntry, type Authority } from './authority.ts'

type Constraints = NonNullable<RouteShorthandOptions['constraints']>
type Strategy = Parameters<FastifyInstance['addConstraintStrategy']>[0]

// A valid identifier, because Fastify compiles the name into source code.
const NAME = 'mcpHost'

/** Completes route constraints: a host that is a string, not a pattern, matches all spellings of the host. */
export function resolveConstraints ({ host, ...others }: Constraints): Constraints {
  const [listed] = typeof host === 'string' ? listConstraintHosts(host) : []
  if (listed !== undefined) return { ...others, [NAME]: listed }
  return host === undefined ? others : { ...others, host }
}

/** Lists the host that a constraint names, on any port if it names none; nothing if the text is not a host. */
export function listConstraintHosts (host: string): readonly string[] {
  const authority = parseEntry(host)
  return authority?.scheme === '' ? [`${authority.name}:${authority.port || '*'}`] : []
}

/** Returns the host of completed constraints, as a client may name it; undefined if there is none, or a pattern. */
export function findConstraintHost (constraints: Constraints = {}): string | undefined {
  const { [NAME]: host }: Readonly<Record<string, unknown>> = { ...constraints }
  return typeof host === 'string' ? host.replace(/:\*$/, '') : undefined
}

/** Adds the constraint strategy to an app that does not have it. */
export function addHostStrategy (app: FastifyInstance): void {
  if (!app.hasConstraintStrategy(NAME)) app.addConstraintStrategy(createStrategy())
}

function createStrategy (): Strategy {
  let last: { readonly host: string | undefined, readonly authority: Authority | undefined } | undefined

  return {
    name: NAME,
    storage: createStorage,
    deriveConstraint ({ headers }) {
      const { host = headers[':authority']?.toString() } = headers
      // Most requests have the same host as the request before.
      if (last?.host !== host) last = { host, authority: host === undefined ? undefined : parseAuthority(host) }
      return last?.authority
    }
  }
}

// Fastify looks up both the text of a constraint and the Authority of a request.
function createStorage (): ReturnType<Strategy['storage']> {
  const stored = new Map<unknown, unknown>()

  return {
    set (host: unknown, value: unknown) { stored.set(host, value) },
    get (host: unknown) { return typeof host === 'string' ? stored.get(host) : find(host as Authority) }
  } as ReturnType<Strategy['storage']>

  function find ({ name, port }: Authority): unknown {
    // Without a port it is one of the default ports, but the scheme is unknown here.
    const ports = port === '' ? ['443', '80', '*'] : [port, '*']
    return ports.map((one) => stored.get(`${name}:${one}`)).find((value) => value !== undefined)
  }
}
