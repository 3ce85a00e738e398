/** What other modules, and the command line, may use of the gateway. */

export {
  type BudgetPeriod,
  type BudgetState,
  type Budgets,
  budgetPeriods,
  createBudget,
  dollars,
  findBudget,
  listBudgets,
  makeBudgets,
  type Subject,
  type SubjectScope,
  subjectScopes,
  updateBudget,
} from './budgets/index.ts';
export * from './costs/index.ts';
export * from './prices/index.ts';
export type { CallSubject, Usage } from './usage.ts';
