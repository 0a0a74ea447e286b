// One template of resources: its variables with completions, and the resource that they lead to.
import { useState } from 'preact/hooks'
import type { JSX } from 'preact'
import type { ResourceTemplateType, UriTemplate } from '@modelcontextprotocol/client'
import { Badge } from '../parts/badge.tsx'
import { Icon } from '../parts/icon.tsx'
import { visible } from '../parts/text.tsx'
import type { Connection } from '../state/connection.ts'
import { official } from '../state/load-client.ts'
import { lastRunOf, startRun } from '../state/runs.ts'
import { CompletingFields, type FieldValues } from './completing-fields.tsx'
import { Definition } from './definition.tsx'
import { ItemHead } from './item-head.tsx'
import { RunPanel } from './run-panel.tsx'

interface TemplatePageProps {
  readonly connection: Connection
  readonly template: ResourceTemplateType
}

/** One template. */
export function TemplatePage ({ connection, template }: TemplatePageProps): JSX.Element {
  const { uriTemplate, title, name, description, mimeType } = template
  const [values, setValues] = useState<FieldValues>({})
  const parsed = parseTemplate(uriTemplate)
  const uri = parsed?.expand({ ...values }) ?? uriTemplate
  const isFilled = Object.values(values).some((value) => value !== '')
  const run = lastRunOf(connection.mount.name, 'resource', uri)
  const read = (event: Event): void => {
    event.preventDefault()
    startRun(connection, { kind: 'resource', name: uri, args: {} })
  }
  return (
    <article class='item'>
      <ItemHead
        kind='template' name={uriTemplate} title={title ?? name} description={description} meta={template._meta}
      >
        {mimeType !== undefined && <Badge>{visible(mimeType)}</Badge>}
      </ItemHead>
      <div class='workbench'>
        <form class='panel' onSubmit={read}>
          <h3>Variables</h3>
          <CompletingFields
            connection={connection} reference={{ type: 'ref/resource', uri: uriTemplate }}
            fields={parsed?.variableNames.map((variable) => ({ name: variable })) ?? []}
            values={values} onChange={setValues}
          />
          <p class='expanded'><code><bdi>{visible(isFilled ? uri : uriTemplate)}</bdi></code></p>
          <button type='submit' class='button primary'><Icon name='play' /> Read</button>
        </form>
        <div class='panel results'>
          {run === undefined ? <p class='quiet empty'>The contents appear here.</p> : <RunPanel run={run} />}
        </div>
      </div>
      <Definition item={template} />
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
