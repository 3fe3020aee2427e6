/** What does work for one tenant, with its keys: `TenantKeys`, or what has the same `run`. */
export interface TenantScope {
  /** Does the work for the tenant, and returns what it returns; rejects if its keys cannot be had. */
  run<Result>(tenant: string, work: () => Promise<Result> | Result): Promise<Result>
}
