import type { AttemptRecord } from './delivery-log.ts'

/** Test events at most, and how fast: enough to see how a receiver bears load, too little to hurt one. */
export const PROBES_MAX = 50
export const PROBE_RATE_MAX = 20

export interface ProbeRequest {
  /** `reachability` sends a HEAD request without an event. */
  kind: 'single' | 'burst' | 'reachability'
  count: number
  ratePerSecond: number
  type: string
  data: unknown
}

/** One request of a test, in the order of sending. */
export interface Probed {
  number: number
  record: Pick<
    AttemptRecord,
    'durationMs' | 'result' | 'statusCode' | 'error' | 'responseBody' | 'responseTruncated'
  >
}

export interface Diagnosis {
  code: string
  message: string
}

/** What the result of an attempt most likely means, and what to do. Undefined: all is well. */
export function diagnose({ result, statusCode, error }: Probed['record']): Diagnosis | undefined {
  if (result === 'delivered') return undefined
  const known = statusCode === undefined ? undefined : BY_STATUS[statusCode]
  const message = known ?? BY_RESULT[result] ?? 'The attempt failed.'
  const code = known === undefined ? result : `status_${statusCode}`
  const said = statusCode === undefined ? error : `The receiver answered ${statusCode}.`
  return { code, message: said === undefined ? message : `${message} ${said}` }
}

const BY_STATUS: Partial<Record<number, string>> = {
  400: 'The receiver did not understand the request: check `payload` and `contentType`.',
  401: 'The receiver wants other credentials: check `auth` and the signing secret.',
  403: 'The receiver refuses the request: check `auth`, the signing secret, and firewalls before the receiver.',
  404: 'There is nothing at this path: check the URL.',
  405: 'The receiver does not take this method: check `method`.',
  410: 'The receiver wants no more deliveries.',
  413: 'The payload is too large for the receiver.',
  415: 'The receiver does not take this content type: check `contentType` and `payload`.',
  429: 'The receiver is asked too often: lower `rateLimit` or `concurrency`.',
  502: 'A gateway before the receiver cannot reach it.',
  503: 'The receiver is not available.',
  504: 'A gateway before the receiver waited too long for it.',
  // What Cloudflare answers in place of a receiver that it cannot reach.
  521: 'No connection: nothing listens there, or a firewall refuses it.',
  522: 'The receiver does not take the connection: a firewall drops it, or the host is down.',
  523: 'There is no way to the address of the receiver.',
  525: 'No secure connection: the TLS handshake fails.',
  526: 'No secure connection: the certificate is expired, for another name, or not trusted.',
  530: 'The name of the host cannot be resolved.',
}

const BY_RESULT: Partial<Record<string, string>> = {
  timeout: 'The receiver is too slow: answer first and work afterwards, or raise `timeoutMs`.',
  connection: 'No connection: nothing listens there, or a firewall refuses it.',
  tls: 'No secure connection: the certificate is expired, for another name, or not trusted.',
  dns: 'The name of the host cannot be resolved.',
  auth: 'The authorisation server gave no token: check `auth`.',
  private_address: 'The URL leads to an address that is not public.',
  bad_url: 'The URL cannot be used.',
  bad_settings: 'A key in the settings cannot be used.',
  busy: 'The receiver asks for a later try.',
  redirect: 'The receiver redirects: use the URL that it redirects to. Redirects are not followed.',
  server_error: 'The receiver failed.',
  client_error: 'The receiver does not accept the request.',
  unexpected_status: 'The status is not among those that `success` names.',
  unexpected_body: 'The body of the answer is not what `success` asks for.',
  aborted: 'The receiver asked for no further try.',
}
