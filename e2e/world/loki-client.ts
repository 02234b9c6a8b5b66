/** Loki's API as a client sees it, over plain fetch: the judge must not share code with what it judges. */
export interface LogLine {
  readonly timestampNs: bigint;
  readonly line: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

type Headers = Readonly<Record<string, string>>;

const pageLines = 5000;

async function get(url: string, headers: Headers): Promise<{ readonly data: { readonly result: unknown } }> {
  const response = await fetch(url, { headers });
  if (!response.ok) {
    throw new Error(`${response.status} from ${url}: ${await response.text()}`);
  }
  return (await response.json()) as { data: { result: unknown } };
}

async function queryPage(base: string, query: string, startNs: bigint, headers: Headers): Promise<LogLine[]> {
  const params = new URLSearchParams({
    query,
    start: startNs.toString(),
    end: (BigInt(Date.now() + 60_000) * 1_000_000n).toString(),
    limit: String(pageLines),
    direction: "forward",
  });
  const { data } = await get(`${base}/loki/api/v1/query_range?${params}`, headers);
  const streams = data.result as readonly { stream: Record<string, string>; values: readonly [string, string][] }[];
  return streams
    .flatMap(({ stream, values }) => values.map(([ns, line]) => ({ timestampNs: BigInt(ns), line, labels: stream })))
    .sort((a, b) => (a.timestampNs < b.timestampNs ? -1 : a.timestampNs > b.timestampNs ? 1 : 0));
}

/** All lines that match, oldest first, fetched page by page (a page begins where the last one ended). */
export async function queryLines(base: string, query: string, headers: Headers = {}): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  let startNs = BigInt(Date.now() - 3_600_000) * 1_000_000n;
  for (;;) {
    const page = await queryPage(base, query, startNs, headers);
    // The last page's final nanosecond comes again; what of it is known already is left out.
    const known = new Set(lines.filter(({ timestampNs }) => timestampNs === startNs).map(keyOf));
    const fresh = page.filter((line) => !known.has(keyOf(line)));
    lines.push(...fresh);
    if (page.length < pageLines || fresh.length === 0) {
      return lines;
    }
    startNs = page.at(-1)!.timestampNs;
  }
}

export async function queryInstant(base: string, query: string, headers: Headers = {}): Promise<Sample[]> {
  const { data } = await get(`${base}/loki/api/v1/query?${new URLSearchParams({ query })}`, headers);
  const samples = data.result as readonly { metric: Record<string, string>; value: readonly [number, string] }[];
  return samples.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

/** Pushes lines as JSON; resolves to the status. */
export async function pushLines(
  base: string,
  labels: Readonly<Record<string, string>>,
  values: readonly (readonly [bigint, string])[],
  headers: Headers = {},
): Promise<number> {
  const response = await fetch(`${base}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ streams: [{ stream: labels, values: values.map(([ns, line]) => [ns.toString(), line]) }] }),
  });
  await response.arrayBuffer();
  return response.status;
}

/** Now, in nanoseconds since the epoch. */
export function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

function keyOf({ timestampNs, line, labels }: LogLine): string {
  return `${timestampNs} ${line} ${JSON.stringify(labels)}`;
}
