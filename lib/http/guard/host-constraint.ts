// The host of a mount's route constraints. Fastify compares one with the whole Host header, to the letter and with its port;
// this compares hosts.
import type { FastifyInstance, RouteShorthandOptions } from 'fastify'
import { parseAuthority, parseEntry, type Authority } from './authority.ts'

type Constraints = NonNullable<RouteShorthandOptions['constraints']>
type Strategy = Parameters<FastifyInstance['addConstraintStrategy']>[0]

// Fastify makes source code of it.
const NAME = 'mcpHost'

/** Completes route constraints: a host given as text, and not as a pattern, matches all spellings of it. */
export function resolveConstraints ({ host, ...others }: Constraints): Constraints {
  const [listed] = typeof host === 'string' ? listConstraintHosts(host) : []
  if (listed !== undefined) return { ...others, [NAME]: listed }
  return host === undefined ? others : { ...others, host }
}

/** The host that a constraint names, on any port where it names none; nothing for what is no host. */
export function listConstraintHosts (host: string): readonly string[] {
  const authority = parseEntry(host)
  return authority?.scheme === '' ? [`${authority.name}:${authority.port || '*'}`] : []
}

/** The host of completed constraints, as a client may name it; undefined where there is none, or a pattern. */
export function findConstraintHost (constraints: Constraints = {}): string | undefined {
  const { [NAME]: host }: Readonly<Record<string, unknown>> = { ...constraints }
  return typeof host === 'string' ? host.replace(/:\*$/, '') : undefined
}

/** Lets the routes of an app have such constraints. */
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
      // Most requests have the host of the request before.
      if (last?.host !== host) last = { host, authority: host === undefined ? undefined : parseAuthority(host) }
      return last?.authority
    }
  }
}

// Fastify looks up what it has set, a text, and what a request has, an Authority.
function createStorage (): ReturnType<Strategy['storage']> {
  const stored = new Map<unknown, unknown>()

  return {
    set (host: unknown, value: unknown) { stored.set(host, value) },
    get (host: unknown) { return typeof host === 'string' ? stored.get(host) : find(host as Authority) }
  } as ReturnType<Strategy['storage']>

  function find ({ name, port }: Authority): unknown {
    // Without a port it is one of the default ports, and nothing here tells which.
    const ports = port === '' ? ['443', '80', '*'] : [port, '*']
    return ports.map((one) => stored.get(`${name}:${one}`)).find((value) => value !== undefined)
  }
}
