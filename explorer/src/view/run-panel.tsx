// What becomes of a run: progress, log messages, the result, or the error.
import type { JSX } from 'preact'
import type { CallToolResult, GetPromptResult, Progress, ReadResourceResult } from '@modelcontextprotocol/client'
import { Badge } from '../parts/badge.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { asRows, DataTable, type Rows } from '../parts/data-table.tsx'
import { formatDuration } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { JsonTree } from '../parts/json-tree.tsx'
import { Notice } from '../parts/notice.tsx'
import { Tabs, type Tab } from '../parts/tabs.tsx'
import { LongText, visible } from '../parts/text.tsx'
import { writeJson } from '../schema/json-text.ts'
import { cancelRun, type Run, type RunFailure, type RunResult } from '../state/runs.ts'
import { ContentBlock, ResourceBlock } from './content-block.tsx'
import { Log } from './log.tsx'
import { Message } from './message.tsx'

/** The newest run of an item. */
export function RunPanel ({ run }: { run: Run }): JSX.Element {
  const { result, failure, progress, log, duration } = run
  return (
    <section class='run' aria-label='Result'>
      <header class='run-head'>
        <h3>Result</h3>
        <span role='status'><Outcome run={run} /></span>
        {duration !== undefined && <span class='quiet'>{formatDuration(duration)}</span>}
        <span class='gap' />
        {duration === undefined && (
          <button type='button' class='button small' onClick={() => cancelRun(run.id)}>
            <Icon name='stop' /> Cancel
          </button>
        )}
        {result !== undefined && <CopyButton text={writeJson(result.value)} what='the result as JSON' />}
      </header>
      {duration === undefined && <ProgressBar progress={progress} />}
      {log.length > 0 && <Log entries={log} />}
      {failure !== undefined && run.wasCancelled !== true && <Failure failure={failure} />}
      {result !== undefined && <Result key={run.id} result={result} />}
    </section>
  )
}

function Outcome ({ run: { result, failure, wasCancelled } }: { run: Run }): JSX.Element {
  if (wasCancelled === true) return <Badge>cancelled</Badge>
  if (failure !== undefined) {
    return <Badge tone='bad'>{failure.code === undefined ? 'failed' : `error ${failure.code}`}</Badge>
  }
  if (result === undefined) return <Badge tone='accent'>running</Badge>
  return result.kind === 'tool' && result.value.isError === true
    ? <Badge tone='bad' title='The tool answered with isError: the model reads the text below'>tool error</Badge>
    : <Badge tone='good'>ok</Badge>
}

function ProgressBar ({ progress }: { progress: Progress | undefined }): JSX.Element {
  const { progress: done, total, message } = progress ?? {}
  const isKnown = done !== undefined && total !== undefined && total > 0
  return (
    <div class='progress'>
      <progress aria-label='Progress' {...(isKnown && { value: Math.min(done, total), max: total })} />
      <span class='quiet'>
        {done !== undefined && (isKnown ? `${Math.round(done / total * 100)}%` : String(done))}
        {message !== undefined && <bdi> {visible(message.slice(0, 300))}</bdi>}
      </span>
    </div>
  )
}

function Failure ({ failure: { message, code, data } }: { failure: RunFailure }): JSX.Element {
  return (
    <Notice tone='bad'>
      <p><strong>{code === undefined ? 'The request failed' : 'The server answered with an error'}</strong></p>
      <p dir='auto'>{visible(message.slice(0, 4000))}</p>
      {data !== undefined && <JsonTree value={data} />}
    </Notice>
  )
}

function Result ({ result }: { result: RunResult }): JSX.Element | null {
  const json: Tab = { id: 'json', label: 'JSON', render: () => <LongText text={writeJson(result.value)} isCode /> }
  return <Tabs tabs={[...listTabs(result), json]} label='Parts of the result' />
}

function listTabs (result: RunResult): readonly Tab[] {
  switch (result.kind) {
    case 'tool': return listToolTabs(result.value)
    case 'prompt': return [{ id: 'messages', label: 'Messages', render: () => <Messages prompt={result.value} /> }]
    default: return [{ id: 'contents', label: 'Contents', render: () => <Contents resource={result.value} /> }]
  }
}

function Contents ({ resource: { contents } }: { resource: ReadResourceResult }): JSX.Element {
  return <>{contents.map((part, index) => <ResourceBlock key={index} contents={part} />)}</>
}

function listToolTabs ({ content, structuredContent, isError }: CallToolResult): readonly Tab[] {
  const tabs: Tab[] = []
  if (structuredContent !== undefined) {
    tabs.push({ id: 'structured', label: 'Structured content', render: () => <Structured value={structuredContent} /> })
  }
  if (content.length > 0 || structuredContent === undefined) {
    tabs.push({
      id: 'content',
      label: isError === true ? 'What the model reads' : `Content (${content.length})`,
      render: () => content.length === 0
        ? <p class='quiet'>The result is empty.</p>
        : <>{content.map((block, index) => <ContentBlock key={index} block={block} />)}</>
    })
  }
  return isError === true ? tabs.reverse() : tabs
}

function Structured ({ value }: { value: unknown }): JSX.Element {
  const rows = asRows(value) ?? findRows(value)
  return (
    <>
      {rows !== undefined && <DataTable rows={rows} label='Structured content' />}
      <JsonTree value={value} />
    </>
  )
}

// Results often hold their rows in their only array.
function findRows (value: unknown): Rows | undefined {
  const arrays = Object.values(Object(value)).map(asRows).filter((rows) => rows !== undefined)
  return arrays.length === 1 ? arrays[0] : undefined
}

function Messages ({ prompt: { description, messages } }: { prompt: GetPromptResult }): JSX.Element {
  return (
    <>
      {description !== undefined && <p class='quiet' dir='auto'>{visible(description)}</p>}
      {messages.map((message, index) => <Message key={index} {...message} />)}
    </>
  )
}
