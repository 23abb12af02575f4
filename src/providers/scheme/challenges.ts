import { sameText } from './compare.ts'
import { emptyAnswer, textAnswer, type Ask, type Handshake, type HandshakeAnswer } from './handshake.ts'
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

/** CloudEvents asks by OPTIONS for leave to send, as a defence against floods; we let everyone. */
export const allowOrigin: Handshake = {
  when: { method: 'OPTIONS', has: { 'header:webhook-request-origin': true } },
  answer: ({ read }) =>
    emptyAnswer({
      'WebHook-Allowed-Origin': read('header:webhook-request-origin') ?? '*',
      'WebHook-Allowed-Rate': read('header:webhook-request-rate') ?? '*',
      Allow: 'POST',
    }),
}

function isSubscriber({ config, secrets, read }: Ask): boolean {
  const own = configText(config, 'verifyToken')
  const wanted = own === undefined ? secrets.filter((secret) => secret !== '') : [own]
  const sent = read('query:hub.verify_token') ?? ''
  return wanted.length === 0 || wanted.some((token) => sameText(token, sent))
}
