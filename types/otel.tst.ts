import Fastify from 'fastify'
import { expect, test } from 'tstyche'
import { otel, type OtelOptions } from '../lib/otel.ts'

test('otel is a plugin without options of its own', () => {
  expect(Fastify().register).type.toBeCallableWith(otel())
  expect(otel).type.toBeCallableWith({ captureArguments: true })
  expect(otel).type.not.toBeCallableWith({ captureArguments: 'yes' })
  expect<{ spans: false }>().type.toBeAssignableTo<OtelOptions>()
})
