// The health checks of one mount.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { MCP_ERR_INVALID_OPTION } from '../../errors.ts'
import { countLoad } from '../mount-stats.ts'
import { undocumented } from './api-document.ts'
import type { ResolvedHealth } from './health-options.ts'
import type { MountParts } from '../parts.ts'
import { sendJson } from '../reply/reply.ts'

type Probe = (request: FastifyRequest) => boolean | Promise<boolean>

const NO_STORE = { 'cache-control': 'no-store' }

/**
 * Creates the plugin of the health checks. Their routes ignore Host, Origin and caller, and have no constraints.
 * @throws MCP_ERR_INVALID_OPTION if the app already has a route at one of their paths.
 */
export function createHealthRoutes (
  parts: MountParts, { path, ready, details }: ResolvedHealth
): (scope: FastifyInstance) => Promise<void> {
  const isLive: Probe = () => true
  const isReady: Probe = async (request) => {
    try {
      return !parts.isClosing && await ready()
    } catch (err) {
      request.log.error({ err, mcp: parts.name }, "the check of option 'health' failed")
      return false
    }
  }

  // The members of an answer beside its status.
  async function describe (request: FastifyRequest): Promise<object> {
    try {
      return await details?.(request) === true ? countLoad(parts) : {}
    } catch (err) {
      request.log.error({ err, mcp: parts.name }, "'details' of option 'health' failed")
      return {}
    }
  }

  return async function mcpHealthRoutes (scope) {
    for (const [url, probe] of [[path, isReady], [`${path}/ready`, isReady], [`${path}/live`, isLive]] as const) {
      if (scope.hasRoute({ method: 'GET', url: scope.prefix + url })) {
        const problem = `needs '${scope.prefix}${url}', which the app already serves; ` +
          `give it another 'path', such as { path: '${path}-2' }`
        throw new MCP_ERR_INVALID_OPTION('health', problem)
      }
      scope.route({
        method: ['GET', 'HEAD'],
        url,
        exposeHeadRoute: false,
        // Checks come every few seconds and would flood the log.
        logLevel: 'warn',
        schema: undocumented(),
        handler: createHandler(probe, describe)
      })
    }
  }
}

function createHandler (probe: Probe, describe: (request: FastifyRequest) => Promise<object>) {
  return async function handleHealth (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const isHealthy = await probe(request)
    const status = isHealthy ? 'ok' : 'unavailable'
    const json = JSON.stringify({ status, ...await describe(request) })
    sendJson(reply.code(isHealthy ? 200 : 503).headers(NO_STORE), json)
    return reply
  }
}
