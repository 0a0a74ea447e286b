// Warns the author of a server about patterns that can block the event loop.
import { showPattern, type CreateRegExp } from './pattern-engine.ts'
import type { AnySchema } from './schema.ts'
import type { JsonSchema } from './validation.ts'
import { listPatterns } from './schema-patterns.ts'
import { isSlowPattern } from './slow-pattern.ts'
import { isStandardSchema } from './standard-schema.ts'

// Verdicts are cached, because many tools use the same patterns. The cache is bounded, because a server that registers
// tools at run time may have any number of patterns.
const MAX_VERDICTS = 1000

// By default, Standard Schemas run a pattern even if `maxLength` has failed. So the text is assumed to be at least this
// long, and a pattern that takes exponential time is slow whatever its `maxLength`.
const SHORT_TEXT = 200

const REWRITE = 'rewrite it so that its repeated parts can match a text in one way only'
const ENGINE =
  "run the server's patterns in linear time with its option 'regExp', such as (pattern) => new RE2(pattern, 'u')"

/** Judges the patterns of one server, at registration. */
export class PatternCheck {
  /** The engine that runs the server's patterns; undefined for JavaScript's own regular expressions. */
  readonly createRegExp: CreateRegExp | undefined
  readonly #verdicts = new Map<string, boolean>()

  constructor (createRegExp?: CreateRegExp) {
    this.createRegExp = createRegExp
  }

  /**
   * Lists a warning for each slow pattern of a schema.
   * @param json The schema as clients receive it.
   * @param where The name of the schema: `inputSchema of tool 'add_note'`
   */
  listWarnings (schema: AnySchema | undefined, json: JsonSchema | undefined, where: string): string[] {
    const isStandard = isStandardSchema(schema)
    if (json === undefined || (this.createRegExp !== undefined && !isStandard)) return []

    return listPatterns(json).flatMap(({ pattern, pointer, maxLength }) => {
      if (!this.#isSlow(pattern, isStandard ? Math.max(maxLength, SHORT_TEXT) : maxLength)) return []
      const bound = `give its text a ${maxLength === Infinity ? 'small' : 'smaller'} 'maxLength'`
      const remedies = isStandard
        ? `${REWRITE}, ${bound} that ends the check (in zod: z.string().max(100, { abort: true })), ` +
          `or describe it with TypeBox or JSON Schema and ${ENGINE}`
        : `${REWRITE}, ${bound} beside it, or ${ENGINE}`
      const place = `the ${where} has the pattern ${showPattern(pattern)} at '${pointer}'`
      return `${place}, with which one request can block the event loop: ${remedies}`
    })
  }

  #isSlow (pattern: string, maxLength: number): boolean {
    const key = `${maxLength} ${pattern}`
    const known = this.#verdicts.get(key)
    if (known !== undefined) return known

    const verdict = isSlowPattern(pattern, maxLength)
    if (this.#verdicts.size === MAX_VERDICTS) this.#verdicts.clear()
    this.#verdicts.set(key, verdict)
    return verdict
  }
}
