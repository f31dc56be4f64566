/** What a function of the facts answered, each answer once. As JSON. */
export interface AnswerTable<Answer> {
  answers: Answer[];
  /** By turns: the number of what was asked for, and the place of its answer among `answers`. */
  asked: number[];
}

/** The planner asks for what it did not ask for when the decision was made, so that nobody knows the answer. */
export class NotAskedThen extends Error {
  override readonly name = 'NotAskedThen';
}

/** What a pure function answers, noted as it is asked. Asked thousands of times for a plan of many cards. */
export class Answers<Answer> {
  private readonly known = new Map<number, Answer>();

  /** `sameness` is equal for answers that are the same. */
  constructor(private readonly sameness: (answer: Answer) => unknown) {}

  /** The answer to `question`; found by `find` the first time. What has no number (`NaN`) is not noted. */
  note(question: number, find: () => Answer): Answer {
    if (Number.isNaN(question)) return find();
    const known = this.known.get(question);
    if (known !== undefined) return known;
    const answer = find();
    this.known.set(question, answer);
    return answer;
  }

  toTable(): AnswerTable<Answer> {
    const answers: Answer[] = [];
    const places = new Map<unknown, number>();
    const asked: number[] = [];
    for (const [question, answer] of this.known) {
      const same = this.sameness(answer);
      const place = places.get(same) ?? answers.push(answer) - 1;
      places.set(same, place);
      asked.push(question, place);
    }
    return { answers, asked };
  }
}

/** What was answered, to look up. */
export class KnownAnswers<Answer> {
  private readonly places = new Map<number, number>();
  private readonly answers: readonly Answer[];

  constructor({ answers, asked }: AnswerTable<Answer>) {
    this.answers = answers;
    for (let at = 0; at + 1 < asked.length; at += 2) this.places.set(asked[at] as number, asked[at + 1] as number);
  }

  /** Throws `NotAskedThen`, which says `what` was asked for, where there is no answer. */
  to(question: number, what: () => string): Answer {
    const place = this.places.get(question);
    const answer = place === undefined ? undefined : this.answers[place];
    if (answer === undefined) throw new NotAskedThen(`the planner asks for ${what()}, which it did not ask for then`);
    return answer;
  }
}
