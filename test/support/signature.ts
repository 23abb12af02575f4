import { createHmac } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { expect } from 'vitest'
import type { Received } from './receiver.ts'

/** The signatures of a request, as `webhook-signature` lists them. */
export function signaturesOf(got: Received | undefined): string[] {
  return String(got?.headers['webhook-signature']).split(' ')
}

/**
 * Verifies what a receiver got as a receiver would, and that another body would not do. The official library takes
 * text only, so a body that is none is checked by the words of its specification.
 */
export function expectSigned(got: Received | undefined, secret: string): void {
  const { body = Buffer.alloc(0), headers = {} } = got ?? {}
  const head = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.`
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const content = Buffer.concat([Buffer.from(head), body])
  expect(signaturesOf(got)).toContain(`v1,${createHmac('sha256', key).update(content).digest('base64')}`)
  if (!Buffer.from(body.toString()).equals(body)) return
  const webhook = new Webhook(secret)
  webhook.verify(body.toString(), headers as Record<string, string>)
  expect(() => webhook.verify(`${body.toString()} `, headers as Record<string, string>)).toThrow('No match')
}
