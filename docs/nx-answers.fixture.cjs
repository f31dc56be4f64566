// One start of Nx answers everything that affected.spec.ts asks; each call of its command line would cost another.
const { filterAffected } = require('nx/src/project-graph/affected/affected-project-graph');
const { createProjectGraphAsync } = require('nx/src/project-graph/project-graph');
const { calculateFileChanges } = require('nx/src/project-graph/file-utils');
const { getTaskRawInputs } = require('nx/src/hasher/check-task-files');
const { readNxJson } = require('nx/src/config/nx-json');

/** Takes `{ files, targets }` as JSON; tells per file whom it affects, and per task of these targets what it reads. */
async function answer({ files, targets }) {
  const projectGraph = await createProjectGraphAsync();
  const nxJson = readNxJson();
  const affected = {};
  for (const file of files) {
    const { nodes } = await filterAffected(projectGraph, calculateFileChanges([file], {}), nxJson);
    affected[file] = Object.keys(nodes);
  }
  const inputs = {};
  for (const [name, { data }] of Object.entries(projectGraph.nodes))
    for (const target of targets.filter((wanted) => wanted in data.targets))
      inputs[`${name}:${target}`] = (await getTaskRawInputs(`${name}:${target}`, { projectGraph, nxJson })).files;
  return { affected, inputs };
}

answer(JSON.parse(process.argv[2])).then((answers) => {
  process.stdout.write(JSON.stringify(answers), () => process.exit(0));
});
