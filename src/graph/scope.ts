import { parameter } from "./build.ts";
import type { Initializer } from "./initializer.ts";
import { expectShape, GraphError, type Shape, type Tensor } from "./tensor.ts";

/** What is to be used in place of a named inner tensor: the tensor itself, or one of the same shape made from it. */
export type Replace = (path: string, tensor: Tensor) => Tensor;

/** What all scopes of one network share. */
interface Tree {
  readonly parameters: Map<string, Tensor>;
  readonly inner: Map<string, Tensor>;
  readonly replace: Replace;
}

/**
 * A place in a model's tree of names. A network is a function that takes a scope, so the path of a
 * parameter is the path of calls that made it, and that path is its state-dict key.
 */
export class Scope {
  readonly path: string;
  #tree: Tree;

  /** @param replace may put another tensor in the place of each named inner one. */
  constructor(path = "", replace: Replace = (_, tensor) => tensor) {
    this.path = path;
    this.#tree = { parameters: new Map(), inner: new Map(), replace };
  }

  /** The scope below, e.g. `scope.at("down_blocks", 0, "resnets", 1)`. */
  at(...names: readonly (string | number)[]): Scope {
    const below = new Scope([this.path, ...names].filter((name) => name !== "").join("."));
    below.#tree = this.#tree;
    return below;
  }

  /** The parameter `name` here; asking twice gives the same one. */
  parameter(name: string, shape: Shape, init: Initializer): Tensor {
    const path = this.at(name).path;
    const known = this.#tree.parameters.get(path);
    if (known) {
      expectShape(`parameter ${path}`, known, shape);
      return known;
    }
    const created = parameter(path, shape, init);
    this.#tree.parameters.set(path, created);
    return created;
  }

  /**
   * Names a tensor inside the network, so that it can be read and replaced from outside; what is returned is what the
   * network goes on with. A name costs nothing: the graph holds an inner tensor's value only if an output asks for it.
   */
  probe(name: string, tensor: Tensor): Tensor {
    const path = this.at(name).path;
    this.#tree.inner.set(path, tensor);
    const used = this.#tree.replace(path, tensor);
    expectShape(`what replaces ${path}`, used, tensor.shape);
    return used;
  }

  /** Every inner tensor that the network named, as computed before any replacement, by path, in order of use. */
  get probes(): ReadonlyMap<string, Tensor> {
    return this.#tree.inner;
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
