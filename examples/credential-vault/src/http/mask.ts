/** What stands in an answer for a credential of which nothing is shown. */
export const MASK = "****"
