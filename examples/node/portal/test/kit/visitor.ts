/** A visitor without a browser: keeps cookies, sends the form that was shown. */

import type { FastifyInstance, LightMyRequestResponse } from "fastify";

export class Visitor {
  readonly cookies = new Map<string, string>();
  readonly #app: FastifyInstance;
  readonly #headers: Record<string, string>;
  page = "";
  status = 0;
  location = "";

  constructor(app: FastifyInstance, headers: Record<string, string> = {}) {
    this.#app = app;
    this.#headers = headers;
  }

  async get(url: string): Promise<LightMyRequestResponse> {
    return this.#took(await this.#app.inject({ url, headers: this.#all() }));
  }

  /** Sends a form with the token of the page that was last shown. */
  async post(url: string, fields: Record<string, string>): Promise<LightMyRequestResponse> {
    const payload = new URLSearchParams({ _csrf: this.token, ...fields }).toString();
    const headers = { ...this.#all(), "content-type": "application/x-www-form-urlencoded" };
    return this.#took(await this.#app.inject({ method: "POST", url, payload, headers }));
  }

  /** Goes where the last answer led. */
  follow(): Promise<LightMyRequestResponse> {
    return this.get(this.location);
  }

  get token(): string {
    return /name="_csrf" value="([^"]+)"/.exec(this.page)?.[1] ?? "";
  }

  /** What can be read, without what differs from page to page by chance. */
  get text(): string {
    return this.page.replace(/name="_csrf" value="[^"]*"/g, "");
  }

  get headline(): string {
    return /<h1>(.*?)<\/h1>/s.exec(this.page)?.[1] ?? "";
  }

  #all(): Record<string, string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return { ...this.#headers, ...(cookie === "" ? {} : { cookie }) };
  }

  #took(answer: LightMyRequestResponse): LightMyRequestResponse {
    for (const { name, value } of answer.cookies) {
      this.cookies.set(name, value);
    }
    this.status = answer.statusCode;
    this.location = String(answer.headers.location ?? "");
    this.page = answer.statusCode === 303 ? this.page : answer.body;
    return answer;
  }
}
