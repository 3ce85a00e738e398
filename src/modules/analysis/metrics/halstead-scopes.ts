import { type FoundElements, isCallable } from '../elements/element.ts';
import { HalsteadCounter, type HalsteadResult } from './halstead.ts';

/** The counters of a file: what is met inside a function counts for it, for the functions around it, and the file. */
export class HalsteadScopes {
  private readonly found: FoundElements;
  private readonly counters: readonly (HalsteadCounter | undefined)[];
  private readonly file = new HalsteadCounter();

  constructor(found: FoundElements) {
    this.found = found;
    this.counters = found.elements.map(({ kind }) => (isCallable(kind) ? new HalsteadCounter() : undefined));
  }

  operator(owner: number, key: string): void {
    this.file.operator(key);
    for (let at = owner; at >= 0; at = this.found.elements[at]!.parent) this.counters[at]?.operator(key);
  }

  operand(owner: number, key: string): void {
    this.file.operand(key);
    for (let at = owner; at >= 0; at = this.found.elements[at]!.parent) this.counters[at]?.operand(key);
  }

  result(): HalsteadResult {
    return { byElement: this.counters.map((counter) => counter?.result()), file: this.file.result() };
  }
}
