import { Histogram, type Registry } from 'prom-client';

type Labels = 'method' | 'route' | 'status';

/** A line as prom-client writes it. */
interface Line {
  readonly metricName: string;
  readonly labels: { readonly le?: number | string };
  readonly sharedLabels: Series['labels'];
  readonly value: number;
}

interface Series {
  readonly labels: { readonly method: string; readonly route: string; readonly status: number };
  /** How many are within each bound and above the one before it, and last how many are above them all. */
  readonly counts: number[];
  sum: number;
}

/**
 * A histogram of how long requests take that only counts; its lines are made when somebody asks. prom-client's own checks
 * and hashes its labels at every observation, 2 % of a read over HTTP.
 */
export class RequestDurations extends Histogram<Labels> {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  /** By status, route and method: three look-ups of what is there already cost less than a text made of them. */
  readonly #series = new Map<number, Map<string, Map<string, Series>>>();

  constructor(options: { name: string; help: string; buckets: number[]; registers: Registry[] }) {
    super({ ...options, labelNames: ['method', 'route', 'status'] });
    this.#name = options.name;
    this.#help = options.help;
    this.#bounds = options.buckets;
  }

  count(method: string, route: string, status: number, seconds: number): void {
    const series = this.#series.get(status)?.get(route)?.get(method) ?? this.#begin(method, route, status);
    let at = 0;
    while (at < this.#bounds.length && seconds > this.#bounds[at]!) at++;
    series.counts[at]!++;
    series.sum += seconds;
  }

  #begin(method: string, route: string, status: number): Series {
    const ofStatus = this.#series.get(status) ?? new Map<string, Map<string, Series>>();
    const ofRoute = ofStatus.get(route) ?? new Map<string, Series>();
    const series = { labels: { method, route, status }, counts: [...this.#bounds, Infinity].map(() => 0), sum: 0 };
    ofRoute.set(method, series);
    ofStatus.set(route, ofRoute);
    this.#series.set(status, ofStatus);
    return series;
  }

  /** What both of the registry's ways to write it down ask for. */
  async getForPromString() {
    return {
      name: this.#name,
      help: this.#help,
      type: 'histogram',
      aggregator: 'sum',
      values: [...this.#all()].flatMap((series) => this.#linesOf(series)),
    };
  }

  *#all(): Iterable<Series> {
    for (const routes of this.#series.values()) for (const methods of routes.values()) yield* methods.values();
  }

  #linesOf({ labels: sharedLabels, counts, sum }: Series): Line[] {
    let below = 0;
    const buckets = counts.map((count, at) => {
      below += count;
      const le = this.#bounds[at] ?? '+Inf';
      return { labels: { le }, sharedLabels, value: below, metricName: `${this.#name}_bucket` };
    });
    return [
      ...buckets,
      { labels: {}, sharedLabels, value: sum, metricName: `${this.#name}_sum` },
      { labels: {}, sharedLabels, value: below, metricName: `${this.#name}_count` },
    ];
  }
}
