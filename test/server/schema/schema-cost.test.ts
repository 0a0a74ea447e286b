import t from 'tap'
import { addCosts, COST_KEYWORD } from '../../../lib/server/schema/schema-cost.ts'

t.test("the cost of a list's items is the number of subschemas that are applied to each item", async (t) => {
  const schema = {
    items: { properties: { a: { type: 'string' }, b: true, c: { allOf: [{ type: 'number' }] } } }, properties: { d: {} }
  }
  const before = structuredClone(schema)

  // Counts the item itself, a, c and the member of its allOf. The schema `true` is free.
  t.match(addCosts(schema), { items: { [COST_KEYWORD]: 4 }, properties: { d: {} } })
  t.strictSame(schema, before)
})

t.test('the target of a reference has a cost, and other definitions have none', async (t) => {
  const schema = {
    properties: { next: { $ref: '#/$defs/node' } },
    $defs: { node: { required: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] }, other: { type: 'string' } }
  }
  const { $defs } = addCosts(schema)

  t.strictSame($defs, { node: { ...schema.$defs.node, [COST_KEYWORD]: 2 }, other: { type: 'string' } })
})
