import fc from 'fast-check'
import t from 'tap'
import { decodeCursor, encodeCursor, paginate } from '../../lib/protocol/cursor.ts'

const LIST = ['a', 'b', 'c', 'd', 'e']
const key = fc.string({ unit: 'binary', minLength: 1 })

function itself (item: string): string {
  return item
}

t.test('a list that fits into one page has no cursor', async (t) => {
  t.same(paginate(LIST, itself, undefined, 5), { items: LIST })
  t.same(paginate(LIST, itself, undefined, 1000), { items: LIST })
  t.same(paginate([], itself, undefined, 5), { items: [] })
})

t.test('a longer list is read page by page, and the last page has no cursor', async (t) => {
  const first = paginate(LIST, itself, undefined, 2)
  t.same(first, { items: ['a', 'b'], nextCursor: 'Yg' })

  const second = paginate(LIST, itself, 'Yg', 2)
  t.same(second, { items: ['c', 'd'], nextCursor: 'ZA' })

  const third = paginate(LIST, itself, 'ZA', 2)
  t.same(third, { items: ['e'] })
})

t.test('a cursor stays valid when items before and after it are added and removed', async (t) => {
  t.same(paginate(['0', 'b', 'x', 'y'], itself, encodeCursor('b'), 2), { items: ['x', 'y'] })
})

t.test('a cursor of the last item leads to an empty page', async (t) => {
  t.same(paginate(LIST, itself, encodeCursor('e'), 2), { items: [] })
})

t.test('a cursor of an item that is gone is invalid', async (t) => {
  t.equal(paginate(LIST, itself, encodeCursor('z'), 2), undefined)
})

t.test('a malformed cursor is invalid', async (t) => {
  for (const cursor of ['', 'Yg==', 'Yh', 'Y', '!', 'Yg ', '_-', '/w', 'Y\0g', '世']) {
    t.equal(decodeCursor(cursor), undefined, cursor)
    t.equal(paginate(LIST, itself, cursor, 2), undefined, cursor)
  }
})

t.test('a walk over keys that are not unique skips items, but ends', async (t) => {
  const page = paginate(['a', 'a', 'a', 'b'], itself, undefined, 1)

  t.same(page, { items: ['a'], nextCursor: 'YQ' })
  t.same(paginate(['a', 'a', 'a', 'b'], itself, 'YQ', 1), { items: ['b'] })
})

t.test('every key is read back from its cursor, which needs no escaping in a URL', async () => {
  fc.assert(fc.property(key, (value) => {
    const cursor = encodeCursor(value)

    return /^[\w-]+$/.test(cursor) && decodeCursor(cursor) === value
  }))
})

t.test('any text is either an invalid cursor or the cursor of one key', async () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
    const decoded = decodeCursor(text)

    return decoded === undefined || encodeCursor(decoded) === text
  }))
})

t.test('reading all pages yields all items in order, whatever the page size', async () => {
  fc.assert(fc.property(fc.uniqueArray(key), fc.integer({ min: 1, max: 12 }), (keys, pageSize) => {
    const items = keys.map((name) => ({ name }))
    const walked: string[] = []
    let cursor: string | undefined
    do {
      const page = paginate(items, (item) => item.name, cursor, pageSize)
      if (page === undefined || page.items.length > pageSize) return false
      walked.push(...page.items.map((item) => item.name))
      cursor = page.nextCursor
    } while (cursor !== undefined)

    return JSON.stringify(walked) === JSON.stringify(keys)
  }))
})
