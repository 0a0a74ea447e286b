import t from 'tap'
import { memoryStore, type OAuthStore } from '../../../lib/oauth/index.ts'
import { createNotes, type Note, type Notes } from '../../../lib/oauth/revocation/notes.ts'

const grant = (name: string): Note => ({ kind: 'grantId', name })

function createStore () {
  const clock = { now: 0 }
  const kept = { store: memoryStore({}, () => clock.now) }
  // A store that can be emptied.
  const store: OAuthStore = {
    get: (key) => kept.store.get(key),
    set: (key, value, ttl) => kept.store.set(key, value, ttl),
    add: (key, value, ttl) => kept.store.add(key, value, ttl),
    take: (key) => kept.store.take(key)
  }
  return { clock, store, empty: (): void => { kept.store = memoryStore({}, () => clock.now) } }
}

async function namesOf (notes: Notes): Promise<readonly string[]> {
  return (await notes.read()).map(({ name }) => name)
}

t.test('every node reads what any node has written, once and in its order', async (t) => {
  const { store } = createStore()
  const [a, b] = [createNotes(store, 1000), createNotes(store, 1000)]
  t.same(await namesOf(b), [])

  await a.append(grant('one'))
  await a.append({ kind: 'subject', name: 'ann', epoch: 'e1' })
  await b.append({ kind: 'clientId', name: 'app', epoch: 'e2', sparesSessions: true })

  t.same(await b.read(), [
    grant('one'),
    { kind: 'subject', name: 'ann', epoch: 'e1' },
    { kind: 'clientId', name: 'app', epoch: 'e2', sparesSessions: true }
  ])
  t.same(await namesOf(b), [])
  t.same(await namesOf(a), ['one', 'ann', 'app'])
  t.same(await namesOf(createNotes(store, 1000)), ['one', 'ann', 'app'], 'a node that starts later')
})

t.test('notes that many nodes write at once are all read', async (t) => {
  const { store } = createStore()
  const nodes = Array.from({ length: 5 }, () => createNotes(store, 1000))
  const reader = createNotes(store, 1000)
  const names = Array.from({ length: 25 }, (_, index) => `n${index}`)

  const found = new Set<string>()
  const writing = Promise.all(names.map((name, index) => nodes[index % 5]?.append(grant(name))))
  for (let turn = 0; turn < 5; turn++) for (const name of await namesOf(reader)) found.add(name)
  await writing
  for (const name of await namesOf(reader)) found.add(name)

  t.same([...found].sort(), [...names].sort())
})

t.test('a note is read although the node that wrote it has not counted it yet', async (t) => {
  const { store } = createStore()
  const slow = createNotes({ ...store, set: async () => {} }, 1000)
  const reader = createNotes(store, 1000)

  await slow.append(grant('one'))

  t.same(await namesOf(reader), ['one'])
})

t.test('notes expire, and numbers begin again in a store that was emptied', async (t) => {
  const { clock, store, empty } = createStore()
  const [a, b] = [createNotes(store, 1000), createNotes(store, 1000)]
  await a.append(grant('old'))
  clock.now = 900
  await a.append(grant('new'))
  clock.now = 1100
  t.same(await namesOf(createNotes(store, 1000)), ['new'])
  t.same(await namesOf(b), ['new'])

  empty()
  const c = createNotes(store, 1000)
  t.same(await namesOf(b), [])
  await c.append(grant('again'))

  t.same(await namesOf(b), ['again'])
  t.same(await namesOf(c), ['again'])
})

t.test('what another version or program has written is skipped', async (t) => {
  const { store } = createStore()
  const notes = createNotes(store, 1000)
  const odd = [
    '{', '1', '{"kind":"grantId"}', '{"kind":"subject","name":"a"}', '{"kind":"tenant","name":"a","epoch":"e"}'
  ]
  for (const [index, text] of odd.entries()) await store.set(`revocation:${index + 1}`, text, 1000)

  await notes.append(grant('good'))

  t.same(await namesOf(notes), ['good'])
})
