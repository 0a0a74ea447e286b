import t from 'tap'
import { addCosts, COST_KEYWORD } from '../../../lib/server/schema/schema-cost.ts'

t.test('what is applied to each entry of a list costs a step for each schema that looks at it', async (t) => {
  const schema = {
    items: { properties: { a: { type: 'string' }, b: true, c: { allOf: [{ type: 'number' }] } } }, properties: { d: {} }
  }
  const before = structuredClone(schema)

  // The entry itself, a, c and what is in c; a schema that takes everything is free.
  t.match(addCosts(schema), { items: { [COST_KEYWORD]: 4 }, properties: { d: {} } })
  t.strictSame(schema, before)
})

t.test('what references lead to costs each time it is referred to', async (t) => {
  const schema = {
    properties: { next: { $ref: '#/$defs/node' } },
    $defs: { node: { required: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] }, other: { type: 'string' } }
  }
  const { $defs } = addCosts(schema)

  t.strictSame($defs, { node: { ...schema.$defs.node, [COST_KEYWORD]: 2 }, other: { type: 'string' } })
})
