// Asks the user before a route runs.
import { ToolError } from '../errors.ts'
import { shorten } from '../protocol/bounds.ts'
import { isWireObject, type WireObject } from '../protocol/message.ts'
import type { RequestContext } from '../server/call/request-context.ts'
import type { JsonSchema } from '../server/schema/validation.ts'

/** Asks the user. @throws ToolError when the user does not agree, or what `ctx.elicit` throws. */
export type Confirm = (args: WireObject, ctx: RequestContext) => Promise<void>

// To accept a form without fields is to agree.
const NO_FIELDS: JsonSchema = Object.freeze({ type: 'object', properties: Object.freeze({}) })

const PLACEHOLDER = /\{([^{}]+)\}/g

/** Creates a {@link Confirm} from a question, whose `{name}` are arguments. The app's own calls need none. */
export function createConfirm (question: string): Confirm {
  return async function confirm (args, ctx) {
    if (ctx.isTrusted) return
    const message = question.replace(PLACEHOLDER, (_placeholder, path: string) => describe(valueAt(args, path)))
    const { action } = await ctx.elicit(message, NO_FIELDS)
    if (action !== 'accept') throw new ToolError(`The user did not agree (${action}), so nothing was done`)
  }
}

/** Returns a `{name}` of a question that is not an argument; undefined if all are. */
export function findForeignName (question: string, schema: JsonSchema): string | undefined {
  const names = [...question.matchAll(PLACEHOLDER)].map(([, name = '']) => name)
  return names.find((name) => {
    const [first = ''] = name.split('.')
    return !isWireObject(schema.properties) || !Object.hasOwn(schema.properties, first)
  })
}

function valueAt (args: WireObject, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    return isWireObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
  }, args)
}

function describe (value: unknown): string {
  if (value === undefined) return ''
  return shorten(typeof value === 'string' ? value : JSON.stringify(value))
}
