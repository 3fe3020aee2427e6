/**
 * Waits for `work` no longer than `ms`. Work that finishes later is handed to `late`, so that
 * what it started can be stopped.
 *
 * @throws whatever `work` throws, or an error that names `what` when time is up
 */
export async function withTimeLimit<T>(
  what: string,
  ms: number,
  work: Promise<T>,
  late: (result: T) => unknown,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let tooLate = false
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      tooLate = true
      reject(new Error(`${what} took longer than ${ms / 1_000} s`))
    }, ms)
  })
  const watched = work.then((result) => {
    if (tooLate) late(result)
    return result
  })
  try {
    return await Promise.race([watched, limit])
  } finally {
    clearTimeout(timer)
  }
}
