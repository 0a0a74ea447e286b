// Health checks of one mount, for whoever watches over the process.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import type { Mount } from '../mount.ts'
import { undocumented } from './api-document.ts'
import { sendJson } from './reply.ts'

/** The health checks of a mount. */
export interface HealthOptions {
  /** Where they are, below the prefix: `PATH` and `PATH/ready` for readiness, `PATH/live` for liveness. @default '/health' */
  readonly path?: string
  /** Whether what the mount needs is there, asked with each readiness check; false, or an error, which is logged, is no. @default () => true */
  readonly ready?: () => boolean | Promise<boolean>
}

type Probe = (request: FastifyRequest) => boolean | Promise<boolean>

const OK = JSON.stringify({ status: 'ok' })
const UNAVAILABLE = JSON.stringify({ status: 'unavailable' })
const NO_STORE = { 'cache-control': 'no-store' }

/** Builds the plugin of the health checks. They know no Host, Origin, caller or constraint. @throws MCP_ERR_INVALID_OPTION */
export function createHealthRoutes (mount: Mount, { path = '/health', ready = () => true }: HealthOptions): (scope: FastifyInstance) => Promise<void> {
  const isLive: Probe = () => true
  const isReady: Probe = async (request) => {
    try {
      return !mount.isClosing && await ready()
    } catch (err) {
      request.log.error({ err, mcp: mount.name }, "the check of option 'health' failed")
      return false
    }
  }

  return async function mcpHealthRoutes (scope) {
    for (const [url, probe] of [[path, isReady], [`${path}/ready`, isReady], [`${path}/live`, isLive]] as const) {
      if (scope.hasRoute({ method: 'GET', url: scope.prefix + url })) {
        throw new MCP_ERR_INVALID_OPTION('health', `would serve '${scope.prefix}${url}', which there is already; give it another 'path', such as { path: '${path}-2' }`)
      }
      // Whoever asks does so every few seconds.
      scope.route({ method: ['GET', 'HEAD'], url, exposeHeadRoute: false, logLevel: 'warn', schema: undocumented(), handler: createHandler(probe) })
    }
  }
}

function createHandler (probe: Probe) {
  return async function handleHealth (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const isHealthy = await probe(request)
    sendJson(reply.code(isHealthy ? 200 : 503).headers(NO_STORE), isHealthy ? OK : UNAVAILABLE)
    return reply
  }
}

/** Says what is wrong with the `health` option. */
export function findHealthProblem (value: unknown): string | undefined {
  if (typeof value === 'boolean') return undefined
  if (typeof value !== 'object' || value === null) return "must be true, false or an object, such as { path: '/health' }"
  const { path, ready, ...others }: { readonly path?: unknown, readonly ready?: unknown } = value
  const unknown = Object.keys(others)
  if (unknown.length > 0) return `has '${unknown.join("', '")}', which does not exist; the options are path, ready`
  if (path !== undefined && !(typeof path === 'string' && /^\/.*[^/]$/.test(path))) return "has 'path', which must begin with '/' and end with something else"
  if (ready !== undefined && typeof ready !== 'function') return "has 'ready', which must be a function"
}
