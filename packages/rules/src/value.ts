/** A sample's value as Go prints a float64 (`%v`): what `{{ $value }}` expands to. */
export function printValue(value: number): string {
  const exponent = exponentOf(value);
  if (exponent === undefined) {
    return printSpecial(value);
  }
  return exponent < -4 || exponent >= 6 ? printScientific(value) : Object.is(value, -0) ? "-0" : String(value);
}

/** A sample's value as the Prometheus API prints it in alerts: `1e+00`, `NaN`, `+Inf`. */
export function printScientific(value: number): string {
  if (exponentOf(value) === undefined) {
    return printSpecial(value);
  }
  const [mantissa, exponent] = value.toExponential().split("e") as [string, string];
  const sign = Object.is(value, -0) ? "-" : "";
  return `${sign}${mantissa}e${exponent[0]!}${exponent.slice(1).padStart(2, "0")}`;
}

/** Reads what {@link printValue} or {@link printScientific} printed. */
export function parseValue(text: string): number {
  return text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text);
}

/** The decimal exponent, or undefined for NaN and the infinities. */
function exponentOf(value: number): number | undefined {
  return Number.isFinite(value) ? Number(value.toExponential().split("e")[1]) : undefined;
}

function printSpecial(value: number): string {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
