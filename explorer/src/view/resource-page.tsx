// One resource: read it, and watch it change.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { JSX, TargetedEvent } from 'preact'
import type { Resource } from '@modelcontextprotocol/client'
import { Badge } from '../parts/badge.tsx'
import { formatBytes, formatCount } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { visible } from '../parts/text.tsx'
import type { Connection } from '../state/connection.ts'
import { messageOf } from '../state/problem.ts'
import { lastRunOf, startRun } from '../state/runs.ts'
import { Definition } from './definition.tsx'
import { ItemHead } from './item-head.tsx'
import { RunPanel } from './run-panel.tsx'

interface ResourcePageProps {
  readonly connection: Connection
  readonly uri: string
  /** Undefined if no list of the server has it: it may be the target of a link. */
  readonly resource: Resource | undefined
}

/** One resource. */
export function ResourcePage ({ connection, uri, resource }: ResourcePageProps): JSX.Element {
  const run = lastRunOf(connection.mount.name, 'resource', uri)
  const read = (): void => { startRun(connection, { kind: 'resource', name: uri, args: {} }) }
  useEffect(read, [connection, uri])
  return (
    <article class='item'>
      <ItemHead
        kind='resource' name={uri} title={resource?.title ?? resource?.name} description={resource?.description}
        meta={resource?._meta}
      >
        {resource?.mimeType !== undefined && <Badge>{visible(resource.mimeType)}</Badge>}
        {resource?.size !== undefined && <Badge>{formatBytes(resource.size)}</Badge>}
        {resource === undefined && <Badge title='No list of the server has this URI'>not listed</Badge>}
      </ItemHead>
      <div class='actions'>
        <button type='button' class='button primary' onClick={read}><Icon name='play' /> Read</button>
        {connection.server.value?.capabilities.resources?.subscribe === true &&
          <Watch connection={connection} uri={uri} onChange={read} />}
      </div>
      <div class='panel results'>{run !== undefined && <RunPanel run={run} />}</div>
      {resource !== undefined && <Definition item={resource} />}
    </article>
  )
}

interface WatchProps {
  readonly connection: Connection
  readonly uri: string
  onChange (): void
}

/** A switch that watches a resource, and tells when it has changed. */
function Watch ({ connection, uri, onChange }: WatchProps): JSX.Element {
  const [isOn, setOn] = useState(false)
  const [problem, setProblem] = useState<string>()
  const count = connection.updates.value[uri] ?? 0
  const countBefore = useRef(count)
  const changes = count - countBefore.current

  useEffect(() => {
    if (!isOn) return
    const subscription = subscribe(connection, uri)
    subscription.catch((error: unknown) => {
      setProblem(messageOf(error))
      setOn(false)
    })
    // The server may answer after the user has gone elsewhere.
    return () => { subscription.then((unsubscribe) => unsubscribe()).catch(() => {}) }
  }, [isOn, connection, uri])
  useEffect(() => { if (changes > 0) onChange() }, [changes])

  const toggle = (event: TargetedEvent<HTMLInputElement>): void => {
    setProblem(undefined)
    setOn(event.currentTarget.checked)
  }
  return (
    <>
      <label class='check'><input type='checkbox' checked={isOn} onChange={toggle} /> Watch</label>
      <span role='status' class='quiet'>
        {problem !== undefined ? visible(problem) : changes > 0 && `changed ${formatCount(changes, 'time')}`}
      </span>
    </>
  )
}

/** Subscribes to a resource. Resolves to what ends the subscription. */
async function subscribe ({ client, server }: Connection, uri: string): Promise<() => Promise<unknown>> {
  if (server.peek()?.era === 'modern') {
    const subscription = await client.listen({ resourceSubscriptions: [uri] })
    return async () => await subscription.close()
  }
  await client.subscribeResource({ uri })
  return async () => await client.unsubscribeResource({ uri })
}
