import fc from "fast-check";
import { expect, test } from "vitest";
import { ObjectReceiver, ObjectSender } from "./known-objects.ts";

test("what was sent once goes by number", () => {
  const sender = new ObjectSender<object>();
  const [a, b, c] = [{}, {}, {}];
  expect(sender.send([a, b, a]).added).toEqual([a, b]);
  expect(sender.unknownOf([a, c, c])).toEqual([c]);
  expect(sender.send([c, b]).added).toEqual([c]);
  expect(sender.send([c, b, a]).added).toEqual([]);
});

test("the other side gets the objects that are meant, whatever is remembered", () => {
  const objects = Array.from({ length: 30 }, (_, i) => ({ i }));
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat(29), { maxLength: 40 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 40 }),
      (messages, most) => {
        const sender = new ObjectSender<object>(most);
        const receiver = new ObjectReceiver<object>();
        for (const message of messages) {
          const meant = message.map((i) => objects[i]!);
          expect(receiver.receive(structuredClone(sender.send(meant)))).toEqual(meant);
        }
      },
    ),
  );
});
