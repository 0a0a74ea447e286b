// Which arguments of a tool are secrets.
import { asSchema, type JsonSchema } from './json-schema.ts'

/** Leaves out the arguments that are secrets. */
export function withoutSecrets (
  schema: JsonSchema, args: Readonly<Record<string, unknown>>
): Readonly<Record<string, unknown>> {
  const properties = asSchema(schema.properties)
  return Object.fromEntries(Object.entries(args).filter(([name]) => {
    const { format, writeOnly } = asSchema(properties[name])
    return format !== 'password' && writeOnly !== true
  }))
}
