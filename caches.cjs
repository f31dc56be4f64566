const { join } = require('node:path');

const inProject = (name) => join(__dirname, '.cache', name);

/**
 * Keeps inside the project what the tools keep from one run to the next: left alone, they use the home folder and the
 * machine's temporary folder. For `node --require ./caches.cjs <tool>` and for jest; processes that these start inherit
 * it. A variable that is set already wins.
 */
const settings = {
  SWC_NATIVE_BINDING_CACHE: inProject('swc'),
  // Else a project folder that its owner's group may write, as umask 002 leaves it, sends SWC back to the home folder.
  // Whoever may write there may as well change node_modules, from which the binding comes.
  SWC_NATIVE_BINDING_CACHE_SKIP_SECURITY_CHECK: '1',
  // TypeScript, ESLint and Nx keep their own compiled code where Node can, from 22.1 on. It is left out and not moved:
  // every process of a spec would take part in it, too.
  NODE_DISABLE_COMPILE_CACHE: '1',
  // A copy of Nx's native part, for systems that lock a file in use; and sockets to processes of its plugins.
  NX_SKIP_NATIVE_FILE_CACHE: 'true',
  NX_ISOLATE_PLUGINS: 'false',
};

for (const [name, value] of Object.entries(settings)) process.env[name] ??= value;
