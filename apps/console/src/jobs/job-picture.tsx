import { useQuery } from '@tanstack/react-query';
import { jobArtifactsQuery } from '../api/queries';
import { icons } from '../ui/icons';

/** The first picture of a job, once it has one; its place before that. */
export function JobPicture({ id, hasSome }: { id: string; hasSome: boolean }) {
  const { data } = useQuery({ ...jobArtifactsQuery(id), enabled: hasSome });
  const shown = data?.find(({ best }) => best) ?? data?.[0];
  if (shown === undefined) return <span className="thumb thumb-empty">{icons.library}</span>;
  return <img className="thumb" src={shown.thumbnail_url} alt="" loading="lazy" decoding="async" />;
}
