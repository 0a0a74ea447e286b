// One tool: what it does, and a form to call it.
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import type { Tool } from '@modelcontextprotocol/client'
import { AnnotationBadges, Badge } from '../parts/badge.tsx'
import { Icon } from '../parts/icon.tsx'
import { lazyPart } from '../parts/lazy.tsx'
import { Tabs, type Tab } from '../parts/tabs.tsx'
import { LongText, visible } from '../parts/text.tsx'
import { asSchema, isObject } from '../schema/json-schema.ts'
import { parseJson, writeJson } from '../schema/json-text.ts'
import { withoutSecrets } from '../schema/secrets.ts'
import { estimateTokens, formatTokens } from '../schema/tokens.ts'
import type { Connection } from '../state/connection.ts'
import { amend, place } from '../state/place.ts'
import { lastRunOf, startRun, type Args } from '../state/runs.ts'
import { appUriOf } from '../state/tool-app.ts'
import { Arguments, prepareForm } from './arguments.tsx'
import { CopyAs } from './copy-as.tsx'
import { ItemHead } from './item-head.tsx'
import { RunPanel } from './run-panel.tsx'
import { SchemaTable } from './schema-table.tsx'

const AppView = lazyPart(async () => (await import('../app/app-view.tsx')).AppView)

/** One tool. */
export function ToolPage ({ connection, tool }: { connection: Connection, tool: Tool }): JSX.Element {
  const { name, inputSchema } = tool
  const schema = useMemo(() => asSchema(inputSchema), [inputSchema])
  const [args, setArgs] = useState<Args>(readArgs)
  const run = lastRunOf(connection.mount.name, 'tool', name)
  const appUri = appUriOf(tool)
  const formId = 'call-form'
  const isConnected = connection.server.value !== undefined
  useEffect(prepareForm, [])

  const call = (given: Args): void => {
    setArgs(given)
    rememberArgs(withoutSecrets(schema, given))
    startRun(connection, { kind: 'tool', name, args: given })
  }
  return (
    <article class='item'>
      <ItemHead
        kind='tool' name={name} title={tool.title ?? tool.annotations?.title} description={tool.description}
        meta={tool._meta}
      >
        <AnnotationBadges annotations={tool.annotations} />
        {appUri !== undefined && <Badge tone='accent' title='Its result has a user interface'>app</Badge>}
        <Badge title='Estimated tokens that a model reads for this tool'>
          {formatTokens(estimateTokens(tool))} tokens
        </Badge>
      </ItemHead>
      <div class='workbench'>
        <section class='panel' aria-label='Call'>
          <Arguments
            key={name} id={formId} schema={schema} value={args} onChange={setArgs} onSubmit={call}
            renderActions={(isReady) => (
              <button
                type='submit' form={formId} class='button primary'
                aria-keyshortcuts='Control+Enter' disabled={!isConnected || !isReady}
              >
                <Icon name='play' /> Call
              </button>
            )}
          />
        </section>
        <div class='panel results'>
          {run === undefined
            ? <p class='quiet empty'>The result appears here.</p>
            : (
              <>
                {appUri !== undefined && (
                  <AppView key={run.id} connection={connection} tool={tool} uri={appUri} run={run} />
                )}
                <RunPanel run={run} />
              </>
              )}
        </div>
      </div>
      <Tabs label='About this tool' tabs={listTabs(connection, tool, args)} />
    </article>
  )
}

function listTabs (connection: Connection, tool: Tool, args: Args): readonly Tab[] {
  const { name, inputSchema, outputSchema } = tool
  const schema = asSchema(inputSchema)
  return [
    { id: 'input', label: 'Input', render: () => <SchemaTable schema={schema} label={`Input of ${visible(name)}`} /> },
    ...outputSchema === undefined
      ? []
      : [{
          id: 'output',
          label: 'Output',
          render: () => <SchemaTable schema={asSchema(outputSchema)} label={`Output of ${visible(name)}`} />
        }],
    {
      id: 'copy',
      label: 'Copy as',
      render: () => <CopyAs connection={connection} name={name} schema={schema} args={args} />
    },
    { id: 'definition', label: 'Definition', render: () => <LongText text={writeJson(tool)} isCode /> }
  ]
}

function readArgs (): Args {
  const value = parseJson(place.peek().args ?? '')
  return isObject(value) ? value : {}
}

const LONGEST_URL = 2000

// The URL of the page restores the call. Arguments that are too long for a URL are left out.
function rememberArgs (args: Args): void {
  const text = JSON.stringify(args)
  amend({ args: text === '{}' || text.length > LONGEST_URL ? undefined : text })
}
