import { recommended } from '@tower/bus';

/** The release whose checksums stand below. */
export const releaseVersion = recommended;

/**
 * SHA-256 of the project's release archives. From the Dockerfile of its official image, which checks the same archives:
 * nats-io/nats-docker, commit aa0caa57b71c01566a100b47b2ed94de6ef6cf80, 2.14.x/alpine3.22/Dockerfile.
 */
export const releaseChecksums: Readonly<Record<string, string>> = {
  'linux-amd64': '5e3b603d47c447bda1f77f9ac16dbf91c90aac4ff3681f8fbbc7201e4ed99355',
  'linux-arm64': '673a98d3faa79dde3f9ebf16d6dfac36a5f694e7ad2015e4954dd7939c85cd4c',
  'linux-arm7': 'c8796b63a8603fdebabd63146ac3d3997c29a2829fdd2af6db320f4a287f2e71',
  'linux-386': '7eb520d5080d2c4b2e9ad0866aa301f7c7af35058bfae61c1ba0cef472d21d47',
  'linux-s390x': '829193e8c592e0df5f15402c27417df18d26503d22b77dfc9491982fe0b51a67',
  'linux-ppc64le': '5d8f1a264a3bc4b30899814ae8e898b1268e817074635adddd24b32f388e4cc4',
};
