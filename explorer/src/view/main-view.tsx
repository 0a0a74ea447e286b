// What the middle of the page shows: an item, the overview of its mount, or why there is neither.
import type { JSX, TargetedEvent } from 'preact'
import { Boundary } from '../parts/boundary.tsx'
import { Notice } from '../parts/notice.tsx'
import { visible } from '../parts/text.tsx'
import type { Connection } from '../state/connection.ts'
import { connection, pathValues } from '../state/current.ts'
import { currentMount, mounts } from '../state/mounts.ts'
import { place } from '../state/place.ts'
import { Overview } from './overview.tsx'
import { ProblemView } from './problem-view.tsx'
import { PromptPage } from './prompt-page.tsx'
import { ResourcePage } from './resource-page.tsx'
import { TemplatePage } from './template-page.tsx'
import { ToolPage } from './tool-page.tsx'

/** The middle of the page. */
export function MainView (): JSX.Element {
  const shown = connection.value
  if (mounts.value.length === 0) return <NoMounts />
  if (shown === undefined) return <PathValues />
  return (
    <>
      <ProblemView connection={shown} />
      <Boundary key={`${shown.mount.name} ${place.value.kind} ${place.value.name}`} instead={<Broken />}>
        <Item connection={shown} />
      </Boundary>
    </>
  )
}

function NoMounts (): JSX.Element {
  return (
    <Notice title='Nothing is mounted'>
      <p>Register the plugin of fastify-mcp-mount with a server, and reload this page.</p>
    </Notice>
  )
}

// The path of a mount may have parameters, such as /:tenant/mcp.
function PathValues (): JSX.Element | null {
  const mount = currentMount.value
  if (mount === undefined) return null
  const connect = (event: TargetedEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const given = mount.params.map((name, index) => [name, new FormData(event.currentTarget).get(`path-${index}`)])
    pathValues.value = { ...pathValues.peek(), ...Object.fromEntries(given) }
  }
  return (
    <Notice title={visible(mount.path)}>
      <p>Fill in the parameters of this path to connect.</p>
      <form class='path-values' onSubmit={connect}>
        {mount.params.map((name, index) => (
          <div key={name} class='field'>
            <label class='field-label' for={`path-${index}`}><code>{visible(name)}</code></label>
            <input
              id={`path-${index}`} name={`path-${index}`} class='input' required autocomplete='off'
              defaultValue={pathValues.peek()[name] ?? ''}
            />
          </div>
        ))}
        <button type='submit' class='button primary'>Connect</button>
      </form>
    </Notice>
  )
}

function Broken (): JSX.Element {
  return (
    <Notice tone='bad' title='This cannot be shown'>
      <p>The server has sent something that the page cannot read. The activity shows what it was.</p>
    </Notice>
  )
}

function Item ({ connection: shown }: { connection: Connection }): JSX.Element | null {
  const { kind, name } = place.value
  if (kind === undefined || name === undefined) return <Overview connection={shown} />
  // While the page connects, the lists are not complete.
  const missing = shown.status.value === 'connecting' ? null : <Missing kind={kind} name={name} />
  switch (kind) {
    case 'tool': {
      const tool = shown.tools.value?.find((one) => one.name === name)
      return tool === undefined ? missing : <ToolPage connection={shown} tool={tool} />
    }
    case 'prompt': {
      const prompt = shown.prompts.value?.find((one) => one.name === name)
      return prompt === undefined ? missing : <PromptPage connection={shown} prompt={prompt} />
    }
    case 'template': {
      const template = shown.templates.value?.find((one) => one.uriTemplate === name)
      return template === undefined ? missing : <TemplatePage connection={shown} template={template} />
    }
    case 'resource': {
      if (shown.resources.value === undefined) return null
      const resource = shown.resources.value.find(({ uri }) => uri === name)
      return <ResourcePage connection={shown} uri={name} resource={resource} />
    }
  }
}

function Missing ({ kind, name }: { kind: string, name: string }): JSX.Element {
  return (
    <Notice title={<>There is no {kind} <bdi>{visible(name)}</bdi></>}>
      <p>The server may have removed it.</p>
    </Notice>
  )
}
