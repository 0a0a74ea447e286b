// Finds the mount for a test client, and the URL of its endpoint.
import type { FastifyInstance } from 'fastify'
import { MCP_ERR_INVALID_OPTION, MCP_ERR_UNKNOWN_MOUNT } from '../errors.ts'
import { findConstraintHost } from '../http/guard/host-constraint.ts'
import type { Mount } from '../mount.ts'
import type { ResolvedOptions } from '../http/resolve-options.ts'
import { findMounted, findRegistry } from '../registry.ts'
import type { ResolvedClientOptions } from './client-options.ts'

/**
 * Returns the mount with a name, or the only mount.
 * @throws MCP_ERR_UNKNOWN_MOUNT, MCP_ERR_INVALID_OPTION
 */
export function findMount (app: FastifyInstance, name: string | undefined): Mount {
  const registry = findRegistry(app)
  if (registry === undefined) throw new MCP_ERR_UNKNOWN_MOUNT(name ?? 'any name', 'none')
  if (name !== undefined) return registry.get(name)

  const [only, ...others] = registry
  if (only === undefined || others.length > 0) {
    const names = [...registry].map((mount) => `'${mount.name}'`)
    throw new MCP_ERR_INVALID_OPTION('name', `must name one of the mounts: ${names.join(', ')}`)
  }
  return only
}

/**
 * Returns the URL of a mount's endpoint, with a host that its guard and its constraints accept.
 * @throws MCP_ERR_INVALID_OPTION if a parameter of the path is missing in `params`.
 */
export function resolveEndpoint (mount: Mount, { host, params }: ResolvedClientOptions): URL {
  const { options } = findMounted(mount).parts
  const scheme = options.publicUrl?.protocol ?? 'http:'
  return new URL(`${scheme}//${host ?? servedHost(options)}${fillPath(mount, params)}`)
}

function servedHost ({ constraints, publicUrl, allowedHosts: [allowed = 'localhost'] }: ResolvedOptions): string {
  const constrained = findConstraintHost(constraints)
  if (constrained !== undefined) return constrained
  return publicUrl?.host ?? allowed.replace(/:\*$/, '')
}

// The parameters of Fastify's paths: ':name', ':name(pattern)' and ':name?'.
const PARAMETER = /:(\w+)(?:\((?:[^()]|\([^()]*\))*\))?\??/g

function fillPath ({ path, name: mount }: Mount, params: Readonly<Record<string, string>>): string {
  return path.replace(PARAMETER, (_written, name: string) => {
    const value = params[name]
    if (value === undefined) {
      const problem = `must have '${name}', a parameter of '${path}', the path of the mount '${mount}'`
      throw new MCP_ERR_INVALID_OPTION('params', problem)
    }
    return encodeURIComponent(value)
  })
}
