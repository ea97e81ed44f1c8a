import type { Sent } from "./scenario.ts";

/** What a client sees of a response. */
export function sentOf(response: Promise<Response>, leave: () => void): Sent {
  let left = false;
  const first = Promise.withResolvers<void>();
  const read = async () => {
    try {
      const answer = await response;
      let text = "";
      const reader = answer.body?.getReader();
      const decoder = new TextDecoder();
      for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
        text += decoder.decode(chunk.value);
        first.resolve();
      }
      return answer.status === 500 ? "failed" : `${answer.status} ${text}`;
    } catch {
      return left ? "left" : "failed";
    }
  };
  return {
    answer: read(),
    firstChunk: first.promise,
    leave() {
      left = true;
      leave();
    },
  };
}
