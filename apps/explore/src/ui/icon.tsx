import type { ReactNode } from "react";

const shapes = {
  play: "M6 4.5v11l9-5.5z",
  stop: "M5.5 5.5h9v9h-9z",
  pause: "M6 5v10M14 5v10",
  clock: "M10 5.5V10l3 2M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0z",
  chevron: "M6 8l4 4 4-4",
  sun: "M10 3v1.5M10 15.5v1.5M3 10h1.5M15.5 10H17M5.1 5.1l1 1M13.9 13.9l1 1M14.9 5.1l-1 1M6.1 13.9l-1 1M13 10a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
  moon: "M16 11.5A6.5 6.5 0 0 1 8.5 4 6.5 6.5 0 1 0 16 11.5z",
  bell: "M5 13.5c1-1 1.2-2 1.2-4.5a3.8 3.8 0 0 1 7.6 0c0 2.5.2 3.5 1.2 4.5zM8.5 16a1.6 1.6 0 0 0 3 0",
  wrap: "M3.5 5.5h13M3.5 10h10.5a2.5 2.5 0 0 1 0 5H10m2-2-2 2 2 2M3.5 15h3",
  sort: "M7 4v12m0 0-3-3m3 3 3-3M12.5 5.5h4M12.5 9.5h3M12.5 13.5h2",
  sortUp: "M7 16V4m0 0L4 7m3-3 3 3M12.5 14.5h4M12.5 10.5h3M12.5 6.5h2",
  history: "M4 10a6 6 0 1 1 1.8 4.3M4 10l-1.5-1.5M4 10l1.5-1.5M10 7v3.2l2.2 1.3",
  close: "M5.5 5.5l9 9M14.5 5.5l-9 9",
  copy: "M7.5 7.5h8v8h-8zM12.5 7.5v-3h-8v8h3",
  link: "M8.5 11.5l3-3M9 6.5l1.5-1.5a3.2 3.2 0 0 1 4.5 4.5L13.5 11M11 13.5 9.5 15A3.2 3.2 0 0 1 5 10.5L6.5 9",
  search: "M12.5 12.5 16.5 16.5M14 8.8a5.2 5.2 0 1 1-10.4 0 5.2 5.2 0 0 1 10.4 0z",
  trash: "M4.5 6h11M8 6V4.5h4V6M6 6l.7 9.5h6.6L14 6",
  chart: "M3.5 14.5 8 9.5l3.2 3 5.3-7M3.5 17h13",
} as const;

export type IconName = keyof typeof shapes;

/** A decorative sign of 16 pixels; the text beside it, or the button's label, says what it means. */
export function Icon({ name }: { readonly name: IconName }): ReactNode {
  const filled = name === "play" || name === "stop";
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 20 20"
      aria-hidden="true"
      fill={filled ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth={filled ? 0 : 1.6}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={shapes[name]} />
    </svg>
  );
}
