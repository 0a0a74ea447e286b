import t from 'tap'
import { Collection, type Entry } from '../../../lib/server/lists/collection.ts'

interface Item extends Entry { readonly value: number }

function createItem (key: string, value = 0): Item {
  return { key, label: `tool '${key}'`, enabled: true, access: undefined, value }
}

function rebuild (item: Item, value: number): Item {
  if (value < 0) throw new TypeError('must not be negative')
  return createItem(item.key, value)
}

function createCollection () {
  const changes: string[] = []
  const collection: Collection<Item> = new Collection(() => { changes.push(collection.enabled.map(({ key, value }) => `${key}=${value}`).join()) })
  return { collection, changes, add: (key: string) => collection.add(createItem(key), rebuild) }
}

t.test('entries are found in the order of registration, and every change is published', async (t) => {
  const { collection, changes, add } = createCollection()

  add('b')
  add('a')

  t.strictSame(collection.enabled, [createItem('b'), createItem('a')])
  t.strictSame(collection.byKey.get('a'), createItem('a'))
  t.equal(collection.byKey.get('c'), undefined)
  t.strictSame(changes, ['b=0', 'b=0,a=0'])
})

t.test('a collection is used once an entry was registered, even after its removal', async (t) => {
  const { collection, add } = createCollection()

  t.equal(collection.used, false)
  add('a').remove()
  t.equal(collection.used, true)
})

t.test('a key can be registered only once, even if its entry is disabled', async (t) => {
  const { collection, add } = createCollection()
  add('a').disable()

  t.throws(() => add('a'), {
    code: 'MCP_ERR_DUPLICATE_DEFINITION',
    message: "tool 'a' is already registered; remove() or update() the first one, or choose another name"
  })
  t.strictSame(collection.enabled, [])
})

t.test('a disabled entry is neither listed nor found until it is enabled', async (t) => {
  const { collection, changes, add } = createCollection()
  const handle = add('a')
  add('b')

  handle.disable()

  t.equal(handle.enabled, false)
  t.equal(collection.byKey.get('a'), undefined)

  handle.enable()

  t.equal(handle.enabled, true)
  t.strictSame(collection.byKey.get('a'), createItem('a'))
  t.strictSame(changes, ['a=0', 'a=0,b=0', 'b=0', 'a=0,b=0'])
})

t.test('an update keeps the place of an entry and whether it is enabled', async (t) => {
  const { collection, add } = createCollection()
  const handle = add('a')
  add('b')

  handle.update(1)

  t.strictSame(collection.enabled, [createItem('a', 1), createItem('b')])

  handle.disable()
  handle.update(2)

  t.equal(collection.byKey.get('a'), undefined)

  handle.enable()

  t.strictSame(collection.byKey.get('a'), createItem('a', 2))
})

t.test('an update that fails leaves the entry as it was', async (t) => {
  const { collection, changes, add } = createCollection()
  const handle = add('a')

  t.throws(() => handle.update(-1), { message: 'must not be negative' })

  t.strictSame(collection.enabled, [createItem('a')])
  t.strictSame(changes, ['a=0'])
  handle.update(1)
  t.strictSame(collection.enabled, [createItem('a', 1)])
})

t.test('the handle of a removed entry can change nothing', async (t) => {
  const { collection, changes, add } = createCollection()
  const handle = add('a')

  handle.remove()
  handle.remove()

  t.equal(handle.enabled, false)
  t.strictSame(collection.enabled, [])
  t.strictSame(changes, ['a=0', ''])
  for (const change of [() => handle.enable(), () => handle.disable(), () => handle.update(1)]) {
    t.throws(change, { code: 'MCP_ERR_INVALID_DEFINITION', message: "tool 'a' has been removed; register it again" })
  }
})

t.test('the handle of a removed entry does not affect a new entry with the same key', async (t) => {
  const { collection, add } = createCollection()
  const first = add('a')
  first.remove()
  const second = add('a')

  first.remove()

  t.throws(() => first.update(1), { code: 'MCP_ERR_INVALID_DEFINITION' })
  t.equal(first.enabled, false)
  t.equal(second.enabled, true)
  t.strictSame(collection.enabled, [createItem('a')])
})

t.test('a collection is restricted while an enabled entry is restricted', async (t) => {
  const { collection, add } = createCollection()
  add('a')
  t.equal(collection.isRestricted, false)

  const handle = collection.add(
    { ...createItem('b'), access: { scopes: ['notes:write'], visible: undefined } }, rebuild
  )
  t.equal(collection.isRestricted, true)
  handle.disable()
  t.equal(collection.isRestricted, false)
  handle.enable()
  t.equal(collection.isRestricted, true)
  handle.update(1)
  t.equal(collection.isRestricted, false)
})
