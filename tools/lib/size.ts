/** The size of a file in bytes, compressed as servers send it. */
export async function gzipSize(path: string): Promise<number> {
  const file = await Deno.open(path);
  const gzip = new CompressionStream("gzip");
  const bytes = await new Response(file.readable.pipeThrough(gzip)).bytes();
  return bytes.length;
}
