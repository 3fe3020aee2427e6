import { Body, Controller, Get, Module, Post } from "@nestjs/common"
import { InjectRepository, TypeOrmModule } from "@nestjs/typeorm"
import { Repository } from "typeorm"

import { Patient } from "./patient.js"

@Controller("patients")
export class PatientsController {
  constructor(@InjectRepository(Patient) private readonly patients: Repository<Patient>) {}

  @Post()
  create(@Body() { ssn }: { readonly ssn: string }): Promise<Patient> {
    return this.patients.save({ ssn })
  }

  @Get()
  list(): Promise<Patient[]> {
    return this.patients.find()
  }
}

@Module({ imports: [TypeOrmModule.forFeature([Patient])], controllers: [PatientsController] })
export class PatientsModule {}
