/** Tar archives, as package managers download them. */
import { gzipSync } from "node:zlib";
import { listFiles } from "../../tools/lib/files.ts";
import { join } from "../../tools/lib/path.ts";

const BLOCK = 512;
const encoder = new TextEncoder();

/** A folder as an npm package: gzipped, its files below `package/`. */
export async function tarball(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for (const file of await listFiles(folder)) {
    const content = await Deno.readFile(join(folder, file));
    parts.push(header(`package/${file.replaceAll("\\", "/")}`, content.length), content);
    parts.push(new Uint8Array((BLOCK - content.length % BLOCK) % BLOCK));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return new Uint8Array(gzipSync(await new Blob(parts as BlobPart[]).bytes(), { level: 1 }));
}

/** The header of a file as POSIX has it: a long path is split into a prefix and a name. */
function header(path: string, size: number): Uint8Array {
  const at = path.length > 100 ? path.indexOf("/", path.length - 101) : -1;
  const bytes = new Uint8Array(BLOCK);
  const write = (text: string, offset: number) => bytes.set(encoder.encode(text), offset);
  write(path.slice(at + 1), 0);
  write("0000755\0" + "0000000\0".repeat(2), 100); // mode, owner, group: what is executable in it stays so
  write(`${size.toString(8).padStart(11, "0")}\0${"0".repeat(11)}\0`, 124); // size, time
  write("        0", 148); // the checksum is counted as spaces; an ordinary file
  write("ustar\x0000", 257);
  write(path.slice(0, Math.max(at, 0)), 345);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}
