// One message of a conversation with a model.
import type { JSX } from 'preact'
import { ContentBlock, type Block } from './content-block.tsx'

/** One message of a conversation with a model. */
export function Message ({ role, content }: { role: string, content: Block | readonly Block[] }): JSX.Element {
  return (
    <div class={`message ${role}`}>
      <div class='role'>{role}</div>
      {[content].flat().map((block, index) => <ContentBlock key={index} block={block} />)}
    </div>
  )
}
