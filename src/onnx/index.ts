export {
  type Attribute,
  type ElementType,
  elementTypes,
  encodeModel,
  type Initializer,
  type Model,
  type Node,
  type ValueInfo,
} from "./model.ts";
