import type { FileSystem, OpenFile, Querier } from "@sluice/model";
import type { ObjectStore } from "@sluice/object-store";
import type { Store, StoreOptions } from "@sluice/store";
import type { Wal } from "@sluice/wal";
import type { QuerierOptions } from "../../src/querier/querier.ts";

/**
 * A server that does one thing wrong. Each mistake is a port that is wrapped, so that the code under test has no switch
 * for it.
 */
export interface Mutation {
  readonly title: string;
  readonly fileSystem?: (fs: FileSystem) => FileSystem;
  readonly objectStore?: (objectStore: ObjectStore) => ObjectStore;
  readonly wal?: (wal: Wal) => Wal;
  readonly store?: (store: Store, wal: Wal) => Store;
  readonly storeOptions?: Partial<StoreOptions>;
  readonly querier?: (querier: Querier, options: QuerierOptions) => Querier;
}

/** Everything as it is. */
export const unchanged: Mutation = { title: "nothing" };

export const mutations: readonly Mutation[] = [
  {
    title: "files of the write-ahead log are not synced",
    fileSystem: (fs) => withoutSync(fs, (path) => path.includes("/wal/")),
  },
  {
    title: "directories are not synced",
    fileSystem: (fs) => forwarded(fs, { syncDirectory: async () => {} }),
  },
  {
    title: "objects on the disk are not synced",
    fileSystem: (fs) => withoutSync(fs, (path) => path.includes("/objects/")),
  },
  {
    title: "the log is trimmed before the manifest's commit",
    store: (store, wal) =>
      forwarded(store, {
        async flush(tenants, walCovered, onCommitted) {
          await wal.trim(walCovered);
          await store.flush(tenants, walCovered, onCommitted);
        },
      }),
  },
  {
    title: "heads are dropped before the manifest's commit",
    store: (store) =>
      forwarded(store, {
        async flush(tenants, walCovered, onCommitted) {
          onCommitted();
          await store.flush(tenants, walCovered, () => {});
        },
      }),
  },
  {
    title: "deleted lines that are in memory are shown",
    store: (store) => forwarded(store, { deletes: forwarded(store.deletes, { hidingOf: () => undefined }) }),
  },
  {
    title: "repeated lines are shown twice",
    querier: withoutDeduplication,
  },
  {
    title: "appends are acknowledged before they are durable",
    wal(wal) {
      let next = wal.lastPosition;
      return forwarded(wal, {
        async append(record) {
          next += 1;
          wal.append(record).catch(() => {});
          return next;
        },
      });
    },
  },
  {
    title: "the bucket ignores If-None-Match",
    objectStore: (objectStore) => forwarded(objectStore, { put: (key, body) => objectStore.put(key, body) }),
  },
  {
    title: "a put that has failed is taken for done",
    objectStore: (objectStore) =>
      forwarded(objectStore, {
        put: (key, body, options) =>
          objectStore.put(key, body, options).catch((error: unknown) => {
            if ((error as { readonly code?: string }).code !== "unavailable") {
              throw error;
            }
          }),
      }),
  },
  {
    title: "replay begins one record late",
    wal: (wal) => forwarded(wal, { read: (from) => wal.read(from + 1) }),
  },
  {
    title: "a write that did not fit on the disk is taken for done",
    fileSystem: (fs) =>
      withFiles(fs, (file) => ({
        append: (parts) =>
          file.append(parts).catch((error: unknown) => {
            if ((error as { readonly code?: string }).code !== "ENOSPC") {
              throw error;
            }
          }),
      })),
  },
  {
    title: "two servers have one name",
    storeOptions: { walName: "server" },
  },
];

function withoutDeduplication(querier: Querier, { store, headsOf }: QuerierOptions): Querier {
  return {
    async select(request, signal) {
      const stored = store.select(request, signal);
      const { tenant, matchers, startNs, endNs } = request;
      const inMemory = headsOf(tenant).flatMap((head) => head.select(matchers, startNs, endNs));
      return [...(await stored), ...inMemory];
    },
    series: (request) => querier.series(request),
  };
}

function withoutSync(fs: FileSystem, isOfInterest: (path: string) => boolean): FileSystem {
  return withFiles(fs, (_, path) => (isOfInterest(path) ? { sync: async () => {} } : {}));
}

/** Replaces operations on open files. */
function withFiles(fs: FileSystem, replacedOf: (file: OpenFile, path: string) => Partial<OpenFile>): FileSystem {
  return forwarded(fs, {
    async open(path, mode) {
      const file = await fs.open(path, mode);
      return forwarded(file, replacedOf(file, path));
    },
  });
}

/** `inner` with some of its methods replaced; the others stay bound to it. */
function forwarded<Port extends object>(inner: Port, replaced: Partial<Port>): Port {
  return new Proxy(inner, {
    get(target, property) {
      const value: unknown = Reflect.get(property in replaced ? replaced : target, property);
      return typeof value === "function" ? value.bind(property in replaced ? replaced : target) : value;
    },
  });
}
