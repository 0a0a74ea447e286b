// The app of a tool: a frame without an origin, what the app gets of a call, and what it says.
import type { AppBridge } from '@modelcontextprotocol/ext-apps/app-bridge'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import type { Tool } from '@modelcontextprotocol/client'
import { Badge } from '../parts/badge.tsx'
import { Notice } from '../parts/notice.tsx'
import { visible } from '../parts/text.tsx'
import type { Connection } from '../state/connection.ts'
import { messageOf } from '../state/problem.ts'
import type { Run } from '../state/runs.ts'
import { readApp, type ToolApp } from '../state/tool-app.ts'
import { theme } from '../view/theme.ts'
import { createAppHost, type AppEvent } from './app-host.ts'

interface AppViewProps {
  readonly connection: Connection
  readonly tool: Tool
  readonly uri: string
  readonly run: Run
}

/** The app of a tool, for one run. */
export function AppView ({ connection, tool, uri, run }: AppViewProps): JSX.Element {
  const [app, setApp] = useState<ToolApp>()
  const [problem, setProblem] = useState<string>()
  useEffect(() => {
    let isCurrent = true
    readApp(connection, uri).then(
      (read) => { if (isCurrent) setApp(read) },
      (error: unknown) => { if (isCurrent) setProblem(messageOf(error)) }
    )
    return () => { isCurrent = false }
  }, [connection, uri])
  if (problem !== undefined) {
    return <Notice tone='bad'><p>The app of this tool cannot be shown: {visible(problem.slice(0, 1000))}</p></Notice>
  }
  return app === undefined ? <p class='quiet'>…</p> : <Frame connection={connection} tool={tool} app={app} run={run} />
}

const MAX_EVENTS = 100
const MAX_HEIGHT = 2000
const MIN_HEIGHT = 40

function Frame (
  { connection, tool, app, run }: Omit<AppViewProps, 'uri'> & { readonly app: ToolApp }
): JSX.Element {
  const [bridge, setBridge] = useState<AppBridge>()
  const [isReady, setReady] = useState(false)
  const [height, setHeight] = useState(240)
  const [events, setEvents] = useState<readonly AppEvent[]>([])
  const host = useRef<Promise<AppBridge> | undefined>(undefined)

  // The frame is loaded twice: first empty, and then with the document of the app.
  const start = async (frame: Window): Promise<void> => {
    if (host.current !== undefined) return
    host.current = createAppHost({ connection, tool, frame, theme: theme.peek() }, {
      onReady: () => setReady(true),
      onHeight: (wanted) => setHeight(Math.min(Math.max(Math.ceil(wanted), MIN_HEIGHT), MAX_HEIGHT)),
      onEvent: (event) => setEvents((known) => [...known, event].slice(-MAX_EVENTS))
    })
    setBridge(await host.current)
    // The frame has an opaque origin, which no string names.
    frame.postMessage({ html: app.html }, '*')
  }
  useEffect(() => () => { host.current?.then((opened) => opened.close()) }, [])
  useEffect(() => { bridge?.setHostContext({ theme: theme.value }) }, [bridge, theme.value])
  useRunMessages(isReady ? bridge : undefined, run)
  return (
    <figure class='app-frame'>
      <iframe
        title={`App of ${visible(tool.name.slice(0, 100))}`} src={app.frame} height={height}
        sandbox='allow-scripts allow-forms' referrerpolicy='no-referrer'
        onLoad={({ currentTarget: { contentWindow } }) => { if (contentWindow !== null) start(contentWindow) }}
      />
      {events.length > 0 && <Events events={events} />}
    </figure>
  )
}

// MCP Apps 2026-01-26, Data Passing: the arguments come before the result, each once.
function useRunMessages (bridge: AppBridge | undefined, { args, result, failure }: Run): void {
  useEffect(() => { bridge?.sendToolInput({ arguments: { ...args } }) }, [bridge])
  useEffect(() => {
    if (result?.kind === 'tool') bridge?.sendToolResult(result.value)
    else if (failure !== undefined) bridge?.sendToolCancelled({ reason: failure.message })
  }, [bridge, result, failure])
}

const MEANING: Readonly<Record<AppEvent['kind'], string>> = {
  message: 'speaks for the user', context: 'tells the model', link: 'wants to open a page', log: 'logs'
}

function Events ({ events }: { events: readonly AppEvent[] }): JSX.Element {
  return (
    <div class='log' role='log' tabIndex={0} aria-label='What the app says'>
      {events.map(({ kind, text }, index) => (
        <div key={index} class='log-line'>
          <Badge title={`The app ${MEANING[kind]}`}>{kind}</Badge>
          {kind === 'link' && /^https?:\/\//i.test(text)
            ? <a href={text} target='_blank' rel='noreferrer noopener'><bdi>{visible(text.slice(0, 2000))}</bdi></a>
            : <bdi>{visible(text.slice(0, 2000))}</bdi>}
        </div>
      ))}
    </div>
  )
}
