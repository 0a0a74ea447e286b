// One resource, or one template of resources: read it, and watch it change.
import { useEffect, useState } from 'preact/hooks'
import type { JSX, TargetedEvent } from 'preact'
import type { McpSubscription, Resource, ResourceTemplateType, UriTemplate } from '@modelcontextprotocol/client'
import { Badge } from '../parts/badge.tsx'
import { Icon } from '../parts/icon.tsx'
import { formatBytes, LongText, visible } from '../parts/text.tsx'
import { writeJson } from '../schema/json-text.ts'
import type { Connection } from '../state/connection.ts'
import { official } from '../state/load-client.ts'
import { lastRunOf, startRun } from '../state/runs.ts'
import { CompletingInput } from './completing-input.tsx'
import { ItemHead } from './item-head.tsx'
import { RunPanel } from './run-panel.tsx'

/** One resource. Lists need not have it: it may be the target of a link. */
export function ResourcePage (
  { connection, uri, resource }: { connection: Connection, uri: string, resource: Resource | undefined }
): JSX.Element {
  const run = lastRunOf(connection.mount.name, 'resource', uri)
  const read = (): void => { startRun(connection, { kind: 'resource', name: uri, args: {} }) }
  useEffect(read, [connection, uri])
  return (
    <article class='item'>
      <ItemHead
        kind='resource' name={uri} title={resource?.title ?? resource?.name} description={resource?.description}
      >
        {resource?.mimeType !== undefined && <Badge>{visible(resource.mimeType)}</Badge>}
        {resource?.size !== undefined && <Badge>{formatBytes(resource.size)}</Badge>}
        {resource === undefined && <Badge title='No list of the server has this URI'>not listed</Badge>}
      </ItemHead>
      <div class='actions'>
        <button type='button' class='button primary' onClick={read}><Icon name='play' /> Read</button>
        <Watch connection={connection} uri={uri} onChange={read} />
      </div>
      <div class='panel results'>{run !== undefined && <RunPanel run={run} />}</div>
      {resource !== undefined && (
        <details class='raw'><summary>Definition</summary><LongText text={writeJson(resource)} isCode /></details>
      )}
    </article>
  )
}

/** A switch that watches a resource, and reads it again when it has changed. */
function Watch (
  { connection, uri, onChange }: { connection: Connection, uri: string, onChange: () => void }
): JSX.Element | null {
  const [isOn, setOn] = useState(false)
  const [problem, setProblem] = useState<string>()
  const count = connection.updates.value[uri] ?? 0

  useEffect(() => {
    if (!isOn) return
    let subscription: McpSubscription | undefined
    const { client } = connection
    const isModern = connection.server.peek()?.era === 'modern'
    const subscribe = async (): Promise<void> => {
      if (isModern) subscription = await client.listen({ resourceSubscriptions: [uri] })
      else await client.subscribeResource({ uri })
    }
    subscribe().catch((error: unknown) => {
      setProblem((error as Error).message)
      setOn(false)
    })
    return () => {
      if (isModern) subscription?.close()
      else client.unsubscribeResource({ uri }).catch(() => {})
    }
  }, [isOn, connection, uri])
  useEffect(() => { if (count > 0) onChange() }, [count])

  if (connection.server.value?.capabilities.resources?.subscribe !== true) return null
  const change = (event: TargetedEvent<HTMLInputElement>): void => {
    setProblem(undefined)
    setOn(event.currentTarget.checked)
  }
  return (
    <>
      <label class='check'>
        <input type='checkbox' checked={isOn} onChange={change} />
        Watch
      </label>
      <span role='status' class='quiet'>
        {problem !== undefined ? visible(problem) : count > 0 && `changed ${count} times`}
      </span>
    </>
  )
}

/** One template: its variables in a form. */
export function TemplatePage (
  { connection, template }: { connection: Connection, template: ResourceTemplateType }
): JSX.Element {
  const { uriTemplate, title, name, description, mimeType } = template
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const parsed = parseTemplate(uriTemplate)
  const uri = parsed?.expand({ ...values }) ?? uriTemplate
  const run = lastRunOf(connection.mount.name, 'resource', uri)
  const ref = { type: 'ref/resource', uri: uriTemplate } as const
  const read = (event: Event): void => {
    event.preventDefault()
    startRun(connection, { kind: 'resource', name: uri, args: {} })
  }
  return (
    <article class='item'>
      <ItemHead kind='template' name={uriTemplate} title={title ?? name} description={description}>
        {mimeType !== undefined && <Badge>{visible(mimeType)}</Badge>}
      </ItemHead>
      <form class='panel' onSubmit={read}>
        {parsed?.variableNames.map((variable) => (
          <CompletingInput
            key={variable} label={variable} isRequired={false}
            value={values[variable] ?? ''} onChange={(value) => setValues({ ...values, [variable]: value })}
            complete={connection.server.value?.capabilities.completions === undefined
              ? undefined
              : (value) => complete(connection, ref, { name: variable, value }, values)}
          />
        ))}
        <p class='expanded'><code><bdi>{visible(uri)}</bdi></code></p>
        <button type='submit' class='button primary'><Icon name='play' /> Read</button>
      </form>
      <div class='panel results'>{run !== undefined && <RunPanel run={run} />}</div>
    </article>
  )
}

function parseTemplate (text: string): UriTemplate | undefined {
  try {
    return official && new official.UriTemplate(text)
  } catch {
    return undefined
  }
}

type Reference = Parameters<Connection['client']['complete']>[0]['ref']

/** Asks the server for completions of an argument. */
export async function complete (
  connection: Connection, ref: Reference, argument: { readonly name: string, readonly value: string },
  others: Readonly<Record<string, string>>
): Promise<readonly string[]> {
  const { [argument.name]: _own, ...context } = others
  const { completion } = await connection.client.complete({ ref, argument, context: { arguments: context } })
  return completion.values
}
