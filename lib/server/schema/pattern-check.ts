// Warns the author of a server of patterns that can hold the event loop.
import { showPattern, type CreateRegExp } from './pattern-engine.ts'
import type { AnySchema } from './schema.ts'
import type { JsonSchema } from './validation.ts'
import { listPatterns } from './schema-patterns.ts'
import { isSlowPattern } from './slow-pattern.ts'
import { isStandardSchema } from './standard-schema.ts'

// Verdicts are kept, because tools repeat their patterns. A server that makes tools at run time may have any number of
// them.
const MAX_VERDICTS = 1000

// Standard Schemas try a pattern although `maxLength` has failed, unless they are told not to. Therefore a pattern that
// takes exponential time is too slow whatever its `maxLength`.
const SHORT_TEXT = 200

const REWRITE = 'rewrite it so that no text can be read in two ways by what is repeated in it'
const ENGINE = "run the server's patterns in linear time by its option 'regExp', such as (pattern) => new RE2(pattern, 'u')"

/** Judges the patterns of one server, at registration. */
export class PatternCheck {
  /** What the server's patterns are run by; undefined for JavaScript's own regular expressions. */
  readonly createRegExp: CreateRegExp | undefined
  readonly #verdicts = new Map<string, boolean>()

  constructor (createRegExp?: CreateRegExp) {
    this.createRegExp = createRegExp
  }

  /**
   * Lists a warning for each slow pattern of a schema.
   * @param json The schema as it is listed.
   * @param where names the schema: `inputSchema of tool 'add_note'`
   */
  listWarnings (schema: AnySchema | undefined, json: JsonSchema | undefined, where: string): string[] {
    const isStandard = isStandardSchema(schema)
    if (json === undefined || (this.createRegExp !== undefined && !isStandard)) return []

    return listPatterns(json).flatMap(({ pattern, pointer, maxLength }) => {
      if (!this.#isSlow(pattern, isStandard ? Math.max(maxLength, SHORT_TEXT) : maxLength)) return []
      const bound = `give its text a ${maxLength === Infinity ? 'small' : 'smaller'} 'maxLength'`
      const remedies = isStandard
        ? `${REWRITE}, ${bound} that ends the check (in zod: z.string().max(100, { abort: true })), ` +
          `or describe it by TypeBox or JSON Schema and ${ENGINE}`
        : `${REWRITE}, ${bound} beside it, or ${ENGINE}`
      const place = `the ${where} has the pattern ${showPattern(pattern)} at '${pointer}'`
      return `${place}, by which one request can hold the event loop: ${remedies}`
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
