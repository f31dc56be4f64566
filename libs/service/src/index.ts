export * from './host-service';
export * from './run-service';
