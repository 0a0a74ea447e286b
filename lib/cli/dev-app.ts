// Makes the app that serves what a file exports: a server, a plugin, an app, or a function that makes one of them.
import Fastify, { type FastifyInstance, type FastifyPluginCallback } from 'fastify'
import mcpPlugin, { type Mountable } from '../index.ts'
import { findRegistry } from '../registry.ts'
import { isClass } from '../sdk/recognise.ts'
import { isDefinition } from '../sdk/shape.ts'
import { Failure } from './command.ts'
import { createDevLog } from './dev-log.ts'
import type { DevSettings } from './dev-settings.ts'
import type { Terminal } from './terminal.ts'

// A handler that does not end delays a restart by this many milliseconds at most.
const CLOSE_GRACE_PERIOD = 1000

/**
 * Resolves to an app that serves what a file exports, once it is ready.
 * @throws Failure if no server is mounted in it, and whatever its plugins throw.
 */
export async function createDevApp (
  exported: unknown, settings: DevSettings, terminal: Terminal
): Promise<FastifyInstance> {
  const app = await prepareApp(exported, settings, terminal)
  await app.ready()
  if (findRegistry(app) !== undefined) return app
  await app.close()
  throw new Failure(
    `${settings.name} mounts no MCP server: ` +
      'register the plugin of fastify-mcp-mount in what it exports, or export the server itself.'
  )
}

async function prepareApp (exported: unknown, settings: DevSettings, terminal: Terminal): Promise<FastifyInstance> {
  if (isFastify(exported)) {
    refuse(settings, ['prefix', 'path'], 'an app')
    return exported
  }
  const app = Fastify({ logger: { level: 'warn', stream: createDevLog(terminal) } })
  if (isPlugin(exported) && !mayMakeApp(exported)) {
    refuse(settings, ['path'], 'a plugin')
    app.register(exported, { prefix: settings.prefix ?? '' })
  } else if (typeof exported === 'function' && !isClass(exported)) {
    return await useFunction(app, exported as Exported, settings) ?? app
  } else {
    app.register(mcpPlugin, mountOptions(exported, settings))
  }
  return app
}

// Two parameters may be (options, dependencies) or (scope, options). A third one is the callback of a plugin.
function mayMakeApp (exported: FastifyPluginCallback): boolean {
  return exported.length === 2 && !(Symbol.for('skip-override') in exported)
}

type Exported = (scope?: FastifyInstance, options?: object) => unknown

// Only its return value tells whether a function is a plugin, makes servers or makes an app of its own. Resolves to
// such an app.
async function useFunction (
  app: FastifyInstance, exported: Exported, settings: DevSettings
): Promise<FastifyInstance | undefined> {
  let own: FastifyInstance | undefined
  await app.register(async function probe (scope, options) {
    // A function of length 0 may have an optional parameter, which must not receive the scope.
    const made = await (exported.length === 0 ? exported() : exported(scope, options))
    if (made === undefined || (isFastify(made) && made.server === scope.server)) {
      return refuse(settings, ['path'], 'a plugin')
    }
    if (isFastify(made)) {
      refuse(settings, ['prefix', 'path'], 'a function that makes an app')
      own = made
    } else {
      await scope.register(mcpPlugin, { ...mountOptions(isDefinition(made) ? made : exported, settings), prefix: '' })
    }
  }, { prefix: settings.prefix ?? '' })
  if (own !== undefined) await app.close()
  return own
}

function mountOptions (server: unknown, { prefix, path }: DevSettings) {
  return {
    // The cast is safe, because the plugin checks the server.
    server: server as Mountable,
    closeGracePeriod: CLOSE_GRACE_PERIOD,
    ...(prefix !== undefined && { prefix }),
    ...(path !== undefined && { path })
  }
}

function refuse (settings: DevSettings, options: readonly ('prefix' | 'path')[], what: string): void {
  const given = options.find((option) => settings[option] !== undefined)
  if (given === undefined) return
  throw new Failure(`--${given} has no meaning for ${what}, which is what ${settings.name} exports: set it there.`)
}

/** Recognises an app by its shape, because there may be two copies of Fastify. */
export function isFastify (value: unknown): value is FastifyInstance {
  const { register, ready, listen, inject } = Object(value) as { readonly [name: string]: unknown }
  return [register, ready, listen, inject].every((method) => typeof method === 'function')
}

/** Recognises a plugin: fastify-plugin has marked it, or it is a function with a second parameter. */
export function isPlugin (value: unknown): value is FastifyPluginCallback {
  return typeof value === 'function' && (Symbol.for('skip-override') in value || (value.length >= 2 && !isClass(value)))
}
