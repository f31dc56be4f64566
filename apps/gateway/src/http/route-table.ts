/** Which methods each address knows, to tell "not here" from "not so". */
export class RouteTable {
  private readonly rows: { form: RegExp; methods: Set<string> }[] = [];
  private readonly byUrl = new Map<string, Set<string>>();

  add(method: string | string[], url: string): void {
    const methods = this.byUrl.get(url) ?? new Set();
    if (!this.byUrl.has(url)) {
      this.byUrl.set(url, methods);
      this.rows.push({ form: toForm(url), methods });
    }
    for (const one of Array.isArray(method) ? method : [method]) methods.add(one);
  }

  methodsAt(path: string): string[] {
    return [...new Set(this.rows.filter((row) => row.form.test(path)).flatMap((row) => [...row.methods]))].sort();
  }
}

/** `/jobs/:id` as a pattern for whole paths. */
const toForm = (url: string): RegExp =>
  new RegExp(
    `^${url
      .split('/')
      .map((part) =>
        part.startsWith(':') ? '[^/]+' : part === '*' ? '.+' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'),
      )
      .join('/')}$`,
  );
