export * from './disk/own-fault';
export { isBelow } from './disk/below';
export { DiskMetrics } from './disk/disk-metrics';
export { DiskWatch, type WatchedPlace } from './disk/disk-watch';
export { probeName } from './disk/write-probe';
export { flushToDisk } from './disk/flush';
export { examineFileSystem, lacksOf, unfitBecause } from './disk/file-system';
export { incomingFolder, isGone } from './disk/gone';
export { Library, artifactPath, isReceived, receivedAtMs, uploadPath } from './library';
export { isOutside, locate, locateThumbnail, openRegular, thumbnailPath, thumbnailsFolder } from './path-guard';

export { sweepLeftovers } from './leftovers';
