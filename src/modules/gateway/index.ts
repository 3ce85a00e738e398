/** What the program and other modules may use of the gateway. */
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
