export {
  type Attribute,
  type ElementType,
  encodeModel,
  type Initializer,
  type Model,
  type Node,
  type ValueInfo,
} from "./model.ts";
