/** What a worker has in hand. */
export interface Load {
  readonly running: number;
  /** Claimed and not begun, and those of them that have a concurrency key. */
  readonly waiting: number;
  readonly waitingKeyed: number;
}

/** How many tasks without a concurrency key to claim, and how many with one. */
export interface Room {
  readonly plain: number;
  readonly keyed: number;
}

/** A claim under way, and what was known when it began. */
export interface Claim extends Room {
  readonly wakes: number;
  readonly signs: number;
}

export interface ClaimRoomOptions {
  readonly concurrency: number;
  readonly batchSize: number;
  readonly lanes: number;
}

/** No more is claimed than is likely to have started after so long: what one holds another worker can not take. */
const claim_ahead_ms = 250;
/** Of what holds a slot of a key far less: others wait for the slot. */
const keyed_ahead_ms = 5;
/** How fast the average duration of a task follows the last one. */
const average_weight = 0.05;

/** Decides how much a worker claims: as much as will start soon, of what there may be. */
export class ClaimRoom {
  readonly #options: ClaimRoomOptions;
  #claiming = 0;
  #claimingKeyed = 0;
  #averageMs = claim_ahead_ms;
  #mayHaveMore = true;
  #mayHaveKeyed = true;
  #lastWasFull = false;
  /** Wake-ups, and signs of tasks with keys, so far: a claim that began before one knows nothing of what it announced. */
  #wakes = 0;
  #signs = 0;

  constructor(options: ClaimRoomOptions) {
    this.#options = options;
  }

  get wakes(): number {
    return this.#wakes;
  }

  get underWay(): number {
    return this.#claiming + this.#claimingKeyed;
  }

  get lastWasFull(): boolean {
    return this.#lastWasFull;
  }

  /** There may be work of any kind. */
  expect(): void {
    this.#wakes++;
    this.#mayHaveMore = true;
    this.expectKeyed();
  }

  expectKeyed(): void {
    this.#mayHaveKeyed = true;
    this.#signs++;
  }

  /** A task took so long. */
  noteDuration(ms: number): void {
    this.#averageMs += (ms - this.#averageMs) * average_weight;
  }

  /** Tasks take at least so long at the moment. */
  noteLong(ms: number): void {
    this.#averageMs = Math.max(this.#averageMs, ms);
  }

  /** Whether a slot is worth keeping free for a task with a key: none is claimed ahead, and there may be some. */
  get wantsFreeSlot(): boolean {
    return this.#mayHaveKeyed && this.#keyedAhead() === 0;
  }

  of(load: Load): Room {
    return { plain: this.#plainRoom(load), keyed: this.#keyedRoom(load) };
  }

  begin({ plain, keyed }: Room): Claim {
    this.#claiming += plain;
    this.#claimingKeyed += keyed;
    return { plain, keyed, wakes: this.#wakes, signs: this.#signs };
  }

  /** What a claim has brought: whether all that was asked for was there. */
  learn(claim: Claim, more: { readonly plain: boolean; readonly keyed: boolean }): void {
    if (claim.plain > 0) {
      this.#lastWasFull = more.plain;
      if (claim.wakes === this.#wakes) this.#mayHaveMore = more.plain;
    }
    if (claim.keyed > 0 && claim.signs === this.#signs) this.#mayHaveKeyed = more.keyed;
  }

  end({ plain, keyed }: Room): void {
    this.#claiming -= plain;
    this.#claimingKeyed -= keyed;
  }

  #plainRoom({ running, waiting }: Load): number {
    if (!this.#mayHaveMore || (this.#claiming > 0 && !this.#lastWasFull)) return 0;
    const { concurrency, batchSize, lanes } = this.#options;
    const soon = Math.ceil((concurrency * claim_ahead_ms) / this.#averageMs);
    const wanted = Math.min(batchSize * lanes, Math.max(concurrency, soon));
    const held = waiting + running + this.#claiming;
    const room = Math.min(batchSize, wanted - held);
    return room === batchSize || held < concurrency || held <= wanted / 2 ? Math.max(0, room) : 0;
  }

  /** One claim of keys at a time: two of one process would only be in each other's way. */
  #keyedRoom({ running, waitingKeyed }: Load): number {
    if (!this.#mayHaveKeyed || this.#claimingKeyed > 0) return 0;
    const { concurrency, batchSize } = this.#options;
    return Math.max(0, Math.min(batchSize, Math.max(concurrency - running, this.#keyedAhead()) - waitingKeyed));
  }

  #keyedAhead(): number {
    return Math.floor((this.#options.concurrency * keyed_ahead_ms) / this.#averageMs);
  }
}
