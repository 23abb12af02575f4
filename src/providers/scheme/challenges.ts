import { z } from 'zod'
import { sameText } from './compare.ts'
import { emptyAnswer, textAnswer, type Ask, type Handshake, type HandshakeAnswer } from './handshake.ts'
import { isPinned, type PinnedHosts } from './keys.ts'
import { configText } from './scheme.ts'

/** HEAD asks only whether the address is alive. */
export const headProbe: Handshake = { when: { method: 'HEAD' }, answer: () => emptyAnswer() }

/** GET with a challenge in the query, answered with the bare challenge. */
export function echoQuery(name: string): Handshake {
  return {
    when: { method: 'GET', has: { [`query:${name}`]: true } },
    answer: ({ read }) => textAnswer(read(`query:${name}`) ?? ''),
  }
}

/**
 * The subscription check of WebSub as Meta and Strava use it. The verify token is a setting or one of the secrets;
 * without either, whoever asks is answered, which gives nothing away but that we exist.
 */
export function hubChallenge(answer: (challenge: string) => HandshakeAnswer): Handshake {
  return {
    when: { method: 'GET', has: { 'query:hub.mode': 'subscribe', 'query:hub.challenge': true } },
    answer: (ask) =>
      isSubscriber(ask) ? answer(ask.read('query:hub.challenge') ?? '') : emptyAnswer({}, 403),
  }
}

/** The provider hands over the secret in its first request. A source that has one keeps it: anybody can send this. */
export function keepSecret(
  place: string,
  headers: (secret: string) => Record<string, string> = () => ({}),
): Handshake['answer'] {
  return ({ read, secrets }) => {
    const secret = read(place) ?? ''
    const answer = emptyAnswer(headers(secret))
    const isFirst = secrets.every((own) => own === '')
    return isFirst && secret !== '' ? { ...answer, effect: { kind: 'keep_secret', secret } } : answer
  }
}

const hostPattern = z
  .string()
  .max(253)
  .regex(/^(\*\.)?[a-z0-9.-]+$/, 'a host name in lower case, with `*.` before it for all below it')

/** What the owner of a source that CloudEvents senders ask for leave may say. */
export const originConfig = z.object({
  /** The `WebHook-Request-Origin`s that may send; without it everyone's. */
  allowedOrigins: z.array(hostPattern).max(100).optional(),
  /** Hosts whose `WebHook-Request-Callback` is visited. Senders name any host; without this none of theirs is. */
  callbackHosts: z.array(hostPattern).max(100).optional(),
})

/**
 * CloudEvents asks by OPTIONS for leave to send, as a defence against floods. Leave is given in the answer, and once
 * more by a visit to the callback for senders that wait for that, if its host is pinned or the owner allows it.
 */
export function allowOrigin(pinned: PinnedHosts = { hosts: [] }): Handshake {
  return {
    when: { method: 'OPTIONS', has: { 'header:webhook-request-origin': true } },
    answer: ({ read, config }) => {
      const own = originConfig.safeParse(config).data ?? {}
      const origin = read('header:webhook-request-origin') ?? ''
      const allow = { Allow: 'POST' }
      if (own.allowedOrigins && !isHostOf(origin, own.allowedOrigins)) return emptyAnswer(allow)
      const answer = emptyAnswer({
        'WebHook-Allowed-Origin': origin,
        'WebHook-Allowed-Rate': read('header:webhook-request-rate') ?? '*',
        ...allow,
      })
      const url = read('header:webhook-request-callback')
      if (url === undefined || !mayVisit(url, pinned, own.callbackHosts ?? [])) return answer
      return { ...answer, effect: { kind: 'visit', url } }
    },
  }
}

/** A host of the owner's list is guarded like any target when it is visited; its port is the sender's. */
function mayVisit(url: string, pinned: PinnedHosts, hosts: readonly string[]): boolean {
  return isPinned({ url, ...pinned }) || (URL.canParse(url) && isHostOf(new URL(url).hostname, hosts))
}

function isHostOf(host: string, patterns: readonly string[]): boolean {
  const name = host.toLowerCase()
  return patterns.some((each) => (each.startsWith('*.') ? name.endsWith(each.slice(1)) : name === each))
}

function isSubscriber({ config, secrets, read }: Ask): boolean {
  const own = configText(config, 'verifyToken')
  const wanted = own === undefined ? secrets.filter((secret) => secret !== '') : [own]
  const sent = read('query:hub.verify_token') ?? ''
  return wanted.length === 0 || wanted.some((token) => sameText(token, sent))
}
