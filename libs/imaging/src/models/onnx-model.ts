// Before the runtime.
import './no-telemetry';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { BoundedQueue } from '../scoring/bounded-queue';

export interface TensorShape {
  /** Left out where exports of one network name it differently; the place in the list decides then. */
  readonly name?: string;
  /**
   * null where the file may leave the size open; otherwise the size that must hold, or must be allowed by an open axis.
   */
  readonly shape: readonly (number | null)[];
}

/** What a metric relies on. Everything is 32-bit float. */
export interface TensorContract {
  readonly inputs: readonly TensorShape[];
  readonly outputs: readonly TensorShape[];
}

export interface FloatTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** The file is a network, but not the one the metric was written for; running it would give numbers without meaning. */
export class ModelContractMismatch extends Error {
  override readonly name = 'ModelContractMismatch';
}

export type ExecutionProvider = 'cpu' | 'cuda';

export interface OnnxOptions {
  /** Threads inside one inference; one is bit-identical to the reference. */
  readonly threads?: number;
  /**
   * `cuda` where the runtime has it, else the processor; `provider` says which one it became. TF32 has to be off, by
   * NVIDIA_TF32_OVERRIDE=0 in the environment, or the third decimal differs from the processor's.
   */
  readonly provider?: ExecutionProvider;
  /** Inferences that may wait for this model; each holds its tensors. */
  readonly maxWaiting?: number;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
}

export type Tensors = Readonly<Record<string, FloatTensor>>;

/** One network for the life of the process; sessions leak when they are made and thrown away. */
export class OnnxModel {
  private readonly queue: BoundedQueue;

  private constructor(
    private readonly session: InferenceSession,
    /** What really computes: a wish for CUDA may have ended on the processor. */
    readonly provider: ExecutionProvider,
    maxWaiting: number,
  ) {
    this.queue = new BoundedQueue(maxWaiting);
  }

  /**
   * Loads the file and checks names, types and shapes.
   * @throws ModelContractMismatch, also for a file that is no network
   */
  static async open(path: string, contract: TensorContract, options: OnnxOptions = {}): Promise<OnnxModel> {
    const { threads = 1, maxWaiting = 64 } = options;
    const { session, provider } = await createSession(path, threads, options.provider ?? 'cpu');
    const differences = [
      ...tensorDifferences('input', contract.inputs, session.inputMetadata),
      ...tensorDifferences('output', contract.outputs, session.outputMetadata),
    ];
    if (differences.length > 0) {
      await session.release();
      throw new ModelContractMismatch(differences.join('; '));
    }
    return new OnnxModel(session, provider, maxWaiting);
  }

  /** The first input's size on each axis; null where it is open. */
  inputShape(): readonly (number | null)[] {
    const [first] = this.session.inputMetadata;
    return first?.isTensor ? first.shape.map((side) => (typeof side === 'number' && side > 0 ? side : null)) : [];
  }

  inputName(): string {
    const [name] = this.session.inputNames;
    if (name === undefined) throw new Error('a network without inputs passed its contract');
    return name;
  }

  outputNames(): readonly string[] {
    return this.session.outputNames;
  }

  /**
   * One inference at a time: parallel runs of one session multiply its memory and gain nothing on one device. The
   * runtime's binding computes on the calling thread, so a service runs models through a `ScoringThread`.
   * @throws QueueFull; the signal's reason
   */
  run(inputs: Tensors, { signal }: RunOptions = {}): Promise<Record<string, FloatTensor>> {
    return this.queue.run(() => this.infer(inputs), signal);
  }

  /**
   * One answer per item. Items are joined along the first axis where the file leaves it open, `maxBatch` at a time; a
   * file with a fixed first axis gets them one by one.
   * @throws RangeError for items of different shapes
   */
  async runBatch(
    items: readonly Tensors[],
    maxBatch = 8,
    options: RunOptions = {},
  ): Promise<Record<string, FloatTensor>[]> {
    const size = this.inputShape()[0] === null ? maxBatch : 1;
    const answers: Record<string, FloatTensor>[] = [];
    for (let start = 0; start < items.length; start += size) {
      const chunk = items.slice(start, start + size);
      answers.push(...unstack(await this.run(stack(chunk), options), chunk.length));
    }
    return answers;
  }

  async close(): Promise<void> {
    await this.queue.drain();
    await this.session.release();
  }

  private async infer(inputs: Tensors): Promise<Record<string, FloatTensor>> {
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { data, dims }]) => [name, new Tensor('float32', data, dims)]),
    );
    const results = await this.session.run(feeds);
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => {
        if (!(tensor instanceof Tensor) || tensor.type !== 'float32')
          throw new ModelContractMismatch(`output ${name} is not a float32 tensor`);
        return [name, { data: tensor.data as Float32Array, dims: tensor.dims }];
      }),
    );
  }
}

/** For networks with one output, whatever its name. */
export function firstOutput(outputs: Readonly<Record<string, FloatTensor>>): FloatTensor {
  const [tensor] = Object.values(outputs);
  if (tensor === undefined) throw new Error('the network gave no output');
  return tensor;
}

function stack(items: readonly Tensors[]): Record<string, FloatTensor> {
  const [first] = items;
  if (first === undefined) return {};
  return Object.fromEntries(
    Object.entries(first).map(([name, { data, dims }]) => {
      const joined = new Float32Array(data.length * items.length);
      items.forEach((item, place) => {
        const tensor = item[name];
        if (tensor === undefined || tensor.dims.join() !== dims.join())
          throw new RangeError(`${name} differs within one batch`);
        joined.set(tensor.data, place * data.length);
      });
      return [name, { data: joined, dims: [(dims[0] ?? 1) * items.length, ...dims.slice(1)] }];
    }),
  );
}

function unstack(outputs: Tensors, count: number): Record<string, FloatTensor>[] {
  if (count === 1) return [outputs];
  for (const [name, { dims }] of Object.entries(outputs))
    if (dims[0] !== count)
      throw new ModelContractMismatch(`output ${name} is [${dims.join(', ')}] for a batch of ${count}`);
  return Array.from({ length: count }, (_, place) =>
    Object.fromEntries(
      Object.entries(outputs).map(([name, { data, dims }]) => {
        const length = data.length / count;
        return [name, { data: data.slice(place * length, (place + 1) * length), dims: [1, ...dims.slice(1)] }];
      }),
    ),
  );
}

interface CreatedSession {
  readonly session: InferenceSession;
  readonly provider: ExecutionProvider;
}

async function createSession(path: string, threads: number, wanted: ExecutionProvider): Promise<CreatedSession> {
  const create = (provider: ExecutionProvider): Promise<InferenceSession> =>
    InferenceSession.create(path, { intraOpNumThreads: threads, interOpNumThreads: 1, executionProviders: [provider] });
  if (wanted === 'cuda') {
    const session = await create('cuda').catch(() => undefined);
    if (session !== undefined) return { session, provider: 'cuda' };
  }
  try {
    return { session: await create('cpu'), provider: 'cpu' };
  } catch (cause) {
    throw new ModelContractMismatch(`${path} is not a network the runtime can load`, { cause });
  }
}

/** All of them at once: whoever replaces the file wants to know everything that is wrong with it. */
function tensorDifferences(
  side: 'input' | 'output',
  expected: readonly TensorShape[],
  actual: readonly InferenceSession.ValueMetadata[],
): string[] {
  return expected.flatMap(({ name, shape }, place) => {
    const found = name === undefined ? actual[place] : actual.find((value) => value.name === name);
    if (found === undefined)
      return [`no ${side} ${name ?? place}; there are ${actual.map((value) => value.name).join(', ')}`];
    if (!found.isTensor || found.type !== 'float32') return [`${side} ${found.name} is not a float32 tensor`];
    const matches =
      found.shape.length === shape.length &&
      shape.every((wanted, axis) => {
        const given = found.shape[axis];
        // Open axes are names, or -1 in older exports.
        return wanted === null || typeof given !== 'number' || given < 0 || given === wanted;
      });
    return matches
      ? []
      : [
          `${side} ${found.name} is [${found.shape.join(', ')}], not ` +
            `[${shape.map((length) => length ?? 'any').join(', ')}]`,
        ];
  });
}
