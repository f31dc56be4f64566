import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';

/** A piece of a statement, with a numbering of its own for its parameters: `$1` is the first of `parameters`. */
export interface Part {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/**
 * Executes the parts as one statement, each under its name, and gives the rows of `answer`, which may read from them:
 * one round trip and one commit, all of it or nothing. No part sees what another one wrote; a part that may only
 * happen with another one says so (`where exists (select from <its name>)`), and rows that were changed while the
 * statement waited for them are looked at anew.
 */
export function together<Row>(
  tx: EntityManager,
  parts: Readonly<Record<string, Part>>,
  answer: string,
): Promise<Row[]> {
  const parameters: unknown[] = [];
  const named = Object.entries(parts).map(([name, part]) => {
    const before = parameters.length;
    parameters.push(...part.parameters);
    return `${name} as (${part.sql.replace(/\$(\d+)/g, (_, own: string) => `$${Number(own) + before}`)})`;
  });
  return tx.query(`with ${named.join(', ')} ${answer}`, parameters);
}

/**
 * Inserts these rows of one table. Columns that none of them has get their default, those that one has all of them
 * need. `where` is the condition for all, beginning with the word.
 */
export function insertion<Row extends ObjectLiteral>(
  tx: EntityManager,
  entity: EntityTarget<Row>,
  rows: readonly Partial<Row>[],
  where = '',
): Part {
  const { tableName, columns } = tx.connection.getMetadata(entity);
  const given = columns.filter(({ propertyName }) => rows.some((row) => row[propertyName] !== undefined));
  const names = given.map(({ databaseName }) => `"${databaseName}"`).join(', ');
  const values = rows.map((row) =>
    Object.fromEntries(given.map(({ databaseName, propertyName }) => [databaseName, row[propertyName] as unknown])),
  );
  return {
    sql:
      `insert into "${tableName}" (${names}) select ${names} from jsonb_populate_recordset(null::"${tableName}",` +
      ` $1::jsonb) ${where}`,
    parameters: [JSON.stringify(values)],
  };
}
