import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createTestClient } from 'fastify-mcp-mount/testing'
import { createApp } from '../src/app.ts'

const app = createApp()
const client = await createTestClient(app)
after(async () => {
  await client.close()
  await app.close()
})

test('a note that was added is listed', async () => {
  const added = await client.callTool({ name: 'add_note', arguments: { topic: 'shopping', text: 'Buy milk' } })
  assert.deepEqual(added.content, [{ type: 'text', text: 'Saved note 1 about shopping.' }])

  const listed = await client.callTool({ name: 'list_notes', arguments: { topic: 'shopping' } })
  assert.deepEqual(listed.structuredContent, { notes: ['Buy milk'] })
})

test('a topic without notes is an error that the model can read', async () => {
  const listed = await client.callTool({ name: 'list_notes', arguments: { topic: 'travel' } })

  assert.equal(listed.isError, true)
  assert.match(JSON.stringify(listed.content), /There is no note about travel/)
})

test('the topics are a resource', async () => {
  const { contents } = await client.readResource({ uri: 'notes://topics' })

  assert.deepEqual(contents, [{ uri: 'notes://topics', mimeType: 'application/json', text: '["shopping"]' }])
})

test('the prompt names its topic and its style', async () => {
  const { messages } = await client.getPrompt({ name: 'summarize', arguments: { topic: 'shopping', style: 'short' } })

  assert.deepEqual(messages, [
    { role: 'user', content: { type: 'text', text: 'Give me a short summary of my notes about shopping. Use the tool list_notes.' } }
  ])
})
