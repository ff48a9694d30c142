/** Types of vitrine-token.js. */

/** The token of a customer by the id that your CRM's extracts use. Throws for an id or a secret of another form. */
export function visitorToken(visitor: string, secret: string): string;
