import * as ort from "onnxruntime-web/webgpu";
import { answerCalls } from "./answer-calls.browser.ts";

answerCalls(ort, "webgpu");
