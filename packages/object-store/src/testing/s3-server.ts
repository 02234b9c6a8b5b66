export { errorXml, type Fault, type FaultProxy, type ProxiedRequest, startFaultProxy } from "./fault-proxy.ts";
export {
  installTimeoutMs,
  installVersitygw,
  startVersitygw,
  type TestS3Server,
  versitygwMissing,
} from "./versitygw.ts";
