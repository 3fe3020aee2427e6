import assert from "node:assert/strict"

/** What the vault answered. */
export class Answer {
  constructor(
    readonly status: number,
    readonly text: string,
    readonly headers: Headers,
  ) {}

  /** The body, of whatever shape the test knows it to have. */
  get body(): any {
    return JSON.parse(this.text)
  }

  /** Fails the test unless it has this status. */
  expect(status: number): this {
    assert.equal(this.status, status, this.text)
    return this
  }
}

/** Asks a vault as a browser does, with cookies and the token against CSRF, or with an API key. */
export class Client {
  readonly cookies = new Map<string, string>()
  csrf: string | undefined
  apiKey: string | undefined
  userId = ""

  constructor(
    private readonly urlOf: () => string,
    private readonly answers: string[],
  ) {}

  async signIn(email: string, password: string): Promise<Answer> {
    const answer = await this.post("/api/session", { email, password })
    answer.expect(200)
    this.csrf = answer.body.csrf_token
    this.userId = answer.body.user.id
    return answer
  }

  get(path: string): Promise<Answer> {
    return this.request("GET", path)
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.request("POST", path, body)
  }

  patch(path: string, body?: unknown): Promise<Answer> {
    return this.request("PATCH", path, body)
  }

  delete(path: string, body?: unknown): Promise<Answer> {
    return this.request("DELETE", path, body)
  }

  /** Text is sent as it is, everything else as JSON. */
  async request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ")
    const response = await fetch(`${this.urlOf()}${path}`, {
      method,
      redirect: "manual",
      headers: {
        ...(cookie && { cookie }),
        ...(this.csrf && { "x-csrf-token": this.csrf }),
        ...(this.apiKey && { authorization: `Bearer ${this.apiKey}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      this.cookies.set(name, value)
    }
    const text = await response.text()
    this.answers.push(`${method} ${path}: ${text}`)
    return new Answer(response.status, text, response.headers)
  }
}
