/** How a page is made: the same frame, language and guards for each. */

import type { FastifyReply, FastifyRequest } from "fastify";
import { type Language, languages, offered } from "./language/language.js";
import type { Words } from "./language/words.js";
import type { Portal } from "./portal.js";

declare module "fastify" {
  interface FastifyRequest {
    locale: Language;
  }
}

/** Something to mend: what, and at which field. */
export interface Problem {
  readonly text: string;
  readonly field?: string;
  readonly points?: readonly string[];
  /** Where else one may go. */
  readonly links?: readonly { readonly to: string; readonly text: string }[];
}

/** What a page shows. */
export interface Page {
  readonly view: string;
  readonly title: string;
  readonly problems?: readonly Problem[];
  /** Whether it has a form, which needs a guard against forgery. */
  readonly form?: boolean;
  readonly status?: number;
  /** What its own template needs. */
  readonly with?: Readonly<Record<string, unknown>>;
}

/** The words of the request's language. */
export function words(request: FastifyRequest): Words {
  return languages[request.locale];
}

/** Sends a page. */
export function show(portal: Portal, request: FastifyRequest, reply: FastifyReply, page: Page): FastifyReply {
  const problems = page.problems ?? [];
  const w = words(request);
  const model = {
    ...page.with,
    w,
    title: page.title,
    problems,
    wrong: Object.fromEntries(problems.flatMap(({ field, text }) => (field === undefined ? [] : [[field, text]]))),
    csrf: page.form === true ? reply.generateCsrf() : "",
    languages: offered.map((code) => ({ code, name: languages[code].name, current: code === request.locale })),
    path: request.routeOptions.url ?? "/",
    help: w.helpDesk(portal.settings.helpDesk),
    demo: portal.demo,
  };
  return reply.code(page.status ?? (problems.length > 0 ? 422 : 200)).view(page.view, model) as unknown as FastifyReply;
}
