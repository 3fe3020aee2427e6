import {
  ChildEntity,
  Column,
  DeleteDateColumn,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  TableInheritance,
} from "typeorm"

import { EncryptedColumn } from "../../../src"

/** Whose users are apart from those of others. */
@Entity()
export class Tenant {
  @PrimaryColumn({ type: "int" }) id!: number
}

/** An entity whose e-mail addresses are unique per tenant. */
@Entity()
export class Seat {
  @PrimaryGeneratedColumn("uuid") id!: string

  @Column({ name: "tenant_no", type: "int", nullable: true })
  tenantId?: number | null

  @EncryptedColumn({
    nullable: true,
    blindIndex: { unique: { within: ["tenantId"] }, normalize: "lowercase" },
  })
  email?: string | null

  @Column({ type: "int", default: 0 }) visits!: number
}

/** An embedded class, which is unique within a property of whoever has it. */
export class Login {
  @EncryptedColumn({ blindIndex: { unique: { within: ["tenant"], whereNull: ["deletedAt"] } } })
  name!: string
}

/** An entity whose values are unique among live rows of a tenant, which is a relation. */
@Entity()
@TableInheritance({ column: { type: "varchar", length: 20, name: "kind" } })
export class Subscriber {
  @PrimaryGeneratedColumn("uuid") id!: string

  @ManyToOne(() => Tenant)
  @JoinColumn({ name: "tenant_no" })
  tenant?: Tenant | null

  @Column(() => Login) login!: Login

  @EncryptedColumn({ nullable: true, blindIndex: { unique: { whereNull: ["deletedAt"] } } })
  phone?: string | null

  @Column({ type: "int", default: 0 }) visits!: number

  @DeleteDateColumn({ name: "deleted at" }) deletedAt?: Date | null
}

/** A kind of it. */
@ChildEntity()
export class Customer extends Subscriber {}
