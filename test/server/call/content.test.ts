import t from 'tap'
import { isContentBlock, isResourceContents, textBlock } from '../../../lib/server/call/content.ts'

t.test('a content block of each type is recognised by its fields', async (t) => {
  t.ok(isContentBlock({ type: 'text', text: '' }))
  t.ok(isContentBlock({ type: 'image', data: 'AA==', mimeType: 'image/png', annotations: { priority: 1 } }))
  t.ok(isContentBlock({ type: 'audio', data: 'AA==', mimeType: 'audio/wav' }))
  t.ok(isContentBlock({ type: 'resource_link', uri: 'notes://1', name: 'one' }))
  t.ok(isContentBlock({ type: 'resource', resource: { uri: 'notes://1', text: 'a' } }))
  t.ok(isContentBlock({ type: 'resource', resource: { uri: 'notes://1', blob: 'AA==' } }))
})

t.test('a value with a missing field or an unknown type is not a content block', async (t) => {
  const values = [
    undefined, null, 'text', 1, [], [{ type: 'text', text: 'a' }], {}, { text: 'a' }, { type: 'text' },
    { type: 'text', text: 1 },
    { type: 'image', data: 'AA==' }, { type: 'image', mimeType: 'image/png' },
    { type: 'audio', data: 'AA==', mimeType: 1 },
    { type: 'resource_link', uri: 'notes://1' }, { type: 'resource' },
    { type: 'resource', resource: { uri: 'notes://1' } },
    { type: 'resource', resource: { text: 'a' } }, { type: 'video', data: 'AA==', mimeType: 'video/mp4' },
    { type: 'constructor', text: 'a' }
  ]

  for (const value of values) t.notOk(isContentBlock(value))
})

t.test('contents of a resource have a URI and a text or a blob', async (t) => {
  t.ok(isResourceContents({ uri: 'notes://1', text: '' }))
  t.ok(isResourceContents({ uri: 'notes://1', blob: '' }))
  for (const value of [undefined, [], { text: 'a' }, { uri: 1, text: 'a' }, { uri: 'notes://1', text: 1, blob: 2 }]) {
    t.notOk(isResourceContents(value))
  }
})

t.test('a text becomes a text block', async (t) => {
  t.strictSame(textBlock('a'), { type: 'text', text: 'a' })
})
