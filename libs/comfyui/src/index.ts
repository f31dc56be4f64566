export * from './access/gpu-config';
export { CardAccess, filesOf, secretVariablesOf } from './access/card-access';
export { fetchFromCard } from './access/card-fetch';
export * from './access/card-refusal';
export * from './access/device-claim';
export * from './access/socket-warning';
export * from './access/same-server';
