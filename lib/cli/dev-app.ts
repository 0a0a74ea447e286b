// An app that serves what a file exports, be it a server, a plugin or an app.
import Fastify, { type FastifyInstance, type FastifyPluginAsync, type FastifyPluginCallback } from 'fastify'
import mcpPlugin, { type Mountable } from '../index.ts'
import { findRegistry } from '../registry.ts'
import { isClass, isDefinition } from '../sdk/recognise.ts'
import { Failure } from './command.ts'
import { createDevLog } from './dev-log.ts'
import type { DevSettings } from './dev-settings.ts'
import type { Terminal } from './terminal.ts'

// A handler that does not end keeps a change from being seen no longer than this.
const CLOSE_GRACE_PERIOD = 1000

/**
 * Makes an app of what a file exports, and waits until it is ready.
 * @throws Failure when nothing is mounted in it; whatever its plugins throw
 */
export async function createDevApp (exported: unknown, settings: DevSettings, terminal: Terminal): Promise<FastifyInstance> {
  const app = isFastify(exported) ? exported : createApp(exported, settings, terminal)
  if (app === exported) refuse(settings, ['prefix', 'path'], 'an app')
  await app.ready()
  if (findRegistry(app) !== undefined) return app
  await app.close()
  throw new Failure(`${settings.name} mounts no MCP server: register the plugin of fastify-mcp-mount in what it exports, or export the server itself.`)
}

function createApp (exported: unknown, settings: DevSettings, terminal: Terminal): FastifyInstance {
  const { prefix = '' } = settings
  const app = Fastify({ logger: { level: 'warn', stream: createDevLog(terminal) } })
  if (isPlugin(exported)) {
    refuse(settings, ['path'], 'a plugin')
    app.register(exported, { prefix })
  } else if (typeof exported === 'function' && !isClass(exported)) {
    app.register(createProbe(exported as (scope: FastifyInstance, options: object) => unknown, settings), { prefix })
  } else {
    app.register(mcpPlugin, mountOptions(exported, settings))
  }
  return app
}

// Only what the function returns tells a plugin of one parameter from a function that makes servers.
function createProbe (exported: (scope: FastifyInstance, options: object) => unknown, settings: DevSettings): FastifyPluginAsync {
  return async function probe (scope, options) {
    const made = await exported(scope, options)
    if (made === undefined) return refuse(settings, ['path'], 'a plugin')
    await scope.register(mcpPlugin, { ...mountOptions(isDefinition(made) ? made : exported, settings), prefix: '' })
  }
}

function mountOptions (server: unknown, { prefix, path }: DevSettings) {
  return { server: server as Mountable, closeGracePeriod: CLOSE_GRACE_PERIOD, ...(prefix !== undefined && { prefix }), ...(path !== undefined && { path }) }
}

function refuse (settings: DevSettings, options: readonly ('prefix' | 'path')[], what: string): void {
  const given = options.find((option) => settings[option] !== undefined)
  if (given !== undefined) throw new Failure(`--${given} has no meaning for ${what}, which is what ${settings.name} exports: set it there.`)
}

/** Tells an app by its shape, because there may be two copies of Fastify. */
export function isFastify (value: unknown): value is FastifyInstance {
  const { register, ready, listen, inject } = Object(value) as { readonly [name: string]: unknown }
  return [register, ready, listen, inject].every((method) => typeof method === 'function')
}

/** Tells a plugin: one that fastify-plugin has wrapped says so, and of other functions only plugins have a second parameter. */
export function isPlugin (value: unknown): value is FastifyPluginCallback {
  return typeof value === 'function' && (Symbol.for('skip-override') in value || (value.length >= 2 && !isClass(value)))
}
