// Which mount a test client is for, and the URL that it is given.
import type { FastifyInstance } from 'fastify'
import { MCP_ERR_INVALID_OPTION, MCP_ERR_UNKNOWN_MOUNT } from '../errors.ts'
import { findConstraintHost } from '../http/host-constraint.ts'
import type { Mount } from '../mount.ts'
import type { ResolvedOptions } from '../options.ts'
import { findMounted, findRegistry } from '../registry.ts'
import type { TestClientOptions } from './client-options.ts'

/**
 * Finds the mount of a name, or the only one.
 * @throws MCP_ERR_UNKNOWN_MOUNT, MCP_ERR_INVALID_OPTION
 */
export function findMount (app: FastifyInstance, name: string | undefined): Mount {
  const registry = findRegistry(app)
  if (registry === undefined) throw new MCP_ERR_UNKNOWN_MOUNT(name ?? 'any name', 'none')
  if (name !== undefined) return registry.get(name)

  const [only, ...others] = registry
  if (only === undefined || others.length > 0) {
    throw new MCP_ERR_INVALID_OPTION('name', `has to say which mount is meant, of ${[...registry].map((mount) => `'${mount.name}'`).join(', ')}`)
  }
  return only
}

/**
 * The URL of a mount's endpoint, by a host that its guard and its constraints let pass.
 * @throws MCP_ERR_INVALID_OPTION where the path has a parameter that is not given.
 */
export function resolveEndpoint (mount: Mount, { host, params = {} }: TestClientOptions): URL {
  const { options } = findMounted(mount).parts
  const scheme = options.publicUrl?.protocol ?? 'http:'
  return new URL(`${scheme}//${host ?? servedHost(options)}${fillPath(mount, params)}`)
}

function servedHost ({ constraints, publicUrl, allowedHosts: [allowed = 'localhost'] }: ResolvedOptions): string {
  const constrained = findConstraintHost(constraints)
  if (constrained !== undefined) return constrained
  return publicUrl?.host ?? allowed.replace(/:\*$/, '')
}

// As Fastify writes them: ':name', ':name(pattern)' and ':name?'.
const PARAMETER = /:(\w+)(?:\((?:[^()]|\([^()]*\))*\))?\??/g

function fillPath ({ path, name: mount }: Mount, params: Readonly<Record<string, string>>): string {
  return path.replace(PARAMETER, (_written, name: string) => {
    const value = params[name]
    if (value === undefined) throw new MCP_ERR_INVALID_OPTION('params', `must have '${name}', a parameter of '${path}', the path of the mount '${mount}'`)
    return encodeURIComponent(value)
  })
}
