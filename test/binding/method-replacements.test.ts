import { describe, expect, test } from "@jest/globals"

import { MethodReplacements } from "../../src/binding/method-replacements"

class Greeter {
  name = "Ada"

  greet(greeting: string): string {
    return `${greeting}, ${this.name}`
  }
}

const loudly = new MethodReplacements<Greeter>({
  greet: (greeter, greet, args) => `${String(greet.apply(greeter, args))}!`,
  absent: () => "not there",
})

describe.each(["applyTo", "assignTo"] as const)("methods replaced by %s", (replace) => {
  test("take the place of the object's own, which they can call", () => {
    const greeter = new Greeter()

    loudly[replace](greeter)

    expect(greeter.greet("Hello")).toBe("Hello, Ada!")
    expect(greeter).toBeInstanceOf(Greeter)
    expect("absent" in greeter).toBe(false)
  })

  test("are those of one object, not of its class", () => {
    loudly[replace](new Greeter())

    expect(new Greeter().greet("Hello")).toBe("Hello, Ada")
  })

  test("are shared by the objects of a class", () => {
    const [one, other] = [new Greeter(), new Greeter()]

    loudly[replace](one)
    loudly[replace](other)

    expect(Object.getPrototypeOf(one)).toBe(Object.getPrototypeOf(other))
    expect(Reflect.get(one, "greet")).toBe(Reflect.get(other, "greet"))
  })

  test("call what others had put in the place of a method before", () => {
    const greeter = new Greeter()
    greeter.greet = (greeting) => `${greeting}?`

    loudly[replace](greeter)

    expect(greeter.greet("Hello")).toBe("Hello?!")
  })

  test("are put on an object once, whoever puts theirs on it in between", () => {
    const greeter = new Greeter()
    const politely = new MethodReplacements<Greeter>({
      greet: (greeter, greet, args) => `${String(greet.apply(greeter, args))}, please`,
    })

    for (let i = 0; i < 3; i++) {
      loudly[replace](greeter)
      politely[replace](greeter)
    }

    expect(greeter.greet("Hello")).toBe("Hello, Ada!, please")
  })

  test("leave alone what cannot be replaced", () => {
    const greeter = new Greeter()
    Object.defineProperty(greeter, "greet", { value: () => "fixed" })

    loudly[replace](greeter)

    expect(greeter.greet("Hello")).toBe("fixed")
  })
})

test("methods replaced on an object itself leave it its prototype", () => {
  const greeter = new Greeter()

  loudly.assignTo(greeter)

  expect(Object.getPrototypeOf(greeter)).toBe(Greeter.prototype)
})

function hidden(greeter: Greeter): Greeter {
  return Object.defineProperty(greeter, "greet", {
    configurable: true,
    writable: true,
    value: () => "Hidden",
  })
}

test("methods that others hide on every object of a class are replaced", () => {
  const shyly = new MethodReplacements<Greeter>({
    greet: (greeter, greet, args) => `${String(greet.apply(greeter, args))}!`,
  })
  const greeters = [hidden(new Greeter()), new Greeter(), hidden(new Greeter())]

  for (const greeter of greeters) shyly.applyTo(greeter)

  expect(greeters.map((greeter) => greeter.greet("Hello"))).toEqual([
    "Hidden!",
    "Hello, Ada!",
    "Hidden!",
  ])
})

test("methods that others hide on one object are replaced where it is said that they may", () => {
  const [one, other] = [new Greeter(), hidden(new Greeter())]

  loudly.applyTo(one)
  loudly.applyTo(other, true)

  expect(other.greet("Hello")).toBe("Hidden!")
})
