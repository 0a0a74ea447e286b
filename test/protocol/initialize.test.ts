import t from 'tap'
import { parseInitialize } from '../../lib/protocol/initialize.ts'

const PARAMS = { protocolVersion: '2025-11-25', capabilities: { roots: {} }, clientInfo: { name: 'Bob', version: '1' } }

t.test('initialize is read into the requested revision and the client', async (t) => {
  t.strictSame(parseInitialize(PARAMS), {
    requested: '2025-11-25', client: { info: { name: 'Bob', version: '1' }, capabilities: { roots: {} } }
  })
  t.match(parseInitialize({ ...PARAMS, protocolVersion: 'anything' }), { requested: 'anything' })
})

t.test('initialize without a revision, capabilities or clientInfo has a problem that names the member', async (t) => {
  const problems: ReadonlyArray<readonly [params: { readonly [key: string]: unknown }, problem: string]> = [
    [{ ...PARAMS, protocolVersion: undefined }, "initialize needs 'protocolVersion', a string"],
    [{ ...PARAMS, protocolVersion: 20251125 }, "initialize needs 'protocolVersion', a string"],
    [{ ...PARAMS, capabilities: null }, "initialize needs 'capabilities', an object"],
    [{ ...PARAMS, capabilities: [] }, "initialize needs 'capabilities', an object"],
    [{ ...PARAMS, clientInfo: 'Bob' }, "initialize needs 'clientInfo', an object with a name and a version"],
    [{ ...PARAMS, clientInfo: { name: 'Bob' } }, "initialize needs 'clientInfo', an object with a name and a version"]
  ]

  for (const [params, problem] of problems) t.strictSame(parseInitialize(params), { problem })
})
