import type { LabelPair } from "@sluice/model";

/**
 * The labels that the path of a kubelet's log file gives: `<root>/<namespace>_<pod>_<uid>/<container>/<n>.log`. The
 * names and `job` are those of Promtail's Helm chart; no API server is asked. Undefined for any other path.
 *
 * @see kubernetes pkg/kubelet/kuberuntime/helpers.go BuildPodLogsDirectory
 */
export function labelsOfKubeletPath(path: string): readonly LabelPair[] | undefined {
  const [file, container, pod] = path.split("/").reverse();
  const parts = pod?.split("_");
  // Neither a namespace nor a pod's name can hold an underscore.
  if (file === undefined || container === undefined || parts?.length !== 3 || parts.includes("") || container === "") {
    return undefined;
  }
  const [namespace, podName] = parts as [string, string, string];
  const app = appOfPod(podName);
  return [
    { name: "namespace", value: namespace },
    { name: "pod", value: podName },
    { name: "container", value: container },
    { name: "app", value: app },
    { name: "job", value: `${namespace}/${app}` },
  ];
}

// What Kubernetes makes random names of (k8s.io/apimachinery/pkg/util/rand): no vowels, no look-alikes.
const randomSuffix = "[bcdfghjklmnpqrstvwxz2456789]{5}";

const controllerNames: readonly RegExp[] = [
  // A Deployment's ReplicaSet has a hash, a CronJob's Job a time; the chart takes both off with this very expression.
  new RegExp(`^(.+?)-[0-9a-f]{8,10}-${randomSuffix}$`, "u"),
  // DaemonSet, Job.
  new RegExp(`^(.+)-${randomSuffix}$`, "u"),
  // StatefulSet.
  /^(.+)-\d+$/u,
];

/**
 * The name of the controller that made a pod, read from the pod's name: what the chart's `__tmp_controller_name` rule
 * gives when the API server tells the controller. A pod without a controller is its own app.
 */
export function appOfPod(podName: string): string {
  for (const pattern of controllerNames) {
    const name = pattern.exec(podName)?.[1];
    if (name !== undefined) {
      return name;
    }
  }
  return podName;
}
