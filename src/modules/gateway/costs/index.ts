/** What other parts and modules may use of costs. */
export { csvOf } from './csv.ts';
export { costStatement, type NewCost, type RecordedCost, recordCost } from './record.ts';
export {
  type CostFilter,
  type CostGroup,
  type CostSums,
  costReport,
  type Dimension,
  dimensionFields,
  sumCosts,
  tokenSums,
} from './report.ts';
export { type Repriced, type Repricing, repriceCosts } from './reprice.ts';
export { dimensionsOf, reportSpan } from './routes.ts';
export { monthOf, monthSpan, type Span, zoneOf } from './zone.ts';
