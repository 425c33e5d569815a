/** The stylesheet, the script and the icon: a handful, so they are read once and kept. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { FastifyInstance } from "fastify";

const TYPES = {
  "portal.css": "text/css; charset=utf-8",
  "portal.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml",
} as const;

export async function assetRoutes(app: FastifyInstance, folder: URL): Promise<void> {
  for (const [name, type] of Object.entries(TYPES)) {
    const content = await readFile(new URL(name, folder));
    const tag = `"${createHash("sha256").update(content).digest("base64url")}"`;
    app.get(`/static/${name}`, (request, reply) => {
      reply.header("etag", tag).header("cache-control", "no-cache").type(type);
      return request.headers["if-none-match"] === tag ? reply.code(304).send() : reply.send(content);
    });
  }
  app.get("/favicon.ico", (_request, reply) => reply.redirect("/static/icon.svg", 301));
}
