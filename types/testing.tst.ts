import type { Client as ClientV2 } from '@modelcontextprotocol/client'
import type { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import Fastify from 'fastify'
import { expect, test } from 'tstyche'
import type { Era } from '../lib/index.ts'
import {
  createTestClient,
  injectFetch,
  RefusedError,
  type ClientOf,
  type ClientVersion,
  type TestClientOptions
} from '../lib/testing.ts'

const app = Fastify()
const era = 'legacy' as Era
const client = 'v1' as ClientVersion

test('the type of the client depends on the options client and era', () => {
  expect(createTestClient(app, 'Notes', { client: 'v1' })).type.toBe<Promise<ClientV1>>()
  expect(createTestClient(app, 'Notes', { client: 'v1', era: 'legacy' })).type.toBe<Promise<ClientV1>>()
  expect(createTestClient(app, 'Notes', { client: 'v2' })).type.toBe<Promise<ClientV2>>()
  expect(createTestClient(app, { era: 'modern' })).type.toBe<Promise<ClientV2>>()
  expect(createTestClient(app, { client })).type.toBe<Promise<ClientV1 | ClientV2>>()
})

test('without the option client, the type is that of the newest installed client', () => {
  expect(createTestClient(app)).type.toBe<Promise<ClientV2>>()
  expect(createTestClient(app, 'Notes')).type.toBe<Promise<ClientV2>>()
  expect(createTestClient(app, { auth: 'token' })).type.toBe<Promise<ClientV2>>()
  expect(createTestClient(app, 'Notes', { era: 'legacy' })).type.toBe<Promise<ClientV2>>()
  expect(createTestClient(app, 'Notes', { era })).type.toBe<Promise<ClientV2>>()
})

test('options that are unknown at compile time give a union of both clients', () => {
  expect<ClientOf<ClientVersion | undefined, Era | undefined>>().type.toBe<ClientV1 | ClientV2>()
})

test('elicit, sample and listRoots have the types of the protocol', () => {
  createTestClient(app, {
    elicit (params) {
      expect(params.message).type.toBe<string>()
      return { action: 'accept', content: { name: 'Ann' } }
    },
    sample: async ({ maxTokens }) => {
      expect(maxTokens).type.toBe<number>()
      return { model: 'm', role: 'assistant', content: { type: 'text', text: 'a' } }
    },
    listRoots: () => [{ uri: 'file:///notes' }]
  })
})

test('elicit and sample may be functions without parameters', () => {
  const elicit = () => ({ action: 'accept' as const, content: {} })

  expect(createTestClient(app, { elicit: () => ({ action: 'accept', content: {} }) })).type.toBe<Promise<ClientV2>>()
  expect(createTestClient(app, 'Notes', { elicit: () => ({ action: 'decline' }) })).type.toBe<Promise<ClientV2>>()
  expect(createTestClient(app, { client: 'v1', elicit: async () => ({ action: 'cancel' }) })).type.toBe<
    Promise<ClientV1>
  >()
  expect(createTestClient(app, {
    sample: () => ({ model: 'm', role: 'assistant', content: { type: 'text', text: 'a' } })
  })).type.toBe<Promise<ClientV2>>()
  expect(createTestClient(app, { elicit })).type.toBe<Promise<ClientV2>>()
  expect(createTestClient).type.not.toBeCallableWith(app, { elicit: () => ({ action: 'agree' }) })
})

test('an unknown or wrong option is not accepted', () => {
  expect(createTestClient).type.not.toBeCallableWith(app, 'Notes', { eras: 'modern' })
  expect(createTestClient).type.not.toBeCallableWith(app, { era: 'new' })
  expect(createTestClient).type.not.toBeCallableWith(app, 'Notes', { auth: { token: 'a' } })
  expect<TestClientOptions>().type.toBeAssignableFrom<{ headers: { 'x-user': 'ann' } }>()
})

test('injectFetch() returns a function with the type of fetch', () => {
  expect(injectFetch(app)).type.toBeAssignableTo<typeof fetch>()
  expect(injectFetch(app, { origin: 'https://app.example.com', headers: { 'x-user': 'ann' } })).type.toBeAssignableTo<
    typeof fetch
  >()
})

test('a RefusedError has a status, headers and a body', () => {
  expect<RefusedError['status']>().type.toBe<number>()
  expect<RefusedError['headers']>().type.toBe<Headers>()
  expect<RefusedError['body']>().type.toBe<unknown>()
  expect(RefusedError).type.not.toBeConstructableWith('no')
})
