import { useMemo, useState, type ReactNode } from "react";
import { filterOf, type Field, type FilterOperator } from "../query/edit-query.ts";
import { fieldsOf } from "../query/line-fields.ts";
import { fullTimeText } from "../time/format-time.ts";
import type { TimeZone } from "../time/zone.ts";
import controls from "../ui/controls.module.css";
import { Icon } from "../ui/icon.tsx";
import { displayText } from "./display-text.ts";
import styles from "./line-details.module.css";
import type { LogLine } from "./log-line.ts";

export interface LineDetailsProps {
  readonly line: LogLine;
  readonly query: string;
  readonly timeZone: TimeZone;
  /** Names of labels of streams, when the line's labels may hold others too. */
  readonly indexLabels: ReadonlySet<string> | undefined;
  readonly onFilter: (field: Field, operator: FilterOperator) => void;
  /** The address that leads back to this line. */
  readonly linkOf: (line: LogLine) => string;
}

/** All of one line: its exact time, its text, and its fields with filters. */
export function LineDetails({ line, query, timeZone, indexLabels, onFilter, linkOf }: LineDetailsProps): ReactNode {
  const { labels, metadata, parsed } = useMemo(() => fieldsOf(line, indexLabels), [line, indexLabels]);
  const group = (title: string, fields: readonly Field[]): ReactNode =>
    fields.length > 0 && <FieldGroup title={title} fields={fields} query={query} onFilter={onFilter} />;
  return (
    <div className={styles["details"]} data-testid="details">
      <div className={styles["head"]}>
        <span className={styles["time"]}>{fullTimeText(line.seconds, line.nanos, timeZone)}</span>
        <CopyButton icon="copy" label="Copy line" text={() => line.line} />
        <CopyButton icon="copy" label="Copy JSON" text={() => jsonOf(line)} />
        <CopyButton icon="link" label="Copy link" text={() => linkOf(line)} />
      </div>
      <pre className={styles["full"]}>{displayText(pretty(line.line))}</pre>
      {group("Labels", labels)}
      {group("Metadata", metadata)}
      {group("Fields", parsed)}
    </div>
  );
}

interface FieldGroupProps {
  readonly title: string;
  readonly fields: readonly Field[];
  readonly query: string;
  readonly onFilter: LineDetailsProps["onFilter"];
}

function FieldGroup({ title, fields, query, onFilter }: FieldGroupProps): ReactNode {
  return (
    <section className={styles["group"]} aria-label={title}>
      <h2>{title}</h2>
      <div className={styles["fields"]}>
        {fields.map((field) => {
          const filter = filterOf(query, field);
          const button = (operator: FilterOperator, sign: string, verb: string): ReactNode => (
            <button
              type="button"
              className={styles["filter"]}
              aria-pressed={filter === operator}
              aria-label={`${verb} ${field.name} ${field.value}`}
              title={
                filter === operator
                  ? "Remove this filter"
                  : `${verb} lines with ${field.name}="${field.value.slice(0, 80)}"`
              }
              onClick={() => onFilter(field, operator)}
            >
              {sign}
            </button>
          );
          return (
            <div key={`${field.origin} ${field.name}`} className={styles["field"]}>
              <span className={styles["name"]} title={field.name}>
                {field.name}
              </span>
              <span className={styles["buttons"]}>
                {button("=", "+", "Only")}
                {button("!=", "−", "Without")}
              </span>
              <span className={styles["value"]}>{displayText(field.value)}</span>
            </div>
          );
        })}
      </div>
    </section>
  );
}

function CopyButton({
  icon,
  label,
  text,
}: {
  readonly icon: "copy" | "link";
  readonly label: string;
  readonly text: () => string;
}): ReactNode {
  const [done, setDone] = useState("");
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text());
      setDone("Copied");
    } catch {
      // Without HTTPS the browser gives pages no clipboard.
      setDone("Not allowed by the browser");
    }
    setTimeout(() => setDone(""), 1500);
  }
  return (
    <button type="button" className={controls["quiet"]} onClick={() => void copy()}>
      <Icon name={icon} />
      <span aria-live="polite">{done === "" ? label : done}</span>
    </button>
  );
}

/** JSON with line breaks; anything else as it is. */
function pretty(line: string): string {
  if (!/^\s*[{[]/u.test(line) || line.length > 64 * 1024) {
    return line;
  }
  try {
    return JSON.stringify(JSON.parse(line), null, 2);
  } catch {
    return line;
  }
}

function jsonOf({ seconds, nanos, line, labels, metadata, parsed }: LogLine): string {
  return JSON.stringify(
    {
      time: fullTimeText(seconds, nanos, "UTC").replace(" UTC", "Z").replace(" ", "T"),
      line,
      labels,
      metadata,
      parsed,
    },
    null,
    2,
  );
}
