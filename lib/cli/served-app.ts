// Makes the app that serves what a file exports: a server, a plugin, an app, or a function that makes one of them.
import Fastify, { type FastifyInstance, type FastifyPluginCallback, type FastifyServerOptions } from 'fastify'
import mcpPlugin, { type McpMountOptions, type Mountable } from '../index.ts'
import { findRegistry } from '../registry.ts'
import { isClass } from '../sdk/recognise.ts'
import { isDefinition } from '../sdk/shape.ts'
import { Failure } from './command.ts'

/** How an app is made of what a file exports. */
export interface AppPlan {
  /** The file as the user named it. */
  readonly name: string
  /** The prefix of a server or a plugin. */
  readonly prefix?: string
  /** The path of a server. */
  readonly path?: string
  /** The options of the command that were given and need a mount of its own, such as `stateless`. */
  readonly mountOnly?: readonly string[]
  /** The options of the command that were given and need an app of its own, such as `log-level`. */
  readonly appOnly?: readonly string[]
  /** The logger of an app that is made here. */
  readonly logger: NonNullable<FastifyServerOptions['logger']>
  /** Prepares an app that is made here, before anything is mounted in it. */
  extend? (app: FastifyInstance): void
  /** Returns the options of a mount that is made here; not called where the file mounts its servers. */
  createMount (): Partial<McpMountOptions> | Promise<Partial<McpMountOptions>>
}

/**
 * Resolves to an app that serves what a file exports, once it is ready.
 * @throws Failure if no server is mounted in it, and whatever its plugins throw.
 */
export async function createServedApp (exported: unknown, plan: AppPlan): Promise<FastifyInstance> {
  const app = await prepareApp(exported, plan)
  await app.ready()
  if ((findRegistry(app)?.size ?? 0) > 0) return app
  await app.close()
  throw new Failure(
    `${plan.name} mounts no MCP server: ` +
      'register the plugin of fastify-mcp-mount in what it exports, or export the server itself.'
  )
}

async function prepareApp (exported: unknown, plan: AppPlan): Promise<FastifyInstance> {
  if (isFastify(exported)) {
    refuse(plan, ['prefix', 'path', ...appOptions(plan)], 'an app')
    return exported
  }
  const app = Fastify({ logger: plan.logger })
  plan.extend?.(app)
  if (isPlugin(exported) && !mayMakeApp(exported)) {
    refuse(plan, pluginOptions(plan), 'a plugin')
    app.register(exported, { prefix: plan.prefix ?? '' })
  } else if (typeof exported === 'function' && !isClass(exported)) {
    return await useFunction(app, exported as Exported, plan) ?? app
  } else {
    app.register(mcpPlugin, await createOptions(exported, plan))
  }
  return app
}

// Two parameters may be (options, dependencies) or (scope, options). A third one is the callback of a plugin.
function mayMakeApp (exported: FastifyPluginCallback): boolean {
  return exported.length === 2 && !(Symbol.for('skip-override') in exported)
}

type Exported = (scope?: FastifyInstance, options?: object) => unknown

// Only its return value shows whether a function is a plugin, makes servers or makes an app of its own. Resolves to
// such an app.
async function useFunction (
  app: FastifyInstance, exported: Exported, plan: AppPlan
): Promise<FastifyInstance | undefined> {
  let own: FastifyInstance | undefined
  // A function of length 0 may have an optional parameter, which must not receive the scope. Awaiting an app makes it
  // ready, which may exceed the time that a plugin has: its own `pluginTimeout` decides.
  const early = exported.length === 0 ? await exported() : undefined
  await app.register(async function probe (scope, options) {
    const made = exported.length === 0 ? early : await exported(scope, options)
    if (made === undefined || (isFastify(made) && made.server === scope.server)) {
      return refuse(plan, pluginOptions(plan), 'a plugin')
    }
    if (isFastify(made)) {
      refuse(plan, ['prefix', 'path', ...appOptions(plan)], 'a function that makes an app')
      own = made
    } else {
      const options = await createOptions(isDefinition(made) ? made : exported, plan)
      await scope.register(mcpPlugin, { ...options, prefix: '' })
    }
  }, { prefix: plan.prefix ?? '' })
  if (own !== undefined) await app.close()
  return own
}

async function createOptions (server: unknown, plan: AppPlan): Promise<McpMountOptions> {
  const { prefix, path } = plan
  return {
    ...await plan.createMount(),
    // The cast is safe, because the plugin checks the server.
    server: server as Mountable,
    ...(prefix !== undefined && { prefix }),
    ...(path !== undefined && { path })
  }
}

function pluginOptions ({ mountOnly = [] }: AppPlan): readonly string[] {
  return ['path', ...mountOnly]
}

function appOptions ({ mountOnly = [], appOnly = [] }: AppPlan): readonly string[] {
  return [...mountOnly, ...appOnly]
}

function refuse (plan: AppPlan, options: readonly string[], what: string): void {
  const given = options.find((option) => (option !== 'prefix' && option !== 'path') || plan[option] !== undefined)
  if (given === undefined) return
  throw new Failure(`--${given} has no meaning for ${what}, which is what ${plan.name} exports: set it there.`)
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
