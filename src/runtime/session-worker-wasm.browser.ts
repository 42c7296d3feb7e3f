import * as ort from "onnxruntime-web/wasm";
import { answerCalls } from "./answer-calls.browser.ts";

answerCalls(ort, "wasm");
