import type { DataSource } from "typeorm"

import type { Anchor } from "./anchor.ts"
import { AuditEntry } from "./audit-entry.ts"
import { type Head, isSameMac, macOf } from "./chain.ts"

/** Something of a chain that is not as it was written. */
export interface Finding {
  readonly writer: string
  /** The first entry that is concerned. */
  readonly sequence: number
  /**
   * `"changed"`: an entry is not what was signed at its place, be it altered, moved or put in.
   * `"missing"`: entries before this one are gone. `"cut"`: the chain ends before its anchor.
   */
  readonly kind: "changed" | "cut" | "missing"
}

const PAGE = 1000

/** Walks through every chain of the table, and returns what is wrong with it. */
export async function verify(
  dataSource: DataSource,
  key: Buffer,
  anchor: Anchor,
): Promise<readonly Finding[]> {
  const anchored = new Map((await anchor.all()).map((head) => [head.writer, head]))
  const entries = dataSource.getRepository(AuditEntry)
  const rows = await entries
    .createQueryBuilder("e")
    .select("e.writer", "writer")
    .distinct()
    .getRawMany()
  const writers = new Set<string>([...anchored.keys(), ...rows.map(({ writer }) => writer)])
  const findings: Finding[] = []
  for (const writer of writers) {
    findings.push(...(await verifyChain(dataSource, key, writer, anchored.get(writer))))
  }
  return findings
}

async function verifyChain(
  dataSource: DataSource,
  key: Buffer,
  writer: string,
  anchor: Head | undefined,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  let last: Pick<Head, "mac" | "sequence"> = { sequence: 0, mac: "" }
  for (;;) {
    const page = await dataSource
      .getRepository(AuditEntry)
      .createQueryBuilder("e")
      .where("e.writer = :writer AND e.sequence > :sequence", { writer, sequence: last.sequence })
      .orderBy("e.sequence")
      .limit(PAGE)
      .getMany()
    for (const entry of page) {
      const { sequence, mac, previous } = entry
      const follows = sequence === last.sequence + 1
      const isSigned = isSameMac(macOf(key, entry), mac)
      const isAnchored = anchor?.sequence !== sequence || isSameMac(anchor.mac, mac)
      if (!follows) findings.push({ writer, sequence: last.sequence + 1, kind: "missing" })
      if (!isSigned || !isAnchored || (follows && !isSameMac(previous, last.mac))) {
        findings.push({ writer, sequence, kind: "changed" })
      }
      last = { sequence, mac }
    }
    if (page.length < PAGE) break
  }
  if (anchor && anchor.sequence > last.sequence) {
    findings.push({ writer, sequence: last.sequence + 1, kind: "cut" })
  }
  return findings
}
