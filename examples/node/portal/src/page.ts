/** How a page is made: the same frame, language and guards for each. */

import type { FastifyReply, FastifyRequest } from "fastify";
import { type Language, languages, offered } from "./language/language.js";
import type { Choice, Words } from "./language/words.js";
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
  /** What finds it in the log again. */
  readonly reference?: string;
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

/** What belongs to a problem that has a page of its own. */
interface More {
  readonly points?: readonly string[];
  readonly reference?: string;
  /** The page that can be tried again. */
  readonly again?: string | null;
}

/** Sends a page that tells of a problem. */
export function problem(
  portal: Portal,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  { title, text }: Choice,
  { points = [], reference, again = null }: More = {},
): FastifyReply {
  return show(portal, request, reply, {
    view: "problem",
    title,
    status,
    with: { text, points, reference: reference ?? null, again },
  });
}
