import { Entity, PrimaryGeneratedColumn } from "typeorm"
import { EncryptedColumn } from "typeorm-fernet"

@Entity()
export class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn({ type: "text", blindIndex: true })
  ssn!: string
}
