import { labelsFrom, labelsToRecord } from "@sluice/model";
import { expect, test } from "vitest";
import { appOfPod, labelsOfKubeletPath } from "./kubelet-path.ts";

test.for([
  ["a Deployment's pod", "cart-6d5f7c9b48-x2xkz", "cart"],
  ["a Deployment with dashes", "my-shop-cart-67d69d654f-2qz5v", "my-shop-cart"],
  ["a short ReplicaSet hash", "cart-5d59d678-lkq8p", "cart"],
  ["a DaemonSet's pod", "sluice-agent-9xv5k", "sluice-agent"],
  ["a StatefulSet's pod", "postgres-0", "postgres"],
  ["a StatefulSet with a number in its name", "redis-7-12", "redis-7"],
  ["a Job's pod", "migrate-db-zx4bn", "migrate-db"],
  ["a CronJob's pod", "backup-29123456-qv7xl", "backup"],
  ["a pod without a controller", "nginx", "nginx"],
  ["a suffix with vowels is a name", "my-proxy", "my-proxy"],
  ["a static pod", "kube-apiserver-control-plane", "kube-apiserver-control-plane"],
] as const)("%s: %s is of %s", ([, pod, app]) => {
  expect(appOfPod(pod)).toBe(app);
});

test("the labels of a path", () => {
  const path = "/var/log/pods/shop_cart-6d5f7c9b48-x2xkz_1a2b3c4d-0000-4000-8000-000000000000/main/3.log";
  expect(labelsToRecord(labelsFrom(labelsOfKubeletPath(path)!))).toEqual({
    namespace: "shop",
    pod: "cart-6d5f7c9b48-x2xkz",
    container: "main",
    app: "cart",
    job: "shop/cart",
  });
});

test.for(["/var/log/syslog", "/var/log/pods/a_b/main/0.log", "/a_b_c_d/main/0.log", "/_b_c/main/0.log", "0.log"])(
  "%s is no path of the kubelet's",
  (path) => {
    expect(labelsOfKubeletPath(path)).toBeUndefined();
  },
);
