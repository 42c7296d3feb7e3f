/** Values by name, row major. */
export type Values = Readonly<Record<string, Float32Array | Int32Array>>;

/** Name, element type and shape of what goes in or comes out. */
export interface Port {
  readonly name: string;
  readonly dtype: "float32" | "int32";
  readonly shape: readonly number[];
}

export interface SessionRequest {
  /** An ONNX model. */
  readonly model: Uint8Array;
  /** The bytes behind the model's external data, by location. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Threads of one operator; the machine's cores if absent. */
  readonly threads: number | undefined;
  /** Whether little memory and quick loading are worth a twentieth of the speed. */
  readonly frugal: boolean;
}

/** A model ready to run. */
export interface Session {
  /** Fills `results`, whose arrays have the sizes of the outputs. */
  run(feeds: Values, results: Readonly<Record<string, Float32Array>>): Promise<void>;
  dispose(): Promise<void>;
}

/** What an ONNX Runtime package must do for us: the door between the engine and everything else. */
export interface Backend {
  createSession(request: SessionRequest): Promise<Session>;
}
