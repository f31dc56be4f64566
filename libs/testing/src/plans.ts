import type { DataSource, Logger } from 'typeorm';

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Plan Rows': number;
  'Sort Key'?: string[];
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

/** What is too much to read whole or to sort for one question. */
const manyRows = 5_000;

/** Sees every statement that a data source runs, and how the server would run it again. */
export class Plans {
  private readonly seen = new Map<string, unknown[]>();

  private constructor(private readonly db: DataSource) {}

  /** From here on; forgets what another one saw. */
  static watch(db: DataSource): Plans {
    const plans = new Plans(db);
    const note = (statement: string, parameters: unknown[] = []): void => {
      if (/^\s*(select|insert|update|delete|with)\b/i.test(statement)) plans.seen.set(statement, parameters);
    };
    const silent = (): void => undefined;
    const logger: Logger = {
      logQuery: note,
      logQueryError: silent,
      logQuerySlow: silent,
      logSchemaBuild: silent,
      logMigration: silent,
      log: silent,
    };
    db.setOptions({ logging: ['query'], logger });
    return plans;
  }

  /** Statements that were seen. */
  get statements(): string[] {
    return [...this.seen.keys()];
  }

  /**
   * One line per statement that reads one of the `large` tables whole, visits thousands of its rows, or sorts
   * thousands; none when all is well. What only reads is run again, what writes is only planned. Counting within an
   * index is no fault.
   */
  async faults(large: readonly string[]): Promise<string[]> {
    const faults: string[] = [];
    for (const [statement, parameters] of [...this.seen]) {
      const rows: { 'QUERY PLAN': [{ Plan: PlanNode }] }[] = await this.db.query(
        `explain (format json) ${statement}`,
        parameters,
      );
      for (const node of nodesOf(rows[0]?.['QUERY PLAN'][0].Plan)) {
        const whole = node['Node Type'] === 'Seq Scan' && large.includes(node['Relation Name'] ?? '');
        const sorts = node['Node Type'].endsWith('Sort') && (node.Plans?.[0]?.['Plan Rows'] ?? 0) > manyRows;
        const visited =
          ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * (node['Actual Loops'] ?? 0);
        const wanders =
          /^(Bitmap Heap|Index) Scan$/.test(node['Node Type']) &&
          large.includes(node['Relation Name'] ?? '') &&
          visited > manyRows;
        const text = statement.replaceAll(/\s+/g, ' ');
        if (whole) faults.push(`reads all of ${node['Relation Name'] ?? ''}: ${text}`);
        if (wanders) faults.push(`visits ${visited} rows of ${node['Relation Name'] ?? ''}: ${text}`);
        if (sorts)
          faults.push(
            `sorts ${node.Plans?.[0]?.['Plan Rows'] ?? 0} rows by ${node['Sort Key']?.join(', ') ?? ''}: ${text}`,
          );
      }
    }
    return faults;
  }
}

const nodesOf = (node: PlanNode | undefined): PlanNode[] =>
  node === undefined ? [] : [node, ...(node.Plans ?? []).flatMap(nodesOf)];
