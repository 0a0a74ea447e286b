import t from 'tap'
import { createAdapters } from '../../lib/oauth/adapter.ts'
import { loadPeer, type ProviderModule } from '../../lib/oauth/peers.ts'
import { memoryStore } from '../../lib/oauth/store.ts'

async function describeError (pending: Promise<void>): Promise<unknown> {
  return await pending.then(() => undefined, (error) => error.error_detail ?? error.error_description)
}

t.test('of two nodes that read a code before either has used it, one uses it up, and its grant is revoked', async (t) => {
  const { errors } = await loadPeer<ProviderModule>('oidc-provider', 'the test')
  const revoked: string[] = []
  const [nothing, none] = [async () => {}, async () => '.']
  const epochs = { keep: nothing, isCurrent: async () => true, stamp: none, read: none, begin: none }
  const code = createAdapters(memoryStore(), {
    unusedClient: 60_000, grant: 60_000, epochs, onGrantRevoked: async (grantId) => { revoked.push(grantId) }
  }, errors)('AuthorizationCode')
  const payload = { exp: Math.floor(Date.now() / 1000) + 60, grantId: 'grant' }
  await code.upsert('code', payload, 60)
  t.match(await code.find('code'), payload)

  await code.consume('code')

  t.match(await code.find('code'), { ...payload, consumed: Number })
  t.equal(await describeError(code.consume('code')), 'already used')
  t.same(revoked, ['grant'])
  t.equal(await code.find('code'), undefined)
  t.equal(await code.findByUserCode('code'), undefined)
  t.equal(await code.findByUid('unknown'), undefined)
  t.equal(await describeError(code.consume('another')), 'not found')
})
