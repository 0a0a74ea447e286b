// The page: the bar, the list, the item that is chosen, and the activity.
import { useEffect, useRef } from 'preact/hooks'
import type { JSX } from 'preact'
import { Boundary } from '../parts/boundary.tsx'
import { Icon } from '../parts/icon.tsx'
import { lazyPart } from '../parts/lazy.tsx'
import { visible } from '../parts/text.tsx'
import type { Connection } from '../state/connection.ts'
import { connection, pathValues } from '../state/current.ts'
import { currentMount, isLiveShown, mounts } from '../state/mounts.ts'
import { go, place } from '../state/place.ts'
import { Activity, isActivityShown } from './activity.tsx'
import { Overview } from './overview.tsx'
import { ProblemView } from './problem-view.tsx'
import { PromptPage } from './prompt-page.tsx'
import { Questions } from './questions.tsx'
import { ResourcePage, TemplatePage } from './resource-page.tsx'
import { focusSearch, SideList } from './side-list.tsx'
import { ToolPage } from './tool-page.tsx'
import { TopBar } from './top-bar.tsx'

const LivePage = lazyPart(async () => (await import('../live/live-page.tsx')).LivePage, () => <p class='quiet'>…</p>)

/** The page. */
export function App (): JSX.Element {
  const isLive = isLiveShown.value
  const hasItem = place.value.kind !== undefined && !isLive
  const main = useRef<HTMLElement>(null)
  const had = useRef(hasItem)
  useEffect(listenToKeys, [])
  useEffect(() => {
    // On a phone the list and the item take each other's place, and the focus with them.
    if (had.current !== hasItem && document.activeElement === document.body) main.current?.focus()
    had.current = hasItem
  }, [hasItem])
  const classes = ['shell', hasItem && 'has-item', isLive && 'is-live', isActivityShown.value && 'has-activity']
  return (
    <div class={classes.filter(Boolean).join(' ')}>
      <button type='button' class='button skip' onClick={() => main.current?.focus()}>Skip to the content</button>
      <TopBar />
      {!isLive && <SideList />}
      <main class='main' tabIndex={-1} ref={main}>
        {hasItem && (
          <button type='button' class='button small back' onClick={goToList}>
            <Icon name='back' /> All
          </button>
        )}
        {isLive ? <LivePage /> : <Main />}
      </main>
      {isActivityShown.value && <Activity />}
      <Questions />
    </div>
  )
}

function goToList (): void {
  const { mount, era } = place.peek()
  go({ mount, era })
}

function listenToKeys (): () => void {
  const onKey = (event: KeyboardEvent): void => {
    const target = event.target as Element
    const hasModifier = event.ctrlKey || event.metaKey
    // As on other sites of documentation, a slash goes to the search.
    if (event.key === '/' && !hasModifier && !/^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) {
      event.preventDefault()
      focusSearch()
    }
    if (event.key === 'Enter' && hasModifier) {
      event.preventDefault()
      const scope = document.querySelector('dialog[open]') ?? document.querySelector('main')
      const form = target.closest('form') ?? scope?.querySelector('form')
      form?.requestSubmit()
    }
  }
  document.addEventListener('keydown', onKey)
  return () => document.removeEventListener('keydown', onKey)
}

function Main (): JSX.Element | null {
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

function Broken (): JSX.Element {
  return (
    <div class='notice bad' role='alert'>
      <h2>This cannot be shown</h2>
      <p>The server has sent something that the page cannot read. The activity shows what it was.</p>
    </div>
  )
}

function NoMounts (): JSX.Element {
  return (
    <div class='notice'>
      <h2>Nothing is mounted</h2>
      <p>Register the plugin of fastify-mcp-mount with a server, and reload this page.</p>
    </div>
  )
}

// The path of a mount may have parameters, such as /:tenant/mcp.
function PathValues (): JSX.Element | null {
  const mount = currentMount.value
  if (mount === undefined) return null
  return (
    <div class='notice'>
      <h2>{visible(mount.path)}</h2>
      <p>The path of this mount has parameters.</p>
      {mount.params.map((name) => (
        <div key={name} class='field'>
          <label class='field-label' for={`path-${name}`}><code>{name}</code></label>
          <input
            id={`path-${name}`} class='input' defaultValue={pathValues.peek()[name] ?? ''}
            onChange={(event) => { pathValues.value = { ...pathValues.peek(), [name]: event.currentTarget.value } }}
          />
        </div>
      ))}
    </div>
  )
}

function Item ({ connection: shown }: { connection: Connection }): JSX.Element | null {
  const { kind, name } = place.value
  if (kind === undefined || name === undefined) return <Overview connection={shown} />
  // The tools may be there before all else.
  const missing = shown.status.value === 'connecting' ? null : <Missing what={kind} name={name} />
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

function Missing ({ what, name }: { what: string, name: string }): JSX.Element {
  return (
    <div class='notice'>
      <h2>There is no {what} <bdi>{visible(name)}</bdi></h2>
      <p>The server may have removed it.</p>
    </div>
  )
}
