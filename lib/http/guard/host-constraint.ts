// Matches the `host` of a mount's route constraints. Fastify compares its text with the whole Host header; this
// constraint strategy compares hosts and ports.
import type { FastifyInstance, RouteShorthandOptions } from 'fastify'
import { parseAuthority, parseEntry, type Authority } from './authority.ts'

type Constraints = NonNullable<RouteShorthandOptions['constraints']>
type Strategy = Parameters<FastifyInstance['addConstraintStrategy']>[0]

// A valid identifier, because Fastify compiles the name into source code.
const NAME = 'mcpHost'

/** Completes route constraints: a `host` that is a string, and not a pattern, matches all spellings of the host. */
export function resolveConstraints ({ host, ...others }: Constraints): Constraints {
  const [listed] = typeof host === 'string' ? listConstraintHosts(host) : []
  if (listed !== undefined) return { ...others, [NAME]: listed }
  return host === undefined ? others : { ...others, host }
}

/**
 * Lists the host of a constraint as an entry of `allowedHosts`, with any port if the constraint has none. Returns an
 * empty list if the text is not a host.
 */
export function listConstraintHosts (host: string): readonly string[] {
  const authority = parseEntry(host)
  return authority?.scheme === '' ? [`${authority.name}:${authority.port || '*'}`] : []
}

/** Returns the host of completed constraints, as clients write it. Undefined if there is none or it is a pattern. */
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

// Fastify calls `get` with the text of a constraint, and with the Authority of a request.
function createStorage (): ReturnType<Strategy['storage']> {
  const stored = new Map<unknown, unknown>()

  return {
    set (host: unknown, value: unknown) { stored.set(host, value) },
    get (host: unknown) { return typeof host === 'string' ? stored.get(host) : find(host as Authority) }
  } as ReturnType<Strategy['storage']>

  function find ({ name, port }: Authority): unknown {
    // Without a port, the host has one of the default ports; which one is unknown, because there is no scheme here.
    const ports = port === '' ? ['443', '80', '*'] : [port, '*']
    return ports.map((one) => stored.get(`${name}:${one}`)).find((value) => value !== undefined)
  }
}
