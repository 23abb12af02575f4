/** A database of the runtime is a file, its log and its index. */
const FILES_PER_OBJECT = 3
/** An object that has delivered an event stays in memory so long: until its last alarm, and ten seconds more. */
const AWAKE_SECONDS = 20
/** What is left is for connections, for D1, for other objects. */
const SHARE = 0.75

/**
 * How many endpoints a fan-out may wake in a second so that the runtime has files for all that are awake: without any
 * it can neither deliver nor log. The platform has no such limit; `ulimit -n` says what this machine's is.
 */
export function fanoutPerSecond(openFilesMax = limitHere()): number {
  return Math.max(1, Math.floor((openFilesMax * SHARE) / FILES_PER_OBJECT / AWAKE_SECONDS))
}

function limitHere(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } }
  const limit = Number(userLimits?.open_files?.soft)
  return Number.isFinite(limit) ? limit : 1_000_000
}
