/** At what size what the binding costs others is measured. */
export interface BindingOptions {
  /** Statements in one turn. */
  readonly statements: number
  readonly rounds: number
}
