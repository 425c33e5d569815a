/** The web application: guards, then pages. */

import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import view from "@fastify/view";
import { Eta } from "eta";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from "fastify";
import { guard } from "./guards.js";
import { isLanguage } from "./language/language.js";
import type { Portal } from "./portal.js";
import { assetRoutes } from "./routes/assets.js";
import { changeRoutes } from "./routes/change.js";
import { checkRoutes } from "./routes/check.js";
import { codeRoutes } from "./routes/code.js";
import { provenRoutes } from "./routes/proven.js";
import { startRoutes } from "./routes/start.js";

/** The package's own folder: this file is compiled to dist/src. */
const HERE = new URL("../../", import.meta.url);

/** No form is longer: a few fields of at most some hundred characters each. */
const LONGEST_FORM = 16 * 1024;

export async function buildApp(portal: Portal, logger: FastifyBaseLogger): Promise<FastifyInstance> {
  const { tls, trustedProxies } = portal.settings;
  // One type for http and https: what is registered does not care.
  const app = Fastify({
    loggerInstance: logger,
    ...(tls === null ? {} : { https: tls }),
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    bodyLimit: LONGEST_FORM,
    requestTimeout: 30_000,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
  } as { loggerInstance: FastifyBaseLogger });
  await app.register(view, {
    engine: { eta: new Eta({ cache: !portal.demo }) },
    root: fileURLToPath(new URL("views", HERE)),
    viewExt: "eta",
  });
  await guard(app, portal);
  await assetRoutes(app, new URL("static/", HERE));
  app.get("/health", { config: { rateLimit: false } }, () => ({ status: "ok" }));
  app.get<{ Querystring: { to?: string; back?: string } }>("/language", (request, reply) => {
    const { to, back } = request.query;
    if (isLanguage(to)) {
      const { production } = portal.settings;
      reply.setCookie("language", to, { path: "/", httpOnly: true, sameSite: "lax", secure: production, maxAge: YEAR });
    }
    return reply.redirect(ownPath(app, back), 303);
  });
  // Where password managers look for it (W3C, "A Well-Known URL for Changing Passwords").
  app.get("/.well-known/change-password", (_request, reply) => reply.redirect("/change", 302));
  startRoutes(app, portal);
  changeRoutes(app, portal);
  codeRoutes(app, portal);
  provenRoutes(app, portal);
  checkRoutes(app, portal);
  app.addHook("onClose", () => portal.settled());
  return app;
}

const YEAR = 31_536_000;

/** One of this portal's own pages: where a link leads must not be up to whoever made the link. */
function ownPath(app: FastifyInstance, path = "/"): string {
  return /^\/[a-z/-]*$/.test(path) && app.hasRoute({ method: "GET", url: path }) ? path : "/";
}

/** The log. Requests are named by their route, since whatever else an address holds was typed by somebody; bodies are never logged. */
export function makeLog(level: string, stream?: { write(line: string): void }): FastifyBaseLogger {
  const serializers = {
    req: (request: FastifyRequest) => ({
      method: request.method,
      route: request.routeOptions?.url ?? "(none)",
      address: request.ip,
    }),
  };
  return Fastify({ logger: { level, serializers, ...(stream === undefined ? {} : { stream }) } }).log;
}
