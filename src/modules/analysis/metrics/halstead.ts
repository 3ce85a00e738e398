/** Halstead's measures (M. H. Halstead, Elements of Software Science, 1977), named as radon and the literature do. */
export interface Halstead {
  /** n1, n2: different operators and operands. */
  readonly distinctOperators: number;
  readonly distinctOperands: number;
  /** N1, N2: all operators and operands. */
  readonly operators: number;
  readonly operands: number;
  readonly vocabulary: number;
  readonly length: number;
  /** Length estimated from the vocabulary: n1 log2 n1 + n2 log2 n2. */
  readonly estimatedLength: number;
  /** Bits: N log2 n. */
  readonly volume: number;
  readonly difficulty: number;
  readonly effort: number;
  /** Effort / 18 (Stroud's number). */
  readonly timeSeconds: number;
  /** Volume / 3000: Halstead's estimate of delivered errors. */
  readonly bugs: number;
}

/** The measures that follow from the four counts. Without operators and operands all are 0. */
export function halsteadOf(
  operators: number,
  operands: number,
  distinctOperators: number,
  distinctOperands: number,
): Halstead {
  const vocabulary = distinctOperators + distinctOperands;
  const length = operators + operands;
  const estimatedLength =
    distinctOperators > 0 && distinctOperands > 0
      ? distinctOperators * Math.log2(distinctOperators) + distinctOperands * Math.log2(distinctOperands)
      : 0;
  const volume = vocabulary > 0 ? length * Math.log2(vocabulary) : 0;
  const difficulty = distinctOperands > 0 ? (distinctOperators * operands) / (2 * distinctOperands) : 0;
  const effort = difficulty * volume;
  return {
    distinctOperators,
    distinctOperands,
    operators,
    operands,
    vocabulary,
    length,
    estimatedLength,
    volume,
    difficulty,
    effort,
    timeSeconds: effort / 18,
    bugs: volume / 3000,
  };
}

/** Counts operators and operands of a file and of each function as they are met. */
export class HalsteadCounter {
  private readonly operatorsSeen = new Set<string>();
  private readonly operandsSeen = new Set<string>();
  private operators = 0;
  private operands = 0;

  operator(key: string): void {
    this.operators++;
    this.operatorsSeen.add(key);
  }

  operand(key: string): void {
    this.operands++;
    this.operandsSeen.add(key);
  }

  result(): Halstead {
    return halsteadOf(this.operators, this.operands, this.operatorsSeen.size, this.operandsSeen.size);
  }
}

export interface HalsteadResult {
  /** By element; undefined for what is not called. A function holds what the functions inside it hold. */
  readonly byElement: readonly (Halstead | undefined)[];
  readonly file: Halstead;
}
