import { parameter } from "./build.ts";
import type { Initializer } from "./initializer.ts";
import { expectShape, GraphError, type Shape, type Tensor } from "./tensor.ts";

/**
 * A place in a model's tree of names. A network is a function that takes a scope, so the path of a
 * parameter is the path of calls that made it, and that path is its state-dict key.
 */
export class Scope {
  readonly path: string;
  readonly #parameters: Map<string, Tensor>;

  constructor(path = "", parameters: Map<string, Tensor> = new Map()) {
    this.path = path;
    this.#parameters = parameters;
  }

  /** The scope below, e.g. `scope.at("down_blocks", 0, "resnets", 1)`. */
  at(...names: readonly (string | number)[]): Scope {
    return new Scope(
      [this.path, ...names].filter((name) => name !== "").join("."),
      this.#parameters,
    );
  }

  /** The parameter `name` here; asking twice gives the same one. */
  parameter(name: string, shape: Shape, init: Initializer): Tensor {
    const path = this.at(name).path;
    const known = this.#parameters.get(path);
    if (known) {
      expectShape(`parameter ${path}`, known, shape);
      return known;
    }
    const created = parameter(path, shape, init);
    this.#parameters.set(path, created);
    return created;
  }
}

/** Makes errors inside a module's function carry the innermost module's path. */
export function module<Arguments extends readonly unknown[], Result>(
  build: (scope: Scope, ...rest: Arguments) => Result,
): (scope: Scope, ...rest: Arguments) => Result {
  return (scope, ...rest) => {
    try {
      return build(scope, ...rest);
    } catch (error) {
      if (error instanceof GraphError && error.path === undefined && scope.path !== "")
        throw new GraphError(error.message, scope.path);
      throw error;
    }
  };
}
