// The middlewares and hooks of a server, arranged by method when they are added.
import { MCP_ERR_INVALID_DEFINITION } from '../errors.ts'
import type { ChangeEvent } from '../protocol/change.ts'
import { AROUND, checkHooks, type Around, type Hook, type Hooks, type Next } from './hooks.ts'
import type { Middleware } from './middleware.ts'
import type { ListedTool } from './features/tool.ts'

type AnyMiddleware = Middleware<never>

/** The middlewares and hooks of a server. */
export class Layers {
  /** The middlewares around a request whose method has no hooks, outermost first. */
  readonly around: AnyMiddleware[] = []
  /** The middlewares and hooks around the requests of each method that has hooks. */
  readonly byMethod = new Map<string, AnyMiddleware[]>()
  readonly #describers: Array<NonNullable<Hooks['describeTool']>> = []
  readonly #observers: Array<NonNullable<Hooks['onChange']>> = []
  readonly #onDescriber = new Set<() => void>()

  /** Adds a middleware or hooks inside the earlier ones. @throws MCP_ERR_INVALID_DEFINITION */
  add (added: AnyMiddleware | Hooks<never>): void {
    if (typeof added === 'function') {
      for (const layers of [this.around, ...this.byMethod.values()]) layers.push(added)
      return
    }
    if (typeof added !== 'object' || added === null) {
      const problem = 'must be a function (ctx, next) => result, or hooks such as { callTool (ctx, next) { … } }'
      throw new MCP_ERR_INVALID_DEFINITION('a middleware', problem)
    }
    checkHooks(added)
    for (const [name, { method, isWellFormed }] of Object.entries(AROUND)) {
      // The table has the names of the hooks; what a hook is called with depends on its method.
      const hook = added[name as keyof typeof AROUND] as Hook<object, object, never> | undefined
      if (hook !== undefined) this.#addAround(method, toMiddleware(hook, isWellFormed))
    }
    if (added.onChange !== undefined) this.#observers.push(added.onChange)
    if (added.describeTool === undefined) return
    this.#describers.push(added.describeTool)
    for (const listener of this.#onDescriber) listener()
  }

  /** Tells the hooks of a change. */
  changed (event: ChangeEvent): void {
    for (const observe of this.#observers) observe(event)
  }

  /** Returns how a tool is listed. */
  describe (tool: ListedTool): ListedTool {
    return this.#describers.reduce((described, describe) => describe(described), tool)
  }

  /** Calls the listener when tools will be listed otherwise. */
  onDescriber (listener: () => void): void {
    this.#onDescriber.add(listener)
  }

  #addAround (method: string, middleware: AnyMiddleware): void {
    const layers = this.byMethod.get(method) ?? [...this.around]
    layers.push(middleware)
    this.byMethod.set(method, layers)
  }
}

// The types of a hook follow from its method, whose parameters have been looked at.
function toMiddleware (hook: Hook<object, object, never>, isWellFormed: Around['isWellFormed']): AnyMiddleware {
  return (ctx, next) => isWellFormed(ctx.params) ? hook(ctx, next as Next<object>) : next()
}
