import { MockDirectory } from "password-writeback";

/** A directory that has been closed. */
export async function scope(): Promise<MockDirectory> {
  await using directory = new MockDirectory();
  await directory.diagnose();
  return directory;
}
