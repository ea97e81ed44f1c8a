/** A file as real uploads are: text that shrinks well beside bytes that do not shrink at all. */
const BLOCK = 1 << 16;
const WORDS = "GET POST upload render cache miss hit page user trace span retry queue worker deadline".split(" ");

/** Writes a new file of mixed content. */
export async function writeSample(path: string, bytes: number): Promise<void> {
  using file = await Deno.create(path);
  const encoder = new TextEncoder();
  for (let at = 0; at < bytes; at += BLOCK) {
    const isText = (at / BLOCK) % 4 !== 3;
    let block: Uint8Array = isText ? encoder.encode(log(BLOCK)) : crypto.getRandomValues(new Uint8Array(BLOCK));
    while (block.length > 0) block = block.subarray(await file.write(block));
  }
}

function log(length: number): string {
  let text = "";
  while (text.length < length) {
    const id = Math.floor(Math.random() * 1e9).toString(36);
    text += `${Date.now()} ${word()} ${word()} id=${id} took=${Math.floor(Math.random() * 900)}ms\n`;
  }
  return text.slice(0, length);
}

function word(): string {
  return WORDS[Math.floor(Math.random() * WORDS.length)] ?? "";
}
