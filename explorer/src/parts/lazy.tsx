// Parts of the page that are loaded when they are first drawn.
import { useEffect, useState } from 'preact/hooks'
import type { ComponentType, JSX } from 'preact'

/** Creates a component that is loaded when it is first drawn. @param Loading Is drawn until then. */
export function lazyPart<Props extends object> (
  load: () => Promise<ComponentType<Props>>, Loading: (props: Props) => JSX.Element = Ellipsis
): (props: Props) => JSX.Element {
  let loaded: ComponentType<Props> | undefined
  let loading: Promise<ComponentType<Props>> | undefined
  const start = async (): Promise<void> => {
    loading ??= load()
    loaded = await loading
  }
  return function Lazy (props) {
    const [state, setState] = useState<'loading' | 'loaded' | 'failed'>('loading')
    useEffect(() => {
      if (loaded === undefined) start().then(() => setState('loaded'), () => setState('failed'))
    }, [])
    const Loaded = loaded
    if (Loaded !== undefined) return <Loaded {...props} />
    return state === 'failed' ? <Failed /> : <Loading {...props} />
  }
}

function Ellipsis (): JSX.Element {
  return <p class='quiet'>…</p>
}

// An app that was deployed again may have another page, whose files have other names.
function Failed (): JSX.Element {
  return <p class='quiet' role='alert'>This part of the page could not be loaded. Reload the page.</p>
}
