import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A part of the measurement in a process of its own, so that it does not wait for the others' event loop. */
export interface Child<Task, Result> {
  pid: number
  call(task: Task): Promise<Result>
  stop(): Promise<void>
}

export function startChild<Task extends object, Result>(file: string): Child<Task, Result> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), { serialization: 'advanced' })
  const failed = ended(child, file)
  failed.catch(() => {}) // seen by the call that waits for it
  return {
    pid: child.pid ?? 0,
    async call(task) {
      const answer = once(child, 'message').then(([message]) => message as Result | { failure: string })
      child.send(task)
      const result = await Promise.race([answer, failed])
      if (typeof result === 'object' && result !== null && 'failure' in result)
        throw new Error(result.failure)
      return result as Result
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** The other end: answers one task after another until the parent goes. */
export function serveTasks<Task, Result>(handle: (task: Task) => Promise<Result>): void {
  process.on('disconnect', () => process.exit(0))
  process.on('message', (task) => {
    void handle(task as Task)
      .catch((error: unknown) => ({ failure: String(error) }))
      .then((result) => process.send?.(result))
  })
}

async function ended(child: ChildProcess, file: string): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`${file} ended with ${code}`)
}
