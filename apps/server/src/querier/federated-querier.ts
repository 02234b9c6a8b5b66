import {
  compileMatcher,
  labelsFrom,
  labelValue,
  ServiceError,
  type Labels,
  type Matcher,
  type SelectRequest,
  type SeriesRequest,
} from "@sluice/model";
import type { IndexQuerier, ReadPlan } from "./index-querier.ts";
import { splitTenants } from "./tenants.ts";
import { WrappedBlock } from "./wrapped-block.ts";

/** The label that tells whose a stream is, where several tenants are read at once. */
export const tenantLabel = "__tenant_id__";
/** What a stream's own label of that name becomes. */
const originalTenantLabel = `original_${tenantLabel}`;

/**
 * Reads several tenants (`a|b`, see {@link splitTenants}) as if they were one: each stream gets the label
 * `__tenant_id__`, and matchers of that label choose tenants. Requests for one tenant pass as they are.
 *
 * @see Loki's pkg/querier/multi_tenant_querier.go
 */
export function federatedQuerier(querier: IndexQuerier): IndexQuerier {
  return {
    async select(request, signal) {
      const chosen = chooseTenants(request);
      if (chosen === undefined) {
        return querier.select(request, signal);
      }
      // One snapshot of each, all taken in this tick.
      const selected = chosen.map(async ({ tenant, matchers, mark }) => {
        const blocks = await querier.select(forTenant({ ...request, matchers }, tenant), signal);
        return blocks.map((block) => new WrappedBlock(block, mark(block.labels)));
      });
      return (await Promise.all(selected)).flat();
    },
    async series(request) {
      const tenants = splitTenants(request.tenant);
      if (tenants.length === 1) {
        return querier.series(request);
      }
      const found = tenants.map(async (tenant) => {
        const selectors = selectorsFor(tenant, request);
        return selectors === undefined
          ? []
          : (await querier.series({ ...request, tenant, selectors })).map(tenantMarker(tenant));
      });
      return (await Promise.all(found)).flat();
    },
    async visitBlocks(request, visit, signal) {
      const chosen = chooseTenants(request);
      if (chosen === undefined) {
        return querier.visitBlocks(request, visit, signal);
      }
      const visits = chosen.map(({ tenant, matchers, mark }) =>
        querier.visitBlocks(
          { ...request, tenant, matchers },
          (block) => visit({ ...block, labels: mark(block.labels) }),
          signal,
        ),
      );
      await Promise.all(visits);
    },
    async explain(request, signal) {
      const chosen = chooseTenants(request);
      if (chosen === undefined) {
        return querier.explain(request, signal);
      }
      const plans = chosen.map(async ({ tenant, matchers, mark }) => {
        const plan = await querier.explain(forTenant({ ...request, matchers }, tenant), signal);
        return { ...plan, streams: plan.streams.map(mark) };
      });
      return joinPlans(await Promise.all(plans), request);
    },
  };
}

/** What is known of the labels that a line must have holds under their own names; nothing is known of the tenant's. */
function forTenant(request: SelectRequest, tenant: string): SelectRequest {
  const { equalities, ...others } = request;
  if (equalities === undefined) {
    return { ...request, tenant };
  }
  const own = equalities
    .filter(({ name }) => name !== tenantLabel)
    .map(({ name, value }) => ({ name: ownName(name), value }));
  return { ...others, tenant, equalities: own };
}

/** The name that a label has at its tenant. */
function ownName(name: string): string {
  return name === originalTenantLabel ? tenantLabel : name;
}

interface ChosenTenant {
  readonly tenant: string;
  readonly matchers: readonly Matcher[];
  /** Gives the label sets of its streams the tenant's label. */
  readonly mark: (labels: Labels) => Labels;
}

/** The tenants that the matchers of their label leave, with the other matchers; undefined for a request of one. */
function chooseTenants({
  tenant: joined,
  matchers: all,
}: Pick<SelectRequest, "tenant" | "matchers">): readonly ChosenTenant[] | undefined {
  const tenants = splitTenants(joined);
  if (tenants.length === 1) {
    return undefined;
  }
  const tests = all.filter(({ name }) => name === tenantLabel).map(compileMatcher);
  const matchers = all
    .filter(({ name }) => name !== tenantLabel)
    .map((matcher) => ({ ...matcher, name: ownName(matcher.name) }));
  if (tests.length > 0 && matchers.every((matcher) => compileMatcher(matcher)(""))) {
    throw new ServiceError(
      "bad_data",
      'log selector is invalid after matcher update: parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~".*" does not meet this requirement, but app=~".+" will',
    );
  }
  return tenants
    .filter((tenant) => tests.every((test) => test(tenant)))
    .map((tenant) => ({ tenant, matchers, mark: tenantMarker(tenant) }));
}

/** The plans of several tenants as one. */
function joinPlans(plans: readonly ReadPlan[], { needles = [], equalities = [] }: SelectRequest): ReadPlan {
  const sum = (valueOf: (plan: ReadPlan) => number): number => plans.reduce((all, plan) => all + valueOf(plan), 0);
  // A tenant was not asked about the tenant's label.
  const own = equalities.filter(({ name }) => name !== tenantLabel);
  return {
    segments: sum(({ segments }) => segments),
    streams: plans.flatMap(({ streams }) => streams),
    blocksOutside: sum(({ blocksOutside }) => blocksOutside),
    blocksInRange: sum(({ blocksInRange }) => blocksInRange),
    blocksHidden: sum(({ blocksHidden }) => blocksHidden),
    blocksFiltered: sum(({ blocksFiltered }) => blocksFiltered),
    filteredByNeedle: needles.map((_, i) => sum(({ filteredByNeedle }) => filteredByNeedle[i] ?? 0)),
    filteredByEquality: equalities.map((equality) => {
      const i = own.indexOf(equality);
      return i === -1 ? 0 : sum(({ filteredByEquality }) => filteredByEquality[i] ?? 0);
    }),
    blocks: sum(({ blocks }) => blocks),
    lines: sum(({ lines }) => lines),
    rawBytes: sum(({ rawBytes }) => rawBytes),
    storedBytes: sum(({ storedBytes }) => storedBytes),
    requests: sum(({ requests }) => requests),
    inMemory: {
      blocks: sum(({ inMemory }) => inMemory.blocks),
      lines: sum(({ inMemory }) => inMemory.lines),
      rawBytes: sum(({ inMemory }) => inMemory.rawBytes),
    },
  };
}

/** The selectors of a series request as they concern one tenant; undefined when none does. */
function selectorsFor(tenant: string, { selectors }: SeriesRequest): SeriesRequest["selectors"] | undefined {
  if (selectors.length === 0) {
    return selectors;
  }
  const left = selectors.flatMap((selector) => {
    const tests = selector.filter(({ name }) => name === tenantLabel).map(compileMatcher);
    const others = selector
      .filter(({ name }) => name !== tenantLabel)
      .map((matcher) => ({ ...matcher, name: ownName(matcher.name) }));
    return tests.every((test) => test(tenant)) ? [others] : [];
  });
  return left.length === 0 ? undefined : left;
}

/** Gives label sets of one tenant's streams its label; equal objects for equal objects, so that streams stay told apart. */
function tenantMarker(tenant: string): (labels: Labels) => Labels {
  const marked = new Map<Labels, Labels>();
  return (labels) => {
    let found = marked.get(labels);
    if (found === undefined) {
      const own = labelValue(labels, tenantLabel);
      found = labelsFrom([
        ...labels,
        ...(own === "" ? [] : [{ name: originalTenantLabel, value: own }]),
        { name: tenantLabel, value: tenant },
      ]);
      marked.set(labels, found);
    }
    return found;
  };
}
