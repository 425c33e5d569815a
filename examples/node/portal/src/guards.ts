/** What stands before every page: sessions, forgery, rate limits, headers, the language, and what happens when something fails. */

import { randomBytes, randomUUID } from "node:crypto";
import accepts from "@fastify/accepts";
import cookie from "@fastify/cookie";
import csrf from "@fastify/csrf-protection";
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import session from "@fastify/session";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { formOf, readForms } from "./body.js";
import { duration, isLanguage, type Language, offered } from "./language/language.js";
import { problem, words } from "./page.js";
import type { Portal } from "./portal.js";
import { leaveFormerCookies, SessionStore } from "./session.js";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Something is tried: a password, a code, a name. */
    tries?: boolean;
    /** A candidate is judged. */
    checks?: boolean;
  }
}

const SESSION_SECONDS = 20 * 60;

/** Candidates judged for one session in a minute: nobody types faster. */
const CHECKS_PER_MINUTE = 60;

export async function guard(app: FastifyInstance, portal: Portal): Promise<void> {
  const { settings } = portal;
  await app.register(helmet, headers(settings.production));
  await app.register(accepts);
  await app.register(cookie);
  // The prefix has the browser refuse it from anywhere else (RFC 6265bis 4.1.3.2); it needs https.
  const cookieName = settings.production ? "__Host-portal" : "portal";
  const store = new SessionStore(SESSION_SECONDS);
  await app.register(session, {
    secret: settings.sessionSecret ?? randomBytes(32).toString("base64"),
    store,
    saveUninitialized: false,
    // The cookie lasts as long as the browser runs, so it need not come with every answer. See also `leaveFormerCookies`.
    rolling: false,
    idGenerator: () => randomUUID(),
    cookieName,
    cookie: { path: "/", httpOnly: true, sameSite: "strict", secure: settings.production },
  });
  leaveFormerCookies(app, store, cookieName);
  app.decorateRequest("locale", offered[0] as Language);
  app.addHook("onRequest", async (request, reply) => {
    request.locale = languageOf(request);
    // Nothing here is to be found again by the next person at this computer.
    reply.header("cache-control", "no-store");
  });
  app.setErrorHandler((error: FastifyError, request, reply) => fail(portal, error, request, reply));
  app.setNotFoundHandler((request, reply) => problem(portal, request, reply, 404, words(request).problems.notFound));
  await limit(app, portal);
  readForms(app);
  await forbidForgery(app);
}

function headers(production: boolean) {
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        imgSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
      },
    },
    // Elsewhere http is all there is, and a browser would remember this.
    strictTransportSecurity: production && { maxAge: 31_536_000 },
    referrerPolicy: { policy: "no-referrer" as const },
    xFrameOptions: { action: "deny" as const },
  };
}

/** The language that was chosen, else the browser's. */
function languageOf(request: FastifyRequest): Language {
  const chosen = request.cookies.language;
  if (isLanguage(chosen)) {
    return chosen;
  }
  const preferred = request.accepts().language(offered);
  return preferred !== false && isLanguage(preferred) ? preferred : (offered[0] as Language);
}

/** By address for everything; for tries by address and in all; for candidates by session. Accounts have their own counts beside these. */
async function limit(app: FastifyInstance, portal: Portal): Promise<void> {
  const { requestsPerMinute, triesPerMinute, triesPerMinuteInAll } = portal.settings;
  const timeWindow = "1 minute";
  await app.register(rateLimit, { max: requestsPerMinute, timeWindow });
  const tries = [
    app.createRateLimit({ max: triesPerMinute, timeWindow }),
    app.createRateLimit({ max: triesPerMinuteInAll, timeWindow, keyGenerator: () => "all" }),
  ];
  const checks = [
    app.createRateLimit({
      max: CHECKS_PER_MINUTE,
      timeWindow,
      keyGenerator: (request) => request.session.journey ?? request.ip,
    }),
  ];
  app.addHook("preHandler", async (request) => {
    const { config } = request.routeOptions;
    for (const limit of config.tries ? tries : config.checks ? checks : []) {
      const answer = await limit(request);
      if (!answer.isAllowed && answer.isExceeded) {
        throw new TooMany(answer.ttlInSeconds);
      }
    }
  });
}

class TooMany extends Error {
  readonly statusCode = 429;

  constructor(readonly seconds: number) {
    super("too many tries");
  }
}

/** Every form that is sent has its token. */
async function forbidForgery(app: FastifyInstance): Promise<void> {
  await app.register(csrf, {
    sessionPlugin: "@fastify/session",
    getToken: (request) => formOf(request).text("_csrf"),
  });
  app.addHook("preHandler", (request, reply, done) => {
    if (request.method === "POST") {
      app.csrfProtection(request, reply, done);
    } else {
      done();
    }
  });
}

function fail(portal: Portal, error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { problems } = words(request);
  const status = error.statusCode ?? 500;
  if (status === 429) {
    const seconds = error instanceof TooMany ? error.seconds : Number(reply.getHeader("retry-after") ?? 60);
    reply.header("retry-after", String(seconds));
    return problem(portal, request, reply, 429, problems.tooMany(duration(seconds, request.locale)));
  }
  if (status === 403) {
    return problem(portal, request, reply, 403, problems.expired);
  }
  if (status < 500) {
    return problem(portal, request, reply, status, problems.broken);
  }
  request.log.error({ err: error }, "a request failed");
  return problem(portal, request, reply, 500, problems.broken, { reference: request.id });
}
