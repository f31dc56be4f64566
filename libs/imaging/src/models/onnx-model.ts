import { InferenceSession, Tensor } from 'onnxruntime-node';

export interface TensorShape {
  /** Left out where exports of one network name it differently; the place in the list decides then. */
  readonly name?: string;
  /** null where the file may leave the size open; otherwise the size that must hold, or must be allowed by an open axis. */
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

export interface OnnxOptions {
  /** Threads inside one inference; one is bit-identical to the reference. */
  readonly threads?: number;
}

/** One network for the life of the process; sessions leak when they are made and thrown away. */
export class OnnxModel {
  private queue: Promise<unknown> = Promise.resolve();

  private constructor(private readonly session: InferenceSession) {}

  /**
   * Loads the file and checks names, types and shapes.
   * @throws ModelContractMismatch, also for a file that is no network
   */
  static async open(path: string, contract: TensorContract, { threads = 1 }: OnnxOptions = {}): Promise<OnnxModel> {
    const session = await createSession(path, threads);
    try {
      requireTensors('input', contract.inputs, session.inputMetadata);
      requireTensors('output', contract.outputs, session.outputMetadata);
    } catch (error) {
      await session.release();
      throw error;
    }
    return new OnnxModel(session);
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

  /** One inference at a time: parallel runs of one session multiply its memory and gain nothing on one device. */
  run(inputs: Readonly<Record<string, FloatTensor>>): Promise<Record<string, FloatTensor>> {
    const next = this.queue.then(() => this.infer(inputs));
    // The caller sees the error; the next in line must not.
    this.queue = Promise.allSettled([next]);
    return next;
  }

  async close(): Promise<void> {
    await this.queue;
    await this.session.release();
  }

  private async infer(inputs: Readonly<Record<string, FloatTensor>>): Promise<Record<string, FloatTensor>> {
    const feeds = Object.fromEntries(Object.entries(inputs).map(([name, { data, dims }]) => [name, new Tensor('float32', data, dims)]));
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

async function createSession(path: string, threads: number): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(path, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionProviders: ['cpu'],
    });
  } catch (cause) {
    throw new ModelContractMismatch(`${path} is not a network the runtime can load`, { cause });
  }
}

function requireTensors(
  side: 'input' | 'output',
  expected: readonly TensorShape[],
  actual: readonly InferenceSession.ValueMetadata[],
): void {
  expected.forEach(({ name, shape }, place) => {
    const found = name === undefined ? actual[place] : actual.find((value) => value.name === name);
    if (found === undefined)
      throw new ModelContractMismatch(`no ${side} ${name ?? place}; there are ${actual.map((value) => value.name).join(', ')}`);
    if (!found.isTensor || found.type !== 'float32') throw new ModelContractMismatch(`${side} ${found.name} is not a float32 tensor`);
    const matches =
      found.shape.length === shape.length &&
      shape.every((wanted, axis) => {
        const given = found.shape[axis];
        // Open axes are names, or -1 in older exports.
        return wanted === null || typeof given !== 'number' || given < 0 || given === wanted;
      });
    if (!matches)
      throw new ModelContractMismatch(
        `${side} ${found.name} is [${found.shape.join(', ')}], not [${shape.map((length) => length ?? 'any').join(', ')}]`,
      );
  });
}
