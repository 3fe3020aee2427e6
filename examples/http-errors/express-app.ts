import express, { type ErrorRequestHandler, type Express } from "express"
import type { DataSource } from "typeorm"

import { Account } from "./accounts.ts"
import { httpErrorOf } from "./http-errors.ts"

// #region express
const answerErrors: ErrorRequestHandler = (error, _request, response, next) => {
  const answer = httpErrorOf(error)
  if (answer) response.status(answer.status).json(answer.body)
  else next(error)
}
// #endregion

export function expressApp(dataSource: DataSource): Express {
  const accounts = dataSource.getRepository(Account)
  return express()
    .use(express.json())
    .post("/accounts", async (request, response) => {
      response.status(201).json(await accounts.save({ email: request.body.email }))
    })
    .get("/accounts", async (_request, response) => {
      response.json(await accounts.find())
    })
    .use(answerErrors)
}
