import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { toProblem } from './api/problem';
import { LiveProvider } from './live/live-context';
import { LiveData } from './live/live-data';
import { router } from './router';
import { applyTheme, chosenTheme } from './shell/theme';
import './styles/index.css';

/** What was refused will be refused again; what was not reached may be reached. */
const isWorthAgain = (failures: number, error: unknown): boolean => {
  const { status } = toProblem(error);
  return failures < 3 && (status === 0 || status === 429 || status >= 500);
};

const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 2_000, retry: isWorthAgain, refetchOnWindowFocus: false } },
});
const live = new LiveData(queries);
const place = document.getElementById('console');
if (place === null) throw new Error('index.html has no place for the console');

applyTheme(chosenTheme());
live.start();
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <LiveProvider live={live}>
        <RouterProvider router={router} />
      </LiveProvider>
    </QueryClientProvider>
  </StrictMode>,
);
