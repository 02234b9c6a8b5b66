/** Browsers do not lay out beyond about 33 million pixels: a higher list scrolls in scaled steps. */
export const physicalHeightMax = 30_000_000;

/** How high an element has to be for a list of a height. */
export function physicalHeight(height: number): number {
  return Math.min(height, physicalHeightMax);
}

/** Pixels of the list that one pixel of scrolling stands for, so that both ends are reached together. */
export function scrollScale(height: number, viewHeight: number): number {
  return height <= physicalHeightMax ? 1 : (height - viewHeight) / (physicalHeightMax - viewHeight);
}
