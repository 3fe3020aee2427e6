import type { MigrationInterface, QueryRunner } from "typeorm"

const id = `"id" uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY`
const created = `"created_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()`
const updated = `"updated_at" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()`
const owned = (constraint: string) =>
  `${id}, "owner_id" uuid NOT NULL CONSTRAINT "${constraint}" REFERENCES "users" ON DELETE CASCADE, ${created}`

/** The tables as they were before anything in them was encrypted. */
const tables = [
  `"users" (${id}, "email" text NOT NULL, "email_bidx" character varying(32),
    "password_hash" text NOT NULL, "role" text NOT NULL, ${created})`,
  `"provider_keys" (${owned("FK_6022b0ffef9c3320a0508dfdef4")}, "provider" text NOT NULL,
    "key_name" text NOT NULL, "api_key" character varying(255) NOT NULL,
    "last_used" TIMESTAMP WITH TIME ZONE)`,
  `"api_keys" (${owned("FK_d93cc0e04cac89126b2155ba9bc")}, "name" text NOT NULL, "key" text NOT NULL,
    "key_bidx" character varying(32), "prefix" text NOT NULL, "scopes" text array NOT NULL,
    "expires_at" TIMESTAMP WITH TIME ZONE NOT NULL, "last_used_at" TIMESTAMP WITH TIME ZONE,
    "revoked_at" TIMESTAMP WITH TIME ZONE, "revoke_reason" text)`,
  `"cameras" (${owned("FK_cea8b0199be633809c942f14dba")}, "name" text NOT NULL, "url" text NOT NULL,
    "username" text NOT NULL, "password" character varying(255) NOT NULL, ${updated})`,
  `"alert_rules" (${owned("FK_8b1001f36fdde9362b977144216")}, "name" text NOT NULL,
    "enabled" boolean NOT NULL DEFAULT true, "definition" jsonb NOT NULL, ${updated})`,
  `"settings" (${owned("FK_06ea871654753bb73ae0ac51319")}, "provider" text NOT NULL,
    "api_key" character varying(255) NOT NULL, "base_url" text, ${updated},
    CONSTRAINT "UQ_d7bfe33d3ad15f2aa713f8aad5c" UNIQUE ("owner_id", "provider"))`,
  `"webhook_deliveries" (${id}, "rule_id" uuid NOT NULL
    CONSTRAINT "FK_0e8b5357214d833fa6253fad1e7" REFERENCES "alert_rules" ON DELETE CASCADE,
    "action_id" uuid NOT NULL, "message" text NOT NULL, "state" text NOT NULL DEFAULT 'pending',
    "attempts" integer NOT NULL DEFAULT 0, "unsure" integer NOT NULL DEFAULT 0, "last_error" text,
    ${created}, ${updated})`,
  `"audit_logs" (${id}, "user_id" uuid, "action" text NOT NULL, "resource_type" text NOT NULL,
    "resource_id" text, "ip_address" text, "status" text NOT NULL,
    "details" jsonb NOT NULL DEFAULT '{}', "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now())`,
  `"key_versions" ("version" integer NOT NULL PRIMARY KEY, "fingerprint" text NOT NULL
    CONSTRAINT "UQ_13ed685afb00ee28400c3808995" UNIQUE)`,
  `"rotations" (${id}, "started_by" uuid, "notes" text NOT NULL DEFAULT '',
    "rotation_status" text NOT NULL DEFAULT 'pending', "old_key_version" integer,
    "new_key_version" integer, "total_records" integer NOT NULL DEFAULT 0,
    "rotated_records" integer NOT NULL DEFAULT 0, "failed_records" integer NOT NULL DEFAULT 0,
    "problem" text, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now())`,
  // As connect-pg-simple has it
  `"session" ("sid" varchar NOT NULL PRIMARY KEY, "sess" json NOT NULL, "expire" timestamp(6) NOT NULL)`,
]

const indexes = [
  `UNIQUE INDEX "IDX_480f6ec5189667c2a3c8aa8eec" ON "users" ("email_bidx")`,
  `UNIQUE INDEX "IDX_9faeae4c606f7a1e464e88a356" ON "api_keys" ("key_bidx")`,
  `INDEX "IDX_60803e7b236a3d9f9e36b17876" ON "audit_logs" ("timestamp", "id")`,
  `INDEX "IDX_0e8b5357214d833fa6253fad1e" ON "webhook_deliveries" ("rule_id")`,
  `INDEX "IDX_session_expire" ON "session" ("expire")`,
]

export class CreateTables1764000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const table of tables) await queryRunner.query(`CREATE TABLE ${table}`)
    for (const index of indexes) await queryRunner.query(`CREATE ${index}`)
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of tables.toReversed()) {
      await queryRunner.query(`DROP TABLE ${table.slice(0, table.indexOf(" ("))}`)
    }
  }
}
