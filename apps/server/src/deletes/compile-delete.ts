import type { Kernels } from "@sluice/kernels";
import { compileEntryFilter } from "@sluice/logql";
import { messageOf, ServiceError } from "@sluice/model";
import type { CompiledDelete } from "@sluice/store";

/**
 * What a delete request's query means.
 *
 * @throws {ServiceError} `bad_data` for a query that is wrong, or is none of lines, or has stages and no filter.
 * @see Loki's pkg/compactor/deletion/util.go. There a query that only parses or formats deletes whole streams.
 */
export function compileDelete(query: string, kernels: Kernels): CompiledDelete {
  try {
    return compileEntryFilter(query, kernels);
  } catch (error) {
    throw new ServiceError("bad_data", `invalid query expression: ${messageOf(error)}`, { cause: error });
  }
}
