// What the log says of another node.
import type { ClusterPeer, KeyPurpose, PeerDifference } from '../../telemetry/events.ts'

const KEYS: { readonly [purpose in KeyPurpose]: { readonly effect: string, readonly advice: string } } = {
  requestState: {
    effect: 'one of the two cannot open the requestState that the other seals',
    advice: 'give all nodes the same requestState.keys'
  },
  tokens: {
    effect: 'one of the two refuses the access tokens that the other issues',
    advice: "give all nodes the same 'keys' of authorizationServer"
  }
}

const SAME = 'deploy the same version to all nodes, and register on each of them what you register at run time'

/** Describes a node to the operator. */
export function describePeer ({ node, host, pid, version }: ClusterPeer): string {
  return `node ${node} (host ${host}, process ${pid}${version === undefined ? '' : `, version ${version}`})`
}

/** Says how a node differs from this one, and what to do about it. */
export function describeDifference ({ missing, additional, changed, keys }: PeerDifference): string {
  const found = [
    ...list(missing, 'there, and not here'),
    ...list(additional, 'here, and not there'),
    ...list(changed, 'not the same')
  ]
  const isUnnamed = found.length === 0 && keys.length === 0
  const contents = isUnnamed ? ['its tools, prompts or resources are not the same'] : found
  const effects = [...contents, ...keys.map((purpose) => KEYS[purpose].effect)]
  const advice = [...contents.slice(0, 1).map(() => SAME), ...keys.map((purpose) => KEYS[purpose].advice)]
  return `${effects.join('; ')}. Unless this is a rolling update, ${advice.join('; ')}`
}

function list (labels: readonly string[], where: string): readonly string[] {
  return labels.length === 0 ? [] : [`${labels.join(', ')} ${labels.length === 1 ? 'is' : 'are'} ${where}`]
}
