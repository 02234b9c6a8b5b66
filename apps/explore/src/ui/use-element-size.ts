import { useLayoutEffect, useRef, useState, type RefObject } from "react";

/** An element's size in pixels, kept up to date; 0 before it is known. */
export function useElementSize<T extends HTMLElement>(): readonly [RefObject<T | null>, number, number] {
  const ref = useRef<T>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const { current } = ref;
    if (current === null) {
      return undefined;
    }
    const observer = new ResizeObserver(() => setSize({ width: current.clientWidth, height: current.clientHeight }));
    observer.observe(current);
    setSize({ width: current.clientWidth, height: current.clientHeight });
    return () => observer.disconnect();
  }, []);
  return [ref, size.width, size.height];
}
