/** What an accepted request was found to say. */
export interface ReceivedFacts {
  type: string
  entityId: string | null
}

/** The answer of ingestion as the webhook management document prints it. Answers to handshakes stay as they are. */
export function documentedReceipt(
  response: Response,
  { facts, processingTimeMs }: { facts: ReceivedFacts | undefined; processingTimeMs: number },
): Response {
  if (response.ok && facts === undefined) return response
  if (response.ok && facts !== undefined) {
    const { type: eventType, entityId } = facts
    return Response.json({ success: true, eventType, entityId, syncTriggered: true, processingTimeMs })
  }
  if (response.status !== 401 && response.status !== 400) return response
  const error = response.status === 401 ? 'Invalid webhook signature' : 'Invalid webhook request'
  return Response.json({ error, processingTimeMs }, { status: 400 })
}
