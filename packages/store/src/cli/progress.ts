const pauseMs = 1000;

/** Tells the user now and then, and at the end, how far a command is. */
export function progressPrinter(verb: string, things: string): (done: number, all: number) => void {
  let toldMs = performance.now();
  return (done, all) => {
    if (performance.now() - toldMs >= pauseMs || done === all) {
      toldMs = performance.now();
      console.error(`${verb} ${done} of ${all} ${things}`);
    }
  };
}
