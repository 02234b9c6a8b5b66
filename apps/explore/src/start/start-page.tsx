import { paths, resolveTimePoint, type Client, type ExploreState, type LabelRecord } from "@sluice/api";
import { isServiceError, messageOf, quoteGo } from "@sluice/model";
import { useEffect, useMemo, useState, type FormEvent, type ReactNode } from "react";
import { selectorOf } from "../query/edit-query.ts";
import controls from "../ui/controls.module.css";
import { Icon } from "../ui/icon.tsx";
import { facetsOf, selectorOfAll, togglePicked, type Picked } from "./facets.ts";
import styles from "./start-page.module.css";

export interface StartPageProps {
  readonly client: Client;
  readonly state: ExploreState;
  readonly onRun: (query: string, change?: Partial<ExploreState>) => void;
  readonly onError: (error: unknown) => void;
}

/** Values that a facet lists; more are found by typing the query. */
const valuesMax = 200;
const dayMs = 86_400_000;

/** What an empty query shows: the two usual ways in, and labels from which a selector is built. */
export function StartPage({ client, state, onRun, onError }: StartPageProps): ReactNode {
  const [streams, failure] = useStreams(client, state, onError);
  const [picked, setPicked] = useState<Picked>(new Map());
  const [id, setId] = useState("");
  const facets = useMemo(() => facetsOf(streams ?? [], picked), [streams, picked]);
  const everything = useMemo(() => selectorOfAll(streams ?? []), [streams]);
  const selector = selectorOf(picked);

  function findId(event: FormEvent): void {
    event.preventDefault();
    const text = id.trim();
    if (text !== "" && everything !== undefined) {
      onRun(`${everything} |= ${quoteGo(text)}`, {
        from: { type: "relative", beforeNowMs: dayMs },
        to: { type: "relative", beforeNowMs: 0 },
      });
    }
  }

  return (
    <div className={styles["page"]} data-testid="start-page">
      <div className={styles["entries"]}>
        <section className={styles["card"]}>
          <h2>Watch everything</h2>
          <p>Every new line of every service, as it arrives.</p>
          <div className={styles["row"]}>
            <button
              type="button"
              className={controls["button"]}
              data-testid="live-everything"
              disabled={everything === undefined}
              onClick={() => onRun(everything!, { live: true })}
            >
              <Icon name="play" />
              Live everything
            </button>
          </div>
        </section>
        <section className={styles["card"]}>
          <h2>Find a request</h2>
          <p>Paste a request id, trace id or any text: the last 24 hours of all services are searched.</p>
          <form className={styles["row"]} onSubmit={findId}>
            <input
              className={controls["input"]}
              data-testid="find-id"
              aria-label="Request id"
              value={id}
              placeholder="7f3a91c2-…"
              spellCheck={false}
              onChange={(event) => setId(event.target.value)}
            />
            <button type="submit" className={controls["button"]} disabled={everything === undefined}>
              <Icon name="search" />
              Find
            </button>
          </form>
        </section>
      </div>
      <div className={styles["headline"]}>
        <h2 className={styles["heading"]}>Pick what to look at</h2>
        {selector === "" ? (
          <span className={styles["hint"]}>Click values to build the selector.</span>
        ) : (
          <>
            <span className={styles["selector"]}>{selector}</span>
            <button type="button" className={controls["button"]} onClick={() => onRun(selector, { live: true })}>
              Live
            </button>
            <button
              type="button"
              className={`${controls["button"]} ${controls["primary"]}`}
              data-testid="show-logs"
              onClick={() => onRun(selector)}
            >
              Show logs
            </button>
          </>
        )}
      </div>
      {failure !== undefined && <p className={styles["empty"]}>The labels could not be read: {failure}</p>}
      {streams?.length === 0 && <NoData />}
      <div className={styles["facets"]}>
        {facets.map(({ name, values }) => (
          <section key={name} className={styles["facet"]} aria-label={name}>
            <h3>
              <span className={styles["text"]}>{name}</span>
              <span className={styles["count"]}>{values.length}</span>
            </h3>
            <div className={styles["values"]}>
              {values.slice(0, valuesMax).map(({ value, streams, picked: isPicked }) => (
                <button
                  key={value}
                  type="button"
                  className={styles["value"]}
                  aria-pressed={isPicked}
                  title={value}
                  onClick={() => setPicked((before) => togglePicked(before, name, value))}
                >
                  <span className={styles["text"]}>{value}</span>
                  <span className={styles["count"]} title={`${streams} streams`}>
                    {streams}
                  </span>
                </button>
              ))}
            </div>
          </section>
        ))}
      </div>
    </div>
  );
}

/** The streams of the range; undefined until they are known. */
function useStreams(
  client: Client,
  state: ExploreState,
  onError: (error: unknown) => void,
): readonly [readonly LabelRecord[] | undefined, string | undefined] {
  const { from, to } = state;
  const [streams, setStreams] = useState<readonly LabelRecord[]>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    const abort = new AbortController();
    const nowMs = Date.now();
    const bounds = { startNs: resolveTimePoint(from, nowMs), endNs: resolveTimePoint(to, nowMs) };
    client.series([], bounds, abort.signal).then(
      (found) => {
        setStreams(found);
        setFailure(undefined);
      },
      (error: unknown) => {
        if (!isServiceError(error, "cancelled")) {
          setFailure(messageOf(error));
          onError(error);
        }
      },
    );
    return () => abort.abort();
  }, [client, from, to, onError]);
  return [streams, failure];
}

function NoData(): ReactNode {
  const push = new URL(`.${paths.push}`, document.baseURI).href;
  return (
    <div className={styles["empty"]} data-testid="no-data">
      There are no lines in this range yet. Widen the range, or push a first line:
      <pre>{`curl -H 'Content-Type: application/json' ${push} \\
  -d '{"streams":[{"stream":{"app":"hello"},"values":[["'$(date +%s%N)'","first line"]]}]}'`}</pre>
    </div>
  );
}
