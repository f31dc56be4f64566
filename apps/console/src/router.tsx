import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link } from '@tanstack/react-router';
import {
  wordsOf,
  type CharactersSearch,
  type CompareSearch,
  type LibrarySearch,
  type MakeSearch,
  type Search,
} from './addresses';
import { NowPage } from './now/now-page';
import { Shell } from './shell/shell';
import { Empty } from './ui/empty';
import { Failure } from './ui/failure';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <Empty title="There is nothing at this address" action={<Link to="/">To what happens now</Link>} />
  ),
  errorComponent: ({ error, reset }) => <Failure error={error} what="This view broke." again={reset} />,
});
const under = { getParentRoute: () => root } as const;

/** Each path stands in `apps/gateway/src/console/console-pages.ts` too: the gateway answers it with this page. */
const routeTree = root.addChildren([
  createRoute({ ...under, path: '/', component: NowPage }),
  createRoute({
    ...under,
    path: '/jobs/$id',
    component: lazyRouteComponent(() => import('./jobs/job-page'), 'JobPage'),
  }),
  createRoute({
    ...under,
    path: '/cards',
    component: lazyRouteComponent(() => import('./cards/cards-page'), 'CardsPage'),
  }),
  createRoute({
    ...under,
    path: '/make',
    validateSearch: (search: Search): MakeSearch => wordsOf(search, ['workflow', 'from', 'project', 'input']),
    component: lazyRouteComponent(() => import('./make/make-page'), 'MakePage'),
  }),
  createRoute({
    ...under,
    path: '/library',
    validateSearch: (search: Search): LibrarySearch => wordsOf(search, ['project', 'card', 'type', 'state', 'text']),
    component: lazyRouteComponent(() => import('./library/library-page'), 'LibraryPage'),
  }),
  createRoute({
    ...under,
    path: '/library/$id',
    component: lazyRouteComponent(() => import('./library/viewer-page'), 'ViewerPage'),
  }),
  createRoute({
    ...under,
    path: '/compare',
    validateSearch: (search: Search): CompareSearch => wordsOf(search, ['ids']),
    component: lazyRouteComponent(() => import('./library/compare-page'), 'ComparePage'),
  }),
  createRoute({
    ...under,
    path: '/projects',
    component: lazyRouteComponent(() => import('./projects/projects-page'), 'ProjectsPage'),
  }),
  createRoute({
    ...under,
    path: '/characters',
    validateSearch: (search: Search): CharactersSearch => wordsOf(search, ['open', 'project']),
    component: lazyRouteComponent(() => import('./characters/characters-page'), 'CharactersPage'),
  }),
  createRoute({
    ...under,
    path: '/system',
    component: lazyRouteComponent(() => import('./system/system-page'), 'SystemPage'),
  }),
]);

export const router = createRouter({ routeTree, defaultPreload: 'intent', scrollRestoration: true });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
