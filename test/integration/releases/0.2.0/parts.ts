import { BlindEqual, Keyring, TenantKeys, withEncryption } from "../../../../src"
import type { DatabaseName } from "../../../support/database-names"
import type { ReleasePart, Ring } from "../release-part"
import {
  Adopted,
  Apart,
  ColumnKeyed,
  documentTypes,
  Indexed,
  Referral,
  Sample,
  Seat,
  Subscriber,
  Visit,
  webhooks,
} from "./model"
import * as rows from "./rows"

/** Keys of the dumps. They protect nothing. */
const key = {
  older: "b2xkZXIga2V5IG9mIHRoZSBkdW1wcywgMzIgYnl0ZXM=",
  stored: "dGhlIGtleSBvZiB0aGUgZHVtcHMgaXMgMzIgYnl0ZXM=",
  index: "aW5kZXgga2V5IG9mIHRoZSBkdW1wcywgMzIgYnl0ZXM=",
  north: "bm9ydGhlcm4ga2V5IG9mIHRoZSBkdW1wcywgMzIgYnk=",
  south: "c291dGhlcm4ga2V5IG9mIHRoZSBkdW1wcywgMzIgYnk=",
  next: "bmV4dCBrZXkgb2YgdGhlIGR1bXBzLCBpcyAzMiBieXQ=",
} as const

const rings: Readonly<Record<Ring, readonly string[]>> = {
  older: [key.older],
  stored: [key.stored, key.older],
  rotating: [key.next, key.stored, key.older],
  rotated: [key.next],
}

/** What this release stored in a database, by the keys it is under. */
export function parts(database: DatabaseName): readonly ReleasePart[] {
  return [shared(database), apart, tenant("north"), tenant("south")]
}

function shared(database: DatabaseName): ReleasePart {
  return {
    name: "shared keys",
    bind: (dataSource, ring) => withEncryption(dataSource, { keyring: new Keyring(rings[ring]) }),
    tables: [
      {
        entity: Sample,
        rows: rows.samples,
        older: rows.oldSamples,
      },
      {
        entity: Indexed,
        rows: rows.people,
        older: rows.oldPeople,
        searches: [
          [{ text: "text of Alice" }, [1, 2, 11]],
          [{ email: " ALICE@example.com " }, [1]],
          [{ town: "köln" }, [1, 2, 11]],
          [{ wide: "wide Bob" }, [2]],
          [{ truncated: "truncated Carol" }, [3]],
          [{ slow: "043" }, [3]],
          [{ iban: "DE021203000000002051" }, [2]],
          [{ iban: BlindEqual("…2051", { index: "iban_tail" }) }, [2]],
          [{ firstName: "ALICE", lastName: "liddell" }, [1, 2]],
          [{ number: 1.5 }, [3]],
          [{ bigint: 10n ** 20n + 2n }, [2]],
          [{ boolean: false }, [1, 3, 11]],
          [{ date: new Date("2026-01-03") }, [3]],
          [{ bytes: Buffer.from([0, 1, 255]) }, [1]],
          [{ money: { cents: 200, currency: "EUR" } }, [2]],
          [{ padded: "padded Bob" }, [2]],
          [{ sealed: "sealed Carol" }, [3]],
          [{ home: { phone: "49 (30) 2" } }, [2]],
          [{ work: { phone: "49401" } }, [1]],
        ],
        refused: rows.secondAlice,
      },
      {
        entity: Seat,
        rows: rows.seats,
        searches: [[{ email: "alice@example.com" }, [1, 2]]],
        refused: { id: 21, tenantId: 2, email: "alice@example.com" },
      },
      ...(database === "MariaDB"
        ? []
        : [
            {
              entity: Subscriber,
              rows: rows.subscribers,
              searches: [[{ email: "alice@example.com" }, [1, 2]]] as const,
              refused: { id: 21, leftIn: null, email: "alice@example.com" },
            },
          ]),
      {
        entity: ColumnKeyed,
        rows: rows.columnKeyed,
        searches: [[{ moving: "on its way" }, [1]]],
      },
      {
        entity: Adopted,
        inBulk: true,
        rows: rows.adopted,
        searches: [[{ email: "bob@example.com" }, [2]]],
      },
      ...(database === "PostgreSQL"
        ? [
            {
              entity: Referral,
              rows: rows.referrals,
              searches: [[{ email: "alice@example.com" }, [1]]] as const,
            },
          ]
        : []),
      ...documentTypes[database].map((type) => ({
        entity: webhooks(type),
        rows: rows.webhookRows,
      })),
    ],
  }
}

const apart: ReleasePart = {
  name: "an index ring of its own",
  bind: (dataSource, ring) =>
    withEncryption(dataSource, {
      keyring: new Keyring(rings[ring]),
      blindIndexKeyring: new Keyring([key.index]),
    }),
  tables: [
    {
      entity: Apart,
      rows: rows.apart,
      searches: [[{ email: "alice@example.com" }, [1]]],
      refused: { id: 21, email: "alice@example.com" },
    },
  ],
}

function tenant(name: "north" | "south"): ReleasePart {
  const ofTenant: Readonly<Record<Ring, readonly string[]>> = {
    older: [key[name]],
    stored: [key[name]],
    rotating: [key.next, key[name]],
    rotated: [key.next],
  }
  let tenants: TenantKeys
  return {
    name: `tenant ${name}`,
    bind: (dataSource, ring) => {
      tenants = new TenantKeys((asked) => (asked === name ? [...ofTenant[ring]] : []))
      return withEncryption(dataSource, { keyring: tenants })
    },
    within: (work) => tenants.run(name, work),
    where: `t.tenant = '${name}'`,
    tables: [
      {
        entity: Visit,
        of: { tenant: name },
        rows: rows.visits[name],
        searches: [[{ email: "alice@example.com" }, rows.visits[name].map(({ id }) => id)]],
      },
    ],
  }
}
