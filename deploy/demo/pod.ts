import { join } from "node:path";
import type { Rng } from "@sluice/model";
import { podSuffix, uuid } from "./chance.ts";

export const demoNamespace = "ai-prod";

export interface Pod {
  readonly namespace: string;
  /** As a Deployment names it: `<app>-<ReplicaSet hash>-<suffix>`. */
  readonly name: string;
  readonly uid: string;
  readonly container: string;
}

/**
 * Draws a new pod of an app; its container has the app's name.
 *
 * @param replicaSetHash what all pods of one rollout have in common.
 */
export function newPod(app: string, replicaSetHash: string, rng: Rng): Pod {
  return {
    namespace: demoNamespace,
    name: `${app}-${replicaSetHash}-${podSuffix(rng)}`,
    uid: uuid(rng),
    container: app,
  };
}

/** The pod's directory under the kubelet's log root (`/var/log/pods` on a node). */
export function podDirectory(root: string, pod: Pod): string {
  return join(root, `${pod.namespace}_${pod.name}_${pod.uid}`);
}

/** The log of the container's first run; a restart would begin `1.log`. */
export function containerLogPath(root: string, pod: Pod): string {
  return join(podDirectory(root, pod), pod.container, "0.log");
}
