// Many official clients that use one server at once, and note down all that they receive from it.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  type Progress,
  type Request
} from '@modelcontextprotocol/sdk/types.js'
import type { Test } from 'tap'
import { createGate, type Gate } from '../support/stream.ts'
import { LEVELS, Meeting, LONG_TIMEOUT, WAYS, type Stage } from './sdk-leak-server.ts'

/** The properties in which clients differ. */
interface Traits {
  readonly elicits: boolean
  readonly samples: boolean
  /** The least severe log message that it wants. */
  readonly level: typeof LEVELS[number]
  /** How it is asked. */
  readonly way: typeof WAYS[number]
  /** How it leaves its slow call. */
  readonly leaves: 'in the end' | 'by cancelling' | 'by going away'
}

/** A client. */
export interface Guest {
  readonly name: string
  readonly traits: Traits
  /** All that it has received. */
  readonly received: readonly string[]
  /** Takes down what it receives. */
  note (line: string): void
  readonly client: Client
  readonly cancel: AbortController
}

/** The moments that clients wait for together. */
interface Gathering {
  /** All slow calls have told that they go on. */
  readonly heard: Meeting
  /** All questions have come; none has been answered. */
  readonly asked: Meeting
  readonly updated: Meeting
  readonly answer: Gate
  /** Opened as soon as a client receives a message that is not its own. */
  readonly leak: Gate
}

/** The clients of one server. */
export interface Party { readonly guests: readonly Guest[], readonly gathering: Gathering }

/** How many of so many clients leave early. */
export function countLeaving (size: number): number {
  return allTraits(size).filter(({ leaves }) => leaves !== 'in the end').length
}

/** Connects clients to a server. */
export async function invite (t: Test, url: string, size: number): Promise<Party> {
  const traits = allTraits(size)
  const gathering: Gathering = {
    heard: new Meeting(size),
    asked: new Meeting(traits.filter(({ elicits }) => elicits).length + traits.filter(({ samples }) => samples).length),
    updated: new Meeting(size - traits.filter(({ leaves }) => leaves === 'by going away').length),
    answer: createGate(),
    leak: createGate()
  }
  const connectOne = (traits: Traits, index: number): Promise<Guest> =>
    connect(t, url, `client-${String(index).padStart(3, '0')}`, traits, gathering)
  const [last, ...others] = traits.map((traits, index) => () => connectOne(traits, index))
  const guests = await Promise.all(others.map((connectOther) => connectOther()))
  // The last client can be asked anything, so that a server that takes it for another client asks it.
  if (last !== undefined) guests.push(await last())
  return { guests, gathering }
}

function allTraits (size: number): readonly Traits[] {
  return Array.from({ length: size }, (_, index) => ({
    elicits: index % 4 < 2,
    samples: index % 2 === 0,
    level: LEVELS[(index >> 2) % LEVELS.length] ?? 'debug',
    way: WAYS[(index >> 4) % WAYS.length] ?? 'extra',
    leaves: index % 10 === 3 ? 'by cancelling' : index % 10 === 7 ? 'by going away' : 'in the end'
  }))
}

async function connect (
  t: Test, url: string, name: string, traits: Traits, { asked, answer, updated, leak }: Gathering
): Promise<Guest> {
  const { elicits, samples, level } = traits
  const received: string[] = []
  const note = (line: string): void => {
    received.push(line)
    if (isForeign(name, line)) leak.open()
  }
  const client = new Client(
    { name, version: '1.0.0' },
    { capabilities: { ...(elicits && { elicitation: {} }), ...(samples && { sampling: {} }) } }
  )
  // Takes any question, also those that a client of its kind must not be asked.
  client.fallbackRequestHandler = async (request) => {
    note(`question ${questionOf(request)}`)
    asked.arrive()
    await answer.promise
    return request.method === 'elicitation/create'
      ? { action: 'accept', content: { answer: name } }
      : { role: 'assistant', model: name, content: { type: 'text', text: name } }
  }
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params: { level, logger, data } }) =>
    note(`log ${level} ${logger} ${data}`)
  )
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params: { uri } }) => {
    note(`updated ${uri}`)
    updated.arrive()
  })

  const listening = createGate()
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    async fetch (url, init) {
      const response = await fetch(url, init)
      if (init?.method === 'GET') listening.open()
      return response
    }
  })
  t.teardown(() => client.close())
  // Its optional fields are not declared for exactOptionalPropertyTypes.
  await client.connect(transport as Transport)
  await listening.promise
  await client.setLoggingLevel(level)
  await client.subscribeResource({ uri: `note://${name}` })
  return { name, traits, received, note, client, cancel: new AbortController() }
}

// Both kinds of questions are a name, in the middle of much else.
function questionOf ({ method, params }: Request): string {
  return `${method} ${JSON.stringify(params).match(/client-\d+/g)?.join()}`
}

/** Lets all clients use the server at once. */
export async function useAtOnce ({ guests, gathering }: Party, stage: Stage): Promise<void> {
  const slow = guests.map((guest) => call(guest, 'slow', gathering.heard))
  const eliciting = guests.map((guest) => call(guest, 'elicit'))
  const sampling = guests.map((guest) => call(guest, 'sample'))
  await Promise.all([gathering.heard.complete, gathering.asked.complete])
  // Clients without the capability must not have been asked.
  await Promise.all([
    ...eliciting.filter((_, index) => !guests[index]?.traits.elicits),
    ...sampling.filter((_, index) => !guests[index]?.traits.samples)
  ])
  await Promise.all(guests.map((guest) => call(guest, 'fast')))

  for (const { traits: { leaves }, client, cancel } of guests) {
    if (leaves === 'by cancelling') cancel.abort()
    if (leaves === 'by going away') await client.close()
  }
  await stage.aborted.complete
  gathering.answer.open()
  await Promise.all([...eliciting, ...sampling])
  stage.release.open()
  await Promise.all(slow)

  const staying = guests.filter(({ traits }) => traits.leaves !== 'by going away')
  await Promise.all(staying.map((guest) => call(guest, 'touch')))
  await gathering.updated.complete
  // Messages on their way to a client arrive before the answer to a later request.
  await Promise.all(staying.map((guest) => call(guest, 'fast')))
}

async function call (
  { name, traits: { way }, note, client, cancel }: Guest, tool: string, heard?: Meeting
): Promise<void> {
  const onprogress = ({ progress, message }: Progress): void => {
    note(`progress ${message}`)
    if (progress === 2) heard?.arrive()
  }
  const options = heard === undefined ? LONG_TIMEOUT : { ...LONG_TIMEOUT, onprogress, signal: cancel.signal }
  try {
    const { content } = await client.callTool({ name: tool, arguments: { name, way } }, undefined, options)
    note(`${tool} ${JSON.stringify(content)}`)
  } catch {
    note(`${tool} ended without an answer`)
  }
}

/** The messages that a client should have received, in any order. */
export function expectedOf ({ name, traits: { elicits, samples, level, leaves } }: Guest): readonly string[] {
  const stays = leaves !== 'by going away'
  const answer = (tool: string, text: string, answered = stays): string =>
    answered ? `${tool} ${JSON.stringify([{ type: 'text', text }])}` : `${tool} ended without an answer`
  const asked = (can: boolean): string => `${name} asked: ${can ? name : 'refused'}`
  const fast = answer('fast', `${name} is ${name}, elicitation: ${elicits}, sampling: ${samples}`, true)

  return [
    `progress ${name} waits`,
    `progress ${name} goes on`,
    ...LEVELS.slice(LEVELS.indexOf(level)).flatMap((level) => WAYS.map((way) => `log ${level} ${way} ${name}`)),
    ...(elicits ? [`question elicitation/create ${name}`] : []),
    ...(samples ? [`question sampling/createMessage ${name}`] : []),
    answer('elicit', asked(elicits), stays || !elicits),
    answer('sample', asked(samples), stays || !samples),
    fast,
    answer('slow', name, leaves === 'in the end'),
    ...(stays ? [answer('touch', name), `updated note://${name}`, fast] : [])
  ].sort()
}

/** The messages that clients have received although they concern or come from another client. */
export function findLeaks ({ guests }: Party): readonly string[] {
  return guests.flatMap(({ name, received }) =>
    received.filter((line) => isForeign(name, line)).map((line) => `${name} received: ${line}`)
  )
}

function isForeign (name: string, line: string): boolean {
  return line.replaceAll(name, '').includes('client-')
}
