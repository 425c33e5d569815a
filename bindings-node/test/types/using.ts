import { MockDirectory } from "password-writeback";

export async function scope(): Promise<void> {
  await using directory = new MockDirectory();
  await directory.diagnose();
}
