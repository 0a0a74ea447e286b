import { describe, expect, test } from 'tstyche'
import { duration, flag, nested, oneOf, orFalse, required, switchable, text, whole } from '../lib/options/checks.ts'
import { complete, type TableOf } from '../lib/options/table.ts'

describe('a table of options', () => {
  interface Options { readonly name: string, readonly ttl?: number, readonly kind?: 'a' | 'b' }

  const right = { name: required(text()), ttl: duration(5), kind: oneOf('a', 'b') }

  test('has every option of its interface, and marks the required ones', () => {
    expect<TableOf<Options>>().type.toBeAssignableFrom(right)
    expect<TableOf<Options>>().type.not.toBeAssignableFrom({ name: required(text()), ttl: duration(5) })
    expect<TableOf<Options>>().type.not.toBeAssignableFrom({ ...right, name: text() })
  })

  test('accepts exactly the values that its interface allows', () => {
    expect<TableOf<Options>>().type.not.toBeAssignableFrom({ ...right, ttl: text() })
    expect<TableOf<Options>>().type.not.toBeAssignableFrom({ ...right, kind: oneOf('a') })
  })

  test('gives the type of the completed options', () => {
    const table = {
      name: required(text()),
      ttl: duration(5),
      max: whole(),
      cache: orFalse(nested({ ttl: duration(5) }, 'must be an object')),
      health: switchable(nested({ on: flag(true), path: text() }, 'must be an object'))
    }

    expect(complete(table, {})).type.toBe<{
      readonly name: string
      readonly ttl: number
      readonly max: number | undefined
      readonly cache: { readonly ttl: number } | false
      readonly health: { readonly on: boolean, readonly path: string | undefined } | false
    }>()
  })
})
