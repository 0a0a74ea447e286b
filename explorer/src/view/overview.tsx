// What a mount is: its server, where it is, what it can, and how clients connect to it.
import type { ComponentChildren, JSX } from 'preact'
import type { DescribedServer } from '../../../lib/explorer/description.ts'
import { listConnecting, type Connecting } from '../../../lib/explorer/connect.ts'
import { Badge } from '../parts/badge.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { CopyableCode } from '../parts/copyable-code.tsx'
import { formatCount } from '../parts/format.ts'
import { JsonTree } from '../parts/json-tree.tsx'
import { Markdown } from '../parts/lazy-markdown.ts'
import { SafeLink } from '../parts/safe-link.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { visible } from '../parts/text.tsx'
import { estimateTokens, formatTokens } from '../schema/tokens.ts'
import type { Connection } from '../state/connection.ts'
import { Roots } from './roots.tsx'

/** What a mount is. */
export function Overview ({ connection }: { connection: Connection }): JSX.Element {
  const { mount, url } = connection
  const server = connection.server.value
  const info = server?.info ?? mount.info
  const about: Partial<DescribedServer> = info ?? {}
  const shownUrl = mount.publicUrl.startsWith('http') && mount.params.length === 0 ? mount.publicUrl : url.href
  return (
    <article class='item overview'>
      <header class='item-head'>
        <div class='item-title'><h2><bdi>{visible(info?.title ?? info?.name ?? mount.name)}</bdi></h2></div>
        {info !== undefined && <p class='subtitle'><bdi>{visible(info.name)}</bdi> {visible(info.version)}</p>}
        {about.description !== undefined && (
          <p class='description' dir='auto'>{visible(about.description.slice(0, MAX_DESCRIPTION))}</p>
        )}
        {about.websiteUrl !== undefined && (
          <p><SafeLink href={about.websiteUrl}>{visible(about.websiteUrl.slice(0, MAX_DESCRIPTION))}</SafeLink></p>
        )}
        <div class='url-line'><code>{shownUrl}</code><CopyButton text={shownUrl} what='the URL' /></div>
      </header>
      <dl class='facts'>
        <Fact name='Eras'>
          {mount.eras.map((era) => <Badge key={era} tone={era === server?.era ? 'accent' : 'plain'}>{era}</Badge>)}
        </Fact>
        <Fact name='Revision'>{server?.revision ?? '…'}</Fact>
        <Fact name='Authentication'><Authentication connection={connection} /></Fact>
        <Fact name='Transport'>
          {mount.hasStreams ? 'JSON and event streams' : 'JSON only'}
          {mount.eras.includes('legacy') && (mount.hasSessions ? ', with sessions' : ', without sessions')}
        </Fact>
        <Fact name='Offers'><Offers connection={connection} /></Fact>
      </dl>
      <section class='panel' aria-labelledby='connect'>
        <h3 id='connect'>Connect a client</h3>
        <Clients name={info?.name ?? mount.name} url={shownUrl} />
      </section>
      {/* What is known once the page is connected stands below the rest, which it would push away. */}
      {server?.instructions !== undefined && (
        <section class='panel' aria-labelledby='instructions'>
          <h3 id='instructions'>Instructions for the model</h3>
          <Markdown text={server.instructions} />
        </section>
      )}
      {server !== undefined && (
        <section class='panel' aria-labelledby='capabilities'>
          <h3 id='capabilities'>Capabilities</h3>
          <JsonTree value={server.capabilities} />
        </section>
      )}
      <Roots connection={connection} />
    </article>
  )
}

function Fact ({ name, children }: { name: string, children: ComponentChildren }): JSX.Element {
  return <div><dt>{name}</dt><dd>{children}</dd></div>
}

const MAX_DESCRIPTION = 5000

// A list that is not known yet is not counted as empty.
function Offers ({ connection: { tools, resources, templates, prompts } }: { connection: Connection }): JSX.Element {
  const tokens = (tools.value ?? []).reduce((sum, tool) => sum + estimateTokens(tool), 0)
  const counts = [[tools, 'tool'], [resources, 'resource'], [templates, 'template'], [prompts, 'prompt']] as const
  const texts = counts.flatMap(([{ value: list }, name]) => {
    if (list === undefined) return []
    const cost = name === 'tool' && tokens > 0 ? ` (${formatTokens(tokens)} tokens)` : ''
    return `${formatCount(list.length, name)}${cost}`
  })
  return <>{texts.length === 0 ? '…' : texts.join(', ')}</>
}

function Authentication ({ connection: { mount: { auth } } }: { connection: Connection }): JSX.Element {
  switch (auth.kind) {
    case 'none': return <>none</>
    case 'app': return <>by the app</>
    default: {
      const scopes = auth.scopes.map((scope) => <Badge key={scope}>{visible(scope)}</Badge>)
      return <>OAuth token{scopes.length > 0 && <> with {scopes}</>}</>
    }
  }
}

function Clients ({ name, url }: { name: string, url: string }): JSX.Element {
  return (
    <Tabs
      label='Clients' tabs={listConnecting(name, url).map((connecting) => ({
        id: connecting.client,
        label: connecting.client,
        render: () => <Client {...connecting} />
      }))}
    />
  )
}

function Client ({ client, how, text, link }: Connecting): JSX.Element {
  return (
    <>
      <p class='quiet'>{how}{link !== undefined && <>, or <a href={link}>open {client}</a></>}</p>
      <CopyableCode text={text} what={`the text for ${client}`} />
    </>
  )
}
