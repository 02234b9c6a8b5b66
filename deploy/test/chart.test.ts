import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";

/**
 * What can be known of the chart without Helm. Helm itself renders a misspelt value as nothing and says no word, and
 * its schema only guards the names that somebody wrote into it.
 */
const chart = resolve(import.meta.dirname, "../../charts/sluice");
const parts = ["agent", "server", "explore"];

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
}

interface ChartYaml {
  readonly name: string;
  readonly version: string;
  readonly appVersion: string;
  readonly dependencies?: readonly { readonly name: string; readonly version: string; readonly condition: string }[];
}

function read(path: string): string {
  return readFileSync(join(chart, path), "utf8");
}

function readChart(path: string): ChartYaml {
  return parse(read(path)) as ChartYaml;
}

function readValues(part: string): Readonly<Record<string, unknown>> {
  return parse(read(`charts/${part}/values.yaml`)) as Record<string, unknown>;
}

function readSchema(path: string): Schema {
  return JSON.parse(read(path)) as Schema;
}

const appVersion = (parse(readFileSync(join(chart, "../../package.json"), "utf8")) as { readonly version: string })
  .version;

test("chart, subcharts and the software have the same version", () => {
  const umbrella = readChart("Chart.yaml");
  const charts = [umbrella, ...parts.map((part) => readChart(`charts/${part}/Chart.yaml`))];
  expect(charts.map((one) => one.name)).toEqual(["sluice", ...parts]);
  expect(new Set(charts.map((one) => one.version))).toEqual(new Set([umbrella.version]));
  expect(new Set(charts.map((one) => one.appVersion))).toEqual(new Set([appVersion]));
  expect(umbrella.dependencies).toEqual(
    parts.map((name) => ({ name, version: umbrella.version, condition: `${name}.enabled` })),
  );
});

/** The paths of a schema's properties, as `image.tag`. */
function schemaPaths(schema: Schema, prefix = ""): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const path = prefix + name;
    return inner.properties === undefined ? [path] : schemaPaths(inner, `${path}.`);
  });
}

/** The paths of a values file; an object that the schema leaves open is one leaf. */
function valuePaths(values: Readonly<Record<string, unknown>>, schema: Schema, prefix = ""): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const path = prefix + name;
    const inner = schema.properties?.[name];
    return inner?.properties !== undefined && typeof value === "object"
      ? valuePaths(value as Record<string, unknown>, inner, `${path}.`)
      : [path];
  });
}

/** The places where a schema would let a misspelt name pass. */
function openObjects(schema: Schema, path: string): string[] {
  const closed = schema.additionalProperties !== undefined && schema.additionalProperties !== true;
  const here = schema.properties !== undefined && !closed ? [path] : [];
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, one]) => openObjects(one, `${path}.${name}`));
  return [...here, ...inner, ...(schema.items === undefined ? [] : openObjects(schema.items, `${path}[]`))];
}

/** Names that Helm itself puts among a subchart's values. */
const givenByHelm = new Set(["enabled", "global"]);
/** Quantities that have no default, but may be set. */
const withoutDefault = /^resources\./u;

test.for(parts)("%s: values and schema know the same names", (part) => {
  const schema = readSchema(`charts/${part}/values.schema.json`);
  const known = schemaPaths(schema).filter((path) => !givenByHelm.has(path));
  const values = valuePaths(readValues(part), schema);
  expect(values.filter((path) => !known.includes(path))).toEqual([]);
  expect(known.filter((path) => !values.includes(path) && !withoutDefault.test(path))).toEqual([]);
});

test.for(["values.schema.json", ...parts.map((part) => `charts/${part}/values.schema.json`)])(
  "%s refuses unknown names on every level",
  (path) => {
    expect(openObjects(readSchema(path), "")).toEqual([]);
  },
);

test.for(parts)("%s: the templates use the values that there are, and every one of them", (part) => {
  const schema = readSchema(`charts/${part}/values.schema.json`);
  const values = valuePaths(readValues(part), schema);
  const templates = globSync(join(chart, "charts", part, "templates/*")).map((path) => readFileSync(path, "utf8"));
  const used = new Set([...templates.join("\n").matchAll(/\.Values\.([\w.]+)/gu)].map(([, path]) => path!));
  const isUnder = (path: string, parent: string): boolean => path === parent || path.startsWith(`${parent}.`);
  expect([...used].filter((path) => !givenByHelm.has(path) && !values.some((value) => isUnder(value, path)))).toEqual(
    [],
  );
  expect(values.filter((value) => ![...used].some((path) => isUnder(value, path)))).toEqual([]);
});

test("the images' entry points and the chart agree on paths and ports", () => {
  const dockerfile = readFileSync(resolve(chart, "../../deploy/images/Dockerfile"), "utf8");
  expect(dockerfile).toContain("VOLUME /data\nEXPOSE 3100\n");
  expect(read("charts/server/templates/statefulset.yaml")).toContain("{ name: data, mountPath: /data }");
  expect(read("charts/server/templates/statefulset.yaml")).toContain("containerPort: 3100");
  expect(dockerfile).toContain("EXPOSE 9080\n");
  expect(read("charts/agent/templates/configmap.yaml")).toContain("http_listen_port: 9080");
  expect(read("charts/agent/templates/daemonset.yaml")).toContain("containerPort: 9080");
  expect(dockerfile).toContain('"--listen", "0.0.0.0:8080"]\n');
  expect(read("charts/explore/templates/deployment.yaml")).toContain("containerPort: 8080");
});

test.for(globSync(join(chart, "charts/*/templates/{daemonset,statefulset,deployment}.yaml")))(
  "%s keeps to least privilege",
  (path) => {
    const template = readFileSync(path, "utf8");
    for (const line of [
      "automountServiceAccountToken: false",
      "seccompProfile: { type: RuntimeDefault }",
      "allowPrivilegeEscalation: false",
      "readOnlyRootFilesystem: true",
      "capabilities: { drop: [ALL] }",
    ]) {
      expect(template).toContain(line);
    }
    expect(template).not.toMatch(/privileged: true|hostNetwork|hostPID|hostIPC/u);
  },
);

test("nothing asks for rights in the cluster", () => {
  const templates = globSync(join(chart, "**/templates/*.yaml")).map((path) => readFileSync(path, "utf8"));
  expect(templates.length).toBeGreaterThan(8);
  expect(templates.join("\n")).not.toMatch(/kind: (Cluster)?Role/u);
});
