/** An expression that can not be read, or not be evaluated. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}
