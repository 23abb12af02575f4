import { probe } from './deliver/probe.ts'
import { liveSecrets, openSettings } from './deliver/secrets.ts'
import { TokenCache } from './deliver/token.ts'
import { settingsOf } from './env.ts'
import { after, systemClock } from './model/clock.ts'
import type { Endpoint } from './model/endpoint.ts'
import type { Probed, ProbeRequest } from './model/probe.ts'

/** Sends test events as the endpoint's object would send real ones, but from here: the object and its circuit learn nothing. */
export async function probeEndpoint(env: Env, endpoint: Endpoint, request: ProbeRequest): Promise<Probed[]> {
  const { sealer, checkTarget, readBody } = settingsOf(env)
  const outward = {
    clock: systemClock,
    after,
    fetch: (url: string, init: RequestInit) => fetch(url, init),
    checkTarget,
  }
  const secrets = await liveSecrets(endpoint, sealer, systemClock.now())
  const settings = await openSettings(endpoint, sealer)
  const { tenantId } = endpoint
  return await probe(
    { tenantId, settings, secrets, request },
    { ...outward, readBody, tokens: new TokenCache(outward) },
  )
}
