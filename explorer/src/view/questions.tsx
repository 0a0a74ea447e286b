// The dialog in which the user answers what a server asks.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ComponentChildren, JSX } from 'preact'
import { visible } from '../parts/text.tsx'
import { asSchema } from '../schema/json-schema.ts'
import { cannedAnswer, questions, textMessage, type Question } from '../state/questions.ts'
import type { Args } from '../state/runs.ts'
import { Arguments } from './arguments.tsx'
import { Message } from './message.tsx'

/** The oldest open question. */
export function Questions (): JSX.Element | null {
  const [question] = questions.value
  if (question === undefined) return null
  return (
    <Dialog key={question.id} title={TITLES[question.kind]} onClose={() => dismiss(question)}>
      <Body question={question} />
    </Dialog>
  )
}

function Body ({ question }: { question: Question }): JSX.Element {
  if (question.kind === 'sampling') return <SamplingForm question={question} />
  if ('url' in question.params) return <UrlQuestion question={question} url={question.params.url} />
  return <FormQuestion question={question} />
}

const TITLES = { elicitation: 'The server asks you', sampling: 'The server asks a model' } as const

function dismiss (question: Question): void {
  if (question.kind === 'sampling') question.refuse()
  else question.answer({ action: 'cancel' })
}

function Dialog (
  { title, onClose, children }: { title: string, onClose: () => void, children: ComponentChildren }
): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const { current } = dialog
    current?.showModal()
    // The focus returns when the dialog is closed, and not when it is removed.
    return () => current?.close()
  }, [])
  return (
    <dialog ref={dialog} class='dialog' aria-label={title} onCancel={(event) => { event.preventDefault(); onClose() }}>
      <h2>{title}</h2>
      {children}
    </dialog>
  )
}

type Elicitation = Extract<Question, { kind: 'elicitation' }>
type SamplingRequest = Extract<Question, { kind: 'sampling' }>

function FormQuestion ({ question: { params, answer } }: { question: Elicitation }): JSX.Element {
  const schema = asSchema('requestedSchema' in params ? params.requestedSchema : {})
  const [value, setValue] = useState<Args>({})
  const accept = (content: Args): void => {
    // The client checks the content against the schema before it is sent.
    answer({ action: 'accept', content: content as Record<string, string | number | boolean | string[]> })
  }
  return (
    <>
      <p class='description' dir='auto'>{visible(params.message)}</p>
      <Arguments
        id='question-form' title='Answer' schema={schema}
        value={value} onChange={setValue} onSubmit={accept}
        renderActions={(isReady) => (
          <div class='actions'>
            <button type='submit' form='question-form' class='button primary' disabled={!isReady}>Accept</button>
            <RefusingButtons answer={answer} />
          </div>
        )}
      />
    </>
  )
}

function UrlQuestion ({ question: { params, answer }, url }: { question: Elicitation, url: string }): JSX.Element {
  const target = URL.canParse(url) ? new URL(url) : undefined
  const host = target?.host ?? 'an unknown host'
  const isWeb = target !== undefined && /^https?:$/.test(target.protocol)
  return (
    <>
      <p class='description' dir='auto'>{visible(params.message)}</p>
      <p>The server wants you to open a page of <strong><bdi>{visible(host)}</bdi></strong>:</p>
      <p class='expanded'><code><bdi>{visible(url)}</bdi></code></p>
      <div class='actions'>
        {isWeb && (
          <a
            class='button primary' href={url} target='_blank' rel='noopener noreferrer'
            onClick={() => answer({ action: 'accept' })}
          >
            Open the page
          </a>
        )}
        <RefusingButtons answer={answer} />
      </div>
    </>
  )
}

function RefusingButtons ({ answer }: Pick<Elicitation, 'answer'>): JSX.Element {
  return (
    <>
      <button type='button' class='button' onClick={() => answer({ action: 'decline' })}>Decline</button>
      <button type='button' class='button' onClick={() => answer({ action: 'cancel' })}>Cancel</button>
    </>
  )
}

function SamplingForm ({ question: { params, answer, refuse } }: { question: SamplingRequest }): JSX.Element {
  const [text, setText] = useState('')
  const [isRule, setRule] = useState(false)
  const submit = (event: Event): void => {
    event.preventDefault()
    if (isRule) cannedAnswer.value = text
    answer(textMessage(text))
  }
  return (
    <form onSubmit={submit}>
      {params.systemPrompt !== undefined && <p class='quiet' dir='auto'>{visible(params.systemPrompt)}</p>}
      {params.messages.map(({ role, content }, index) => <Message key={index} role={role} content={content} />)}
      <p class='quiet'>At most {params.maxTokens} tokens.</p>
      <label class='field-label' for='sample'>Answer in place of the model</label>
      <textarea
        id='sample' class='input' rows={4} required
        value={text} onInput={(event) => setText(event.currentTarget.value)}
      />
      <label class='check'>
        <input type='checkbox' checked={isRule} onChange={(event) => setRule(event.currentTarget.checked)} />
        Give this answer to all further requests, until the page is reloaded
      </label>
      <div class='actions'>
        <button type='submit' class='button primary'>Answer</button>
        <button type='button' class='button' onClick={refuse}>Refuse</button>
      </div>
    </form>
  )
}
