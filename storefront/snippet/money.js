/** An amount of minor units as people write it: 98 USD is $0.98. */
export function money(amount, currency, locale) {
  const format = new Intl.NumberFormat(locale, {style: "currency", currency});
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}
