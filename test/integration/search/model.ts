import {
  Column,
  DeleteDateColumn,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  VersionColumn,
} from "typeorm"

import { EncryptedColumn } from "../../../src"

/** An embedded entity with a blind index. */
export class Contact {
  @EncryptedColumn({ nullable: true, blindIndex: { normalize: "digits" } })
  phone?: string | null
}

/** An entity with a blind index of its own, a unique one, and one in an embedded entity. */
@Entity()
export class Member {
  // PostgreSQL would ignore a given serial number
  @PrimaryGeneratedColumn("uuid")
  id!: string

  @Column({ type: "varchar", length: 50, unique: true })
  name!: string

  @EncryptedColumn({
    nullable: true,
    blindIndex: { unique: true, normalize: ["trim", "lowercase"] },
  })
  email?: string | null

  @Column(() => Contact)
  contact!: Contact

  @Column({ type: "int", default: 0 })
  visits!: number

  @ManyToOne(() => Club, (club) => club.members)
  club?: Club | null

  @VersionColumn()
  version!: number

  @DeleteDateColumn()
  deletedAt?: Date | null
}

/** What members are reached from by cascade, and found through. */
@Entity()
export class Club {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn({ blindIndex: true })
  code!: string

  @OneToMany(() => Member, (member) => member.club, { cascade: true })
  members?: Member[]
}
