/** Asks the real server what it is before any test is written down, so that what it lacks is skipped with a reason. */
module.exports = async () => {
  const url = (process.env.COMFYUI_URL ?? '').replace(/\/+$/, '');
  if (url === '') throw new Error('Say which server to test: COMFYUI_URL=http://127.0.0.1:8188 npm run test:comfyui');
  const get = async (path) => {
    const response = await fetch(url + path).catch((error) => {
      throw new Error(
        `${url} does not answer: ${error.cause?.message ?? error.message}. Start it, or correct COMFYUI_URL.`,
      );
    });
    return response.json();
  };
  const { system } = await get('/system_stats');
  const checkpoints = await get('/models/checkpoints');
  const checkpoint = checkpoints.find((name) => /sd.?15|1\.5/i.test(name)) ?? checkpoints[0] ?? null;
  process.env.COMFYUI_FACTS = JSON.stringify({ url, version: system.comfyui_version, checkpoint });
};
