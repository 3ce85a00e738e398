/** What the other parts of the gateway use of budgets. */
export { type AlertRow, threshold_event } from './alerts.ts';
export { assertAmounts, Dollars, dollars } from './amounts.ts';
export {
  type BudgetPeriod,
  type BudgetState,
  budgetPeriods,
  createBudget,
  findBudget,
  listBudgets,
  type NewBudget,
  updateBudget,
} from './budgets.ts';
export type { Ask, Budgets, Hold, Used } from './contract.ts';
export { makeBudgets } from './decisions.ts';
export { budgetErrors } from './errors.ts';
export { budgetDifferences, expireHolds, forgetReservations } from './holds.ts';
export { budgetLimits } from './limits.ts';
export { type Subject, type SubjectScope, subjectScopes } from './subjects.ts';
