import type { DataSource, Logger } from 'typeorm';

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Plan Rows': number;
  'Sort Key'?: string[];
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
    const logger: Logger = { logQuery: note, logQueryError: silent, logQuerySlow: silent, logSchemaBuild: silent, logMigration: silent, log: silent };
    db.setOptions({ logging: ['query'], logger });
    return plans;
  }

  /** Statements that were seen. */
  get statements(): string[] {
    return [...this.seen.keys()];
  }

  /** One line per statement that reads one of the `large` tables whole, or sorts thousands of rows; none when all is well. */
  async faults(large: readonly string[]): Promise<string[]> {
    const faults: string[] = [];
    for (const [statement, parameters] of [...this.seen]) {
      const rows: { 'QUERY PLAN': [{ Plan: PlanNode }] }[] = await this.db.query(`explain (format json) ${statement}`, parameters);
      for (const node of nodesOf(rows[0]?.['QUERY PLAN'][0].Plan)) {
        const whole = node['Node Type'] === 'Seq Scan' && large.includes(node['Relation Name'] ?? '');
        const sorts = node['Node Type'].endsWith('Sort') && (node.Plans?.[0]?.['Plan Rows'] ?? 0) > manyRows;
        if (whole || sorts) faults.push(`${whole ? `reads all of ${node['Relation Name'] ?? ''}` : `sorts ${node.Plans?.[0]?.['Plan Rows'] ?? 0} rows by ${node['Sort Key']?.join(', ') ?? ''}`}: ${statement.replaceAll(/\s+/g, ' ')}`);
      }
    }
    return faults;
  }
}

const nodesOf = (node: PlanNode | undefined): PlanNode[] => (node === undefined ? [] : [node, ...(node.Plans ?? []).flatMap(nodesOf)]);
