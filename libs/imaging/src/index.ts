export { MAX_SHEET_ITEMS, captionLines, makeContactSheet, type ContactSheetItem, type ContactSheetOptions } from './contact-sheet';
export { decodePicture, probePicture, type PictureHeader } from './decode';
export { sha256, sha256File } from './digest';
export {
  BLACK_MAX_MEAN,
  BLACK_MAX_STD,
  NAN_CELL_SIDE,
  NAN_MIN_ZERO_CELL_RATIO,
  UNIFORM_MAX_STD,
  findPixelFault,
  isBlack,
  isUniform,
  looksLikeNan,
  measureLevels,
  type Levels,
  type PictureLevels,
  type PixelFault,
} from './guards';
export { checkFileIntegrity, type FileIntegrity, type IntegrityFault } from './integrity';
export {
  PictureRefusal,
  defaultPictureLimits,
  pictureFormats,
  pictureRefusalReasons,
  type Picture,
  type PictureFormat,
  type PictureLimits,
  type PictureRefusalReason,
  type PictureSource,
  type PixelSize,
  type Raster,
  type Rgb,
} from './picture';
export { resolutionAchieved } from './resolution';
export {
  computed,
  computedOrInferenceFailed,
  notApplicable,
  notApplicableReasons,
  notComputed,
  notComputedReasons,
  type NotApplicableReason,
  type NotComputedReason,
  type Score,
} from './score';
export { makeThumbnail, type ThumbnailOptions } from './thumbnail';
